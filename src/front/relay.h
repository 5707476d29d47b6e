/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A flow: bytes one way between two SSH channels, through the recording.  What was read
 * but could not be written yet is kept here: libssh's writes go short while keys are
 * exchanged, and what it does not take would be lost.
 */
#ifndef FRONT_RELAY_H
#define FRONT_RELAY_H

#include <stdbool.h>
#include <libssh/libssh.h>

#include "front/intake.h"
#include "front/record.h"
#include "front/sftp.h"
#include "front/wire.h"
#include "front/zmodem.h"

#define FLOW_CHUNK (4 * 32758)        /* four packets of the usual 32 kB, less what libssh keeps of each for its head */
#define FLOW_HEAD  64                   /* bytes that are kept of a flow that is only counted */
#define FLOW_COUNT (1u << 20)           /* how many are counted before the record is told */

struct flow {
	ssh_channel from, to;
	struct wire *from_wire, *to_wire;
	bool from_stderr, to_stderr;
	unsigned char kind;             /* of its frames; 0: recorded as a count only (FRAME_SECRET) */
	bool counted;                   /* its bytes are not kept but for the first `keep` */
	size_t keep;
	uint64_t uncounted;             /* bytes that the record has not been told of */
	struct intake intake;
	const unsigned char *data;      /* what is to be delivered: in intake, or filtered */
	void (*watch)(void *arg, struct slice bytes);   /* sees them, or NULL */
	void *watch_arg;
	struct sftp *sftp;              /* understands the bytes on their way, or NULL; not the flow's */
	struct zmodem *zmodem;          /* sees them too, or NULL; not the flow's */
	enum sftp_way way;
	struct buf filtered;            /* what it let through */
	struct buf injected;            /* what others put in */
	size_t off, len;
	uint64_t pos, bytes;            /* pos: where the record of data ends */
	bool eof, eof_sent;
	const char *broken;             /* why it cannot go on, or NULL */
};

/* Takes in what there is, into the recording and rest; true if something moved. */
bool flow_read(struct flow *f, struct record *r);
/* Puts bytes in as if they had been read, and records them so; copied.  Only while nothing is to be delivered. */
void flow_inject(struct flow *f, struct record *r, struct slice bytes);
/* Delivers what the recording allows; true if something moved. */
bool flow_write(struct flow *f, const struct record *r);
/* The count of what was not kept, at the end.  0 or record_add's codes. */
int flow_settle(struct flow *f, struct record *r);
bool flow_is_done(const struct flow *f);        /* at its end, and all delivered */
void flow_done(struct flow *f);

#endif
