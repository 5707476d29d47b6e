/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* See witness.h.  A signature line is "— NAME base64(key id | time, 8 bytes | Ed25519 signature)". */
#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "db/witness.h"

#define DASH      "\xe2\x80\x94 "
#define COSIGNED  4
#define PUBLIC    32
#define SIG       64
#define LINE_RAW  (4 + 8 + SIG)

struct witness {
	char name[NOTE_NAME_MAX];
	unsigned char id[4];
	EVP_PKEY *pkey;
};

/* SHA-256(name | newline | 4 | public key), its first four bytes, must be those in the text. */
static bool
id_make(struct witness *w, struct slice raw, struct slice text)
{
	unsigned char tail[2 + PUBLIC] = { '\n' }, h[HASH_BYTES];
	struct buf hex;
	bool same;

	memcpy(tail + 1, raw.p, 1 + PUBLIC);
	leaf_sha256(slice_from(w->name), slice_of(tail, sizeof(tail)), h);
	memcpy(w->id, h, sizeof(w->id));
	buf_init(&hex, 16);
	same = text_hex(&hex, slice_of(w->id, sizeof(w->id))) == 0 && slice_eq(buf_slice(&hex), text);
	buf_done(&hex);
	return same;
}

struct witness *
witness_parse(struct slice text, struct err *e)
{
	struct witness *w = calloc(1, sizeof(*w));
	struct slice name, id;
	struct buf raw;
	bool good;

	buf_init(&raw, 64);
	while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == ' '))
		text.n--;
	good = w != NULL && take_until(&text, '+', &name) && take_until(&text, '+', &id) && note_name_is_good(name) &&
	    slice_copy(name, w->name, sizeof(w->name)) == 0 && text_unbase64(&raw, text) == 0 && raw.len == 1 + PUBLIC && raw.p[0] == COSIGNED &&
	    id_make(w, buf_slice(&raw), id) && (w->pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw.p + 1, PUBLIC)) != NULL;
	buf_done(&raw);
	if (good)
		return w;
	(void)err_set(e, -EINVAL, "not a witness's key (NAME+HASH+BASE64, of kind 4)");
	witness_free(w);
	return NULL;
}

void
witness_free(struct witness *w)
{
	if (w == NULL)
		return;
	EVP_PKEY_free(w->pkey);
	free(w);
}

const char *
witness_name(const struct witness *w)
{
	return w->name;
}

/* The checkpoint's text: up to and with the newline before the blank line. */
static struct slice
note_text(struct slice note)
{
	const unsigned char *end = note.n > 0 ? memmem(note.p, note.n, "\n\n", 2) : NULL;

	return end != NULL ? slice_of(note.p, (size_t)(end - note.p) + 1) : slice_of(NULL, 0);
}

static bool
signature_holds(const struct witness *w, struct slice text, const unsigned char raw[LINE_RAW], int64_t *t_s)
{
	struct buf said;
	EVP_MD_CTX *c;
	uint64_t t = 0;
	bool good;

	for (int i = 0; i < 8; i++)
		t = t << 8 | raw[4 + i];
	buf_init(&said, NOTE_MAX + 64);
	good = buf_printf(&said, "cosignature/v1\ntime %" PRIu64 "\n", t) == 0 && buf_slice_append(&said, text) == 0;
	c = EVP_MD_CTX_new();
	good = good && c != NULL && EVP_DigestVerifyInit(c, NULL, NULL, NULL, w->pkey) == 1 && EVP_DigestVerify(c, raw + 12, SIG, said.p, said.len) == 1;
	EVP_MD_CTX_free(c);
	buf_done(&said);
	if (good)
		*t_s = (int64_t)t;
	return good;
}

static bool
line_holds(const struct witness *w, struct slice text, struct slice line, int64_t *t_s)
{
	size_t lead = sizeof(DASH) - 1, name = strlen(w->name);
	struct buf raw;
	bool good;

	if (line.n <= lead + name + 1 || memcmp(line.p, DASH, lead) != 0 || memcmp(line.p + lead, w->name, name) != 0 || line.p[lead + name] != ' ')
		return false;
	buf_init(&raw, LINE_RAW + 3);
	good = text_unbase64(&raw, slice_of(line.p + lead + name + 1, line.n - lead - name - 1)) == 0 && raw.len == LINE_RAW &&
	    memcmp(raw.p, w->id, sizeof(w->id)) == 0 && signature_holds(w, text, raw.p, t_s);
	buf_done(&raw);
	return good;
}

bool
witness_signed(const struct witness *w, struct slice note, struct slice lines, int64_t *t_s)
{
	struct slice text = note_text(note), line;
	bool good = false;

	while (text.n > 0 && !good && take_part(&lines, '\n', &line))
		good = line_holds(w, text, line, t_s);
	return good;
}
