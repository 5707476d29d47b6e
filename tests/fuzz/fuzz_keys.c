/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Any bytes as keys into the picker's model: cursor and window stay where they may be. */
#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "ui/keys.h"
#include "ui/layout.h"
#include "ui/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
add(struct list *l, const char *name, bool allowed)
{
	struct list_fields f = { .name = slice_from(name), .addr = slice_from("10.0.0.1"), .logins = slice_from("root"),
		.labels = slice_from("env=prod"), .allowed = allowed };

	(void)list_add(l, &f);
}

static void
press(struct list *l, int code)
{
	switch (keys_verb(code, 1)) {
	case VERB_TYPE:       list_type(l, (uint32_t)code); break;
	case VERB_ERASE:      list_erase(l); break;
	case VERB_ERASE_WORD: list_erase_word(l); break;
	case VERB_ERASE_ALL:  list_set_query(l, ""); break;
	case VERB_UP:         list_move(l, -1); break;
	case VERB_DOWN:       list_move(l, 1); break;
	case VERB_CONNECT:    list_move(l, 1000); break;
	case VERB_REDRAW:     add(l, "late", true); list_update(l); break;
	case VERB_LEAVE:      list_set_height(l, (size_t)l->cursor % 7); break;
	default:              break;
	}
	assert(l->found_n == 0 || (l->cursor < l->found_n && l->top <= l->cursor && l->cursor < l->top + l->height));
	assert(text_is_utf8(slice_from(l->query.text)));
}

/* What is marked lies within its text. */
static void
look(const struct list *l)
{
	int widths[LIST_COLUMNS];
	unsigned char hits[8];

	layout_columns(l, (int)(l->cursor % 90), widths);
	for (size_t i = 0; i < l->found_n; i++)
		for (enum list_column c = 0; c < LIST_COLUMNS; c++) {
			list_hits(l, l->found[i], c, hits, sizeof(hits));
			for (size_t k = strlen(list_text(l->found[i], c)); k < sizeof(hits); k++)
				assert(hits[k] == 0);
		}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const names[] = { "web1", "web2", "db-7", "支付-1", "a", "zz", "web1" };
	struct slice s = slice_of(data, n);
	struct list l;
	uint32_t rune;
	bool good;

	list_init(&l);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		add(&l, names[i], i % 2 == 0);
	list_refresh(&l);
	while (text_rune(&s, &rune, &good))
		press(&l, (int)rune);
	look(&l);
	list_done(&l);
	return 0;
}
