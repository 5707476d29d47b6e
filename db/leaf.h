/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What the Merkle tree's leaves are made of, in one place.  A leaf's data is a list of
 * fields, each as a netstring "LENGTH:BYTES,": first the name of its kind, then its
 * fields in the order of these structs, numbers in decimal, hashes and session ids as
 * text (lower-case hex, ULID).  Everything in it is in an export, so that anybody can
 * compute it again; fortress-record(5) has an example.
 *
 *     leaf hash      SHA-256(0x00 | data)                      (RFC 9162)
 *     frame chain    h[0] = SHA-256(data of the session's open leaf)
 *                    h[n] = SHA-256("ftrs-frame1" | h[n-1] | canonical frame n)
 */
#ifndef DB_LEAF_H
#define DB_LEAF_H

#include <stdint.h>

#include "base/buf.h"

#define HASH_BYTES 32

/* "event": one fact.  times in microseconds */
struct leaf_event {
	int64_t id, t_us, mono_us;
	const char *boot;
	uint32_t class_uid, activity, severity, ok;
	const char *actor, *session, *host, *src, *text, *detail;
};
/* "open": a recording began */
struct leaf_open {
	const char *session;
	uint64_t conn;
	const char *user, *login, *host, *addr, *src, *method, *channel, *command, *term;
	uint32_t cols, rows;
	const char *rule, *policy, *node, *boot;
	int64_t start_us, start_mono_us;
};
/* "segment": a run of its frames, bytes [pos0, pos1) of canonical form; prev, hash: the chain before and after */
struct leaf_segment {
	const char *session;
	uint32_t no;
	uint64_t pos0, pos1;
	uint32_t frames;
	uint64_t t0_ms, t1_ms;
	unsigned char prev[HASH_BYTES], hash[HASH_BYTES];
};
/* "close": its end.  state: "closed" or "lost" */
struct leaf_close {
	const char *session;
	int64_t end_us;
	const char *state, *reason, *exit;
	uint64_t bytes, frames;
	uint32_t segments;
	unsigned char chain[HASH_BYTES];
};

#define LEAF_MAX 400000           /* bytes of the largest leaf */

/* Append the leaf's data to out.  0 or buf_append's codes. */
int leaf_event(struct buf *out, const struct leaf_event *l);
int leaf_open(struct buf *out, const struct leaf_open *l);
int leaf_segment(struct buf *out, const struct leaf_segment *l);
int leaf_close(struct buf *out, const struct leaf_close *l);

/* One step of the chain over one frame in canonical form; h is before, then after. */
void leaf_chain(unsigned char h[HASH_BYTES], struct slice frame);
/* SHA-256 of two parts (either may be empty). */
void leaf_sha256(struct slice a, struct slice b, unsigned char out[HASH_BYTES]);

#endif
