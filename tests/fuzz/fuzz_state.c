/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The file of fortress directory: whatever it holds, it is refused with a place or read; and what is read and written is read
 * as the same again. */
#include <assert.h>
#include <string.h>

#include "ctl/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the file does not say. */
static void
complete(struct state *s)
{
	for (int k = 0; k < STATE_KINDS; k++)
		for (size_t i = 0; i < s->lists[k].n; i++)
			for (unsigned f = 0; state_types[k].fields[f].name != NULL; f++) {
				struct state_item *item = &s->lists[k].p[i];
				const char *value = state_value((enum state_kind)k, item, NULL, f);

				if (item->values[f] == NULL)
					item->values[f] = strdup(value != NULL ? value : "");
			}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char before[32], after[32];
	struct state s = { 0 }, again = { 0 };
	struct ctl c = { 0 };
	struct buf text;

	buf_init(&text, 1 << 24);
	if (state_read(&c, "f", slice_of(data, size), &s) != 0) {
		assert(strncmp(c.e.text, "f:", 2) == 0);
	} else {
		complete(&s);
		state_hash(&s, before);
		assert(state_write(&s, &text) == 0);
		assert(state_read(&c, "f", buf_slice(&text), &again) == 0);
		state_hash(&again, after);
		assert(memcmp(before, after, sizeof(before)) == 0);
	}
	state_done(&s);
	state_done(&again);
	buf_done(&text);
	return 0;
}
