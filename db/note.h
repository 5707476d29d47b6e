/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Checkpoints: C2SP tlog-checkpoint in a C2SP signed note, Ed25519.
 *
 *     ORIGIN\nSIZE\nbase64(root)\n\n— NAME base64(key id | signature)\n
 *
 * A key is text: "PRIVATE+KEY+NAME+HHHHHHHH+base64(1 | seed)" for the signer and
 * "NAME+HHHHHHHH+base64(1 | public key)" for everybody else.  ORIGIN is the key's NAME.
 */
#ifndef DB_NOTE_H
#define DB_NOTE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "db/leaf.h"

#define NOTE_NAME_MAX 128
#define NOTE_MAX      4096
#define NOTE_KEY_MAX  512

struct note_key;                                  /* a signer, or a verifier alone */

struct note {
	char origin[NOTE_NAME_MAX];
	uint64_t size;
	unsigned char root[HASH_BYTES];
};

bool note_name_is_good(struct slice name);        /* no space, no "+", UTF-8, not empty */
/* A new signer; its text form is appended to secret_text (wipe it after writing it). */
struct note_key *note_key_new(const char *name, struct buf *secret_text, struct err *e);
struct note_key *note_key_parse(struct slice text, struct err *e);     /* either form; NULL and e */
void note_key_free(struct note_key *k);
const char *note_key_name(const struct note_key *k);
bool note_key_signs(const struct note_key *k);
int note_key_public(const struct note_key *k, struct buf *out);        /* the verifier form, no newline */

/* Appends the signed note. */
int note_sign(const struct note_key *k, uint64_t size, const unsigned char root[HASH_BYTES], struct buf *out);
/* Reads a checkpoint and checks k's signature (k NULL: reads only).  0; -EBADMSG malformed;
 * -EKEYREJECTED no good signature by k. */
int note_open(const struct note_key *k, struct slice text, struct note *ret, struct err *e);

/* A signature over any text that is no checkpoint (an export's manifest): the same signature line, over a NUL, "seal",
 * a newline and the text, which no note can be. */
int note_seal(const struct note_key *k, struct slice text, struct buf *line);
bool note_seal_holds(const struct note_key *k, struct slice text, struct slice line);

#endif
