/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stdio.h>
#include <stdlib.h>

#include "front/relay.h"

/* The first bytes tell which protocol it was; of the rest the record says how many. */
static int
flow_count(const struct flow *f, struct record *r)
{
	uint64_t before = f->bytes - f->len;
	size_t keep = before >= FLOW_HEAD ? 0 : FLOW_HEAD - (size_t)before;
	char count[40];
	int e = 0;

	keep = keep < f->len ? keep : f->len;
	if (keep > 0)
		e = record_add(r, f->kind, slice_of(f->rest, keep));
	if (e != 0 || keep == f->len)
		return e;
	(void)snprintf(count, sizeof(count), "%zu %s", f->len - keep, f->kind == FRAME_IN ? "in" : "out");
	return record_add(r, FRAME_GAP, slice_from(count));
}

static int
flow_record(struct flow *f, struct record *r)
{
	char count[24];

	if (f->counted)
		return flow_count(f, r);
	if (f->kind != 0)
		return record_add(r, f->kind, slice_of(f->rest, f->len));
	(void)snprintf(count, sizeof(count), "%zu", f->len);
	return record_add(r, FRAME_SECRET, slice_from(count));
}

bool
flow_read(struct flow *f, struct record *r)
{
	int n;

	if (f->eof || f->len > 0 || record_is_full(r))
		return false;
	if (f->rest == NULL && (f->rest = malloc(FLOW_CHUNK)) == NULL) {
		f->broken = f->eof = true;
		return true;
	}
	n = ssh_channel_read_nonblocking(f->from, f->rest, FLOW_CHUNK, f->from_stderr);
	if (n == 0 || n == SSH_AGAIN) {
		/* A closed channel without unread bytes has nothing more to say, EOF or not. */
		f->eof = ssh_channel_is_closed(f->from) || ssh_channel_is_eof(f->from);
		return f->eof;
	}
	if (n < 0) {
		f->eof = true;
		return true;
	}
	f->off = 0;
	f->len = (size_t)n;
	f->bytes += (size_t)n;
	if (flow_record(f, r) != 0)
		f->broken = true;                /* record_is_full left room: only memory can be the reason */
	f->pos = r->pos;
	return true;
}

bool
flow_write(struct flow *f, const struct record *r)
{
	int n;

	if (f->len == 0 || f->broken)
		return false;
	if (ssh_channel_is_closed(f->to)) {
		f->len = 0;
		return true;
	}
	if (!record_may_deliver(r, f->pos) || !wire_is_writable(f->to_wire))
		return false;
	n = f->to_stderr ? ssh_channel_write_stderr(f->to, f->rest + f->off, (uint32_t)f->len) :
	    ssh_channel_write(f->to, f->rest + f->off, (uint32_t)f->len);
	if (n < 0) {
		f->len = 0;
		f->eof = true;
		return true;
	}
	f->off += (size_t)n;
	f->len -= (size_t)n;
	return n > 0;
}

bool
flow_is_done(const struct flow *f)
{
	return f->eof && f->len == 0;
}

void
flow_done(struct flow *f)
{
	free(f->rest);
	*f = (struct flow){ 0 };
}
