/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Checkpoints: signed, read back, refused when a letter differs; keys in C2SP's text form. */
#include <errno.h>
#include <string.h>

#include "db/note.h"
#include "tests/tap.h"

static void
test_known_key(void)
{
	/* The example key of Go's golang.org/x/mod/sumdb/note. */
	static const char text[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
	struct note_key *k = note_key_parse(slice_from(text), NULL);
	struct buf b;

	buf_init(&b, NOTE_KEY_MAX);
	ok(k != NULL && !note_key_signs(k), "a verifier key made elsewhere is read");
	ok(k != NULL && note_key_public(k, &b) == 0 && slice_is(buf_slice(&b), text), "and printed as it was");
	note_key_free(k);
	buf_done(&b);
}

static void
test_sign(void)
{
	unsigned char root[HASH_BYTES] = { 1, 2, 3 };
	struct buf secret, public, text;
	struct note_key *k, *pub, *other;
	struct err e = { 0 };
	struct note n;

	buf_init(&secret, NOTE_KEY_MAX);
	buf_init(&public, NOTE_KEY_MAX);
	buf_init(&text, NOTE_MAX);
	k = note_key_new("bastion.example", &secret, &e);
	ok(k != NULL && note_key_public(k, &public) == 0, "a new key %s", e.text);
	pub = note_key_parse(buf_slice(&public), &e);
	other = note_key_parse(buf_slice(&secret), &e);
	ok(pub != NULL && other != NULL && note_key_signs(other), "both forms read back %s", e.text);
	ok(note_sign(other, 42, root, &text) == 0, "another one signs");
	ok(note_open(pub, buf_slice(&text), &n, &e) == 0, "its signature holds %s", e.text);
	ok(n.size == 42 && memcmp(n.root, root, HASH_BYTES) == 0 && strcmp(n.origin, "bastion.example") == 0,
	    "size, root, origin");
	memmove(strstr((char *)text.p, "42"), "43", 2);
	ok(note_open(pub, buf_slice(&text), &n, &e) == -EKEYREJECTED, "another size: refused");
	ok(note_open(NULL, buf_slice(&text), &n, &e) == 0 && n.size == 43, "reads without a key");
	ok(note_open(NULL, slice_from("x"), &n, &e) == -EBADMSG, "not a note");
	public.p[public.len - 3] ^= 1;
	ok(note_key_parse(buf_slice(&public), &e) == NULL, "a damaged key is refused");
	note_key_free(k);
	note_key_free(pub);
	note_key_free(other);
	buf_done(&secret);
	buf_done(&public);
	buf_done(&text);
}

int
main(void)
{
	test_known_key();
	test_sign();
	return tap_done();
}
