/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * SFTP version 3 on its way (draft-ietf-secsh-filexfer-02, and OpenSSH's PROTOCOL for the
 * extensions): both streams go through, are understood, and what policy does not permit is
 * answered here with SSH_FX_PERMISSION_DENIED and never reaches the target.  Each operation
 * becomes a row.  Pure: bytes in, bytes and rows out; memory is bounded by the limits in sftp.c.
 */
#ifndef FRONT_SFTP_H
#define FRONT_SFTP_H

#include <stdbool.h>

#include "base/buf.h"

enum sftp_way { SFTP_UP, SFTP_DOWN };            /* the client's requests, the target's answers */

struct sftp_row {
	const char *op;                          /* get put list remove rename mkdir rmdir link symlink setstat copy */
	struct slice path, other;                /* as the client gave them; other: the new name, the link's target */
	struct slice set;                        /* of setstat: "mode=0600 uid=0 gid=0 size=0 times" */
	uint64_t bytes, moved;                   /* of content: each byte of the file once, and as often as it went by */
	const unsigned char *sha256;             /* 32 bytes, or NULL: it did not go by in order from its start, or was written twice */
	const char *coverage;                    /* whole, part (one piece), scattered (several, or changed besides) */
	uint32_t status;                         /* SSH_FX_*: 0 is good; SFTP_NO_ANSWER */
	bool refused;                            /* by us */
};

#define SFTP_NO_ANSWER 0xffffffffu

typedef void sftp_row_fn(void *arg, const struct sftp_row *row);

struct sftp;

/* NULL: out of memory. */
struct sftp *sftp_new(bool may_get, bool may_put, sftp_row_fn *fn, void *arg);
/* The question for one path, where the policy looks at them: verb is "get" or "put", path as the target has it.  The answer
 * comes by sftp_decided, never before this returns. */
typedef void sftp_ask_fn(void *arg, const char *verb, struct slice path);
void sftp_ask_paths(struct sftp *s, bool get, bool put, sftp_ask_fn *ask);
/* words: why not.  0 or as sftp_feed. */
int sftp_decided(struct sftp *s, bool permit, const char *words);

/* From now on, for files that are open already too. */
void sftp_permit(struct sftp *s, bool may_get, bool may_put);
/* Both streams are over: what is unanswered or still open becomes rows, as SFTP_NO_ANSWER, one thing at each call.
 * False: nothing is left. */
bool sftp_end(struct sftp *s);
void sftp_free(struct sftp *s);                  /* without a row */
/* Takes what came.  While sftp_is_full, the client's way is not to be fed more.  0; -EPROTO: not SFTP, or beyond a limit; -ENOMEM.  Then nothing more may be delivered. */
int sftp_feed(struct sftp *s, enum sftp_way way, const unsigned char *p, size_t n);
bool sftp_is_full(const struct sftp *s);         /* too many requests are unanswered, or one waits for its decision */
/* What may be delivered that way; the caller empties it. */
struct buf *sftp_out(struct sftp *s, enum sftp_way way);
/* Words for a status; "?" if there are none. */
const char *sftp_status_name(uint32_t status);

#endif
