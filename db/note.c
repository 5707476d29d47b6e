/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* C2SP signed notes with one Ed25519 signature; lines of other signers are passed over. */
#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "db/note.h"

#define SEED     32
#define SIG      64
#define DASH     "\xe2\x80\x94 "             /* em dash and space lead a signature line */
#define PRIVATE  "PRIVATE+KEY+"
#define ED25519  1

struct note_key {
	char name[NOTE_NAME_MAX];
	unsigned char id[4], public[SEED];
	EVP_PKEY *pkey;
	bool signs;
};

bool
note_name_is_good(struct slice name)
{
	if (name.n == 0 || name.n >= NOTE_NAME_MAX || !text_is_utf8(name))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] == '+' || name.p[i] == 0x7f)
			return false;
	return true;
}

/* Key id: SHA-256(name | 0x0a | 0x01 | public key), its first four bytes. */
static void
key_id(struct note_key *k)
{
	unsigned char tail[2 + SEED] = { '\n', ED25519 }, h[HASH_BYTES];

	memcpy(tail + 2, k->public, SEED);
	leaf_sha256(slice_from(k->name), slice_of(tail, sizeof(tail)), h);
	memcpy(k->id, h, sizeof(k->id));
}

static struct note_key *
key_make(struct slice name, const unsigned char bytes[SEED], bool signs, struct err *e)
{
	struct note_key *k = calloc(1, sizeof(*k));
	size_t n = SEED;

	if (k == NULL || slice_copy(name, k->name, sizeof(k->name)) != 0) {
		free(k);
		err_set(e, -ENOMEM, "out of memory for a checkpoint key");
		return NULL;
	}
	k->signs = signs;
	k->pkey = signs ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes, SEED) :
	    EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, SEED);
	if (k->pkey == NULL || EVP_PKEY_get_raw_public_key(k->pkey, k->public, &n) != 1 || n != SEED) {
		note_key_free(k);
		err_set(e, -EINVAL, "not an Ed25519 key");
		return NULL;
	}
	key_id(k);
	return k;
}

void
note_key_free(struct note_key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey);
	free(k);
}

static int
key_print(const struct note_key *k, const char *prefix, const unsigned char bytes[SEED], struct buf *out)
{
	unsigned char typed[1 + SEED] = { ED25519 };
	int r;

	memcpy(typed + 1, bytes, SEED);
	r = buf_printf(out, "%s%s+%02x%02x%02x%02x+", prefix, k->name, k->id[0], k->id[1], k->id[2], k->id[3]);
	if (r == 0)
		r = text_base64(out, slice_of(typed, sizeof(typed)));
	secret_wipe(typed, sizeof(typed));
	return r;
}

struct note_key *
note_key_new(const char *name, struct buf *secret_text, struct err *e)
{
	unsigned char seed[SEED];
	struct note_key *k = NULL;
	int r;

	if (!note_name_is_good(slice_from(name))) {
		err_set(e, -EINVAL, "%s: not a name for a checkpoint key", name);
		return NULL;
	}
	r = secret_random(seed, sizeof(seed));
	if (r == 0)
		k = key_make(slice_from(name), seed, true, e);
	if (k != NULL && key_print(k, PRIVATE, seed, secret_text) != 0) {
		note_key_free(k);
		k = NULL;
		err_set(e, -ENOMEM, "out of memory for a checkpoint key");
	}
	secret_wipe(seed, sizeof(seed));
	return k;
}

struct note_key *
note_key_parse(struct slice text, struct err *e)
{
	size_t prefix = sizeof(PRIVATE) - 1;
	struct slice name, id;
	struct note_key *k = NULL;
	struct buf raw, want;
	bool signs;

	buf_init(&raw, 64);
	buf_init(&want, 16);
	while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == ' '))
		text.n--;
	signs = text.n > prefix && memcmp(text.p, PRIVATE, prefix) == 0;
	if (signs)
		text = slice_of(text.p + prefix, text.n - prefix);
	if (!take_until(&text, '+', &name) || !take_until(&text, '+', &id) || !note_name_is_good(name) ||
	    text_unbase64(&raw, text) != 0 || raw.len != 1 + SEED || raw.p[0] != ED25519) {
		err_set(e, -EINVAL, "not a checkpoint key (NAME+HASH+BASE64)");
		goto out;
	}
	k = key_make(name, raw.p + 1, signs, e);
	if (k != NULL && (text_hex(&want, slice_of(k->id, sizeof(k->id))) != 0 || !slice_eq(buf_slice(&want), id))) {
		err_set(e, -EINVAL, "the checkpoint key's text is damaged: its hash does not fit");
		note_key_free(k);
		k = NULL;
	}
out:
	if (raw.p != NULL)
		secret_wipe(raw.p, raw.cap);
	buf_done(&raw);
	buf_done(&want);
	return k;
}

const char *
note_key_name(const struct note_key *k)
{
	return k->name;
}

bool
note_key_signs(const struct note_key *k)
{
	return k->signs;
}

int
note_key_public(const struct note_key *k, struct buf *out)
{
	return key_print(k, "", k->public, out);
}

static int
sign_bytes(const struct note_key *k, struct slice text, unsigned char sig[SIG])
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	size_t n = SIG;
	int good;

	good = c != NULL && EVP_DigestSignInit(c, NULL, NULL, NULL, k->pkey) == 1 &&
	    EVP_DigestSign(c, sig, &n, text.p, text.n) == 1 && n == SIG;
	EVP_MD_CTX_free(c);
	return good ? 0 : -EIO;
}

static int
signature_put(const struct note_key *k, struct slice text, struct buf *out)
{
	unsigned char line[4 + SIG];
	int r;

	memcpy(line, k->id, 4);
	r = sign_bytes(k, text, line + 4);
	if (r == 0)
		r = buf_printf(out, DASH "%s ", k->name);
	if (r == 0)
		r = text_base64(out, slice_of(line, sizeof(line)));
	return r == 0 ? buf_text(out, "\n") : r;
}

int
note_sign(const struct note_key *k, uint64_t size, const unsigned char root[HASH_BYTES], struct buf *out)
{
	size_t start = out->len;
	int r;

	r = buf_printf(out, "%s\n%" PRIu64 "\n", k->name, size);
	if (r == 0)
		r = text_base64(out, slice_of(root, HASH_BYTES));
	if (r == 0)
		r = buf_text(out, "\n");
	if (r == 0) {
		size_t body = out->len;

		r = buf_text(out, "\n");
		if (r == 0)
			r = signature_put(k, slice_of(out->p + start, body - start), out);
	}
	if (r != 0)
		out->len = start;
	return r;
}

static bool
body_parse(struct slice *s, struct note *n)
{
	struct slice origin, size, root, blank;
	struct buf raw;
	bool good;

	buf_init(&raw, HASH_BYTES);
	good = take_until(s, '\n', &origin) && take_until(s, '\n', &size) && take_until(s, '\n', &root) && take_until(s, '\n', &blank) &&
	    blank.n == 0 && note_name_is_good(origin) && text_u64(size, INT64_MAX, &n->size) &&
	    slice_copy(origin, n->origin, sizeof(n->origin)) == 0 &&
	    text_unbase64(&raw, root) == 0 && raw.len == HASH_BYTES;
	if (good)
		memcpy(n->root, raw.p, HASH_BYTES);
	buf_done(&raw);
	return good;
}

static bool
signature_holds(const struct note_key *k, struct slice text, struct slice line)
{
	size_t name = strlen(k->name), lead = sizeof(DASH) - 1;
	EVP_MD_CTX *c = NULL;
	bool good = false;
	struct buf raw;

	if (line.n <= lead + name + 1 || memcmp(line.p, DASH, lead) != 0 ||
	    memcmp(line.p + lead, k->name, name) != 0 || line.p[lead + name] != ' ')
		return false;
	buf_init(&raw, 4 + SIG);
	line = slice_of(line.p + lead + name + 1, line.n - lead - name - 1);
	if (text_unbase64(&raw, line) == 0 && raw.len == 4 + SIG && memcmp(raw.p, k->id, 4) == 0) {
		c = EVP_MD_CTX_new();
		good = c != NULL && EVP_DigestVerifyInit(c, NULL, NULL, NULL, k->pkey) == 1 &&
		    EVP_DigestVerify(c, raw.p + 4, SIG, text.p, text.n) == 1;
		EVP_MD_CTX_free(c);
	}
	buf_done(&raw);
	return good;
}

int
note_open(const struct note_key *k, struct slice text, struct note *ret, struct err *e)
{
	struct slice rest = text, line;
	struct note n = { 0 };
	size_t body;

	if (text.n > NOTE_MAX || !body_parse(&rest, &n))
		return err_set(e, -EBADMSG, "not a checkpoint");
	body = text.n - rest.n - 1;               /* without the blank line */
	if (k != NULL) {
		if (strcmp(n.origin, k->name) != 0)
			return err_set(e, -EKEYREJECTED, "the checkpoint is of %s, the key of %s", n.origin, k->name);
		while (take_until(&rest, '\n', &line))
			if (signature_holds(k, slice_of(text.p, body), line))
				goto good;
		return err_set(e, -EKEYREJECTED, "the checkpoint of size %" PRIu64 " has no good signature by %s",
		    n.size, k->name);
	}
good:
	*ret = n;
	return 0;
}

#define SEAL_MAX ((size_t)1 << 30)

static int
seal_text(struct buf *b, struct slice text)
{
	int r;

	buf_init(b, SEAL_MAX);
	r = buf_append(b, "\0seal\n", 6);
	return r != 0 ? r : buf_slice_append(b, text);
}

int
note_seal(const struct note_key *k, struct slice text, struct buf *line)
{
	struct buf b;
	int r = seal_text(&b, text);

	if (r == 0)
		r = k->signs ? signature_put(k, buf_slice(&b), line) : -EINVAL;
	buf_done(&b);
	return r;
}

bool
note_seal_holds(const struct note_key *k, struct slice text, struct slice line)
{
	struct buf b;
	bool good = seal_text(&b, text) == 0;

	if (line.n > 0 && line.p[line.n - 1] == '\n')
		line.n--;
	good = good && signature_holds(k, buf_slice(&b), line);
	buf_done(&b);
	return good;
}
