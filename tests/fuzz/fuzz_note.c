/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What comes from outside to be compared with: a checkpoint, keys of bastions and of witnesses, a witness's signatures.  A text is one
 * of them or none, and a key that is written is read again as the same.  The first byte says for what the rest is taken.
 */
#include <assert.h>
#include <string.h>

#include "db/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char a_witness[] = "w+dc5d9fd8+BKk3r9DHE+Y4X/RJ2TvBGe2eir6k0wZj3amp44JGWpBN";

static void
checkpoint(struct slice text)
{
	struct err e = { 0 };
	struct note n;

	if (note_open(NULL, text, &n, &e) == 0)
		assert(note_name_is_good(slice_from(n.origin)) && n.size <= INT64_MAX);
	else
		assert(e.text[0] != '\0');
}

static void
key(struct slice text)
{
	struct err e = { 0 };
	struct note_key *k = note_key_parse(text, &e), *again;
	struct buf out;

	if (k == NULL) {
		assert(e.text[0] != '\0');
		return;
	}
	buf_init(&out, NOTE_KEY_MAX);
	assert(note_key_public(k, &out) == 0);
	again = note_key_parse(buf_slice(&out), &e);
	assert(again != NULL && strcmp(note_key_name(k), note_key_name(again)) == 0 && !note_key_signs(again));
	buf_done(&out);
	note_key_free(k);
	note_key_free(again);
}

static void
witness(struct slice text)
{
	struct err e = { 0 };
	struct witness *w = witness_parse(text, &e);

	assert((w == NULL) == (e.text[0] != '\0') && (w == NULL || note_name_is_good(slice_from(witness_name(w)))));
	witness_free(w);
}

static void
signatures(struct slice text)
{
	struct err e = { 0 };
	struct witness *w = witness_parse(slice_from(a_witness), &e);
	int64_t t_s;

	assert(w != NULL && !witness_signed(w, text, text, &t_s));       /* nobody has its secret */
	witness_free(w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static void (*const takers[])(struct slice) = { checkpoint, key, witness, signatures };

	if (n > 0)
		takers[data[0] % 4](slice_of(data + 1, n - 1));
	return 0;
}
