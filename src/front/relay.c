/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stdio.h>

#include "front/relay.h"

int
flow_settle(struct flow *f, struct record *r)
{
	char count[40];
	int e;

	if (f->uncounted == 0)
		return 0;
	(void)snprintf(count, sizeof(count), "%llu bytes %s", (unsigned long long)f->uncounted, f->kind == FRAME_IN ? "in" : "out");
	e = record_add(r, FRAME_GAP, slice_from(count));
	if (e == 0)
		f->uncounted = 0;
	return e;
}

/* The first bytes tell which protocol it was; of the rest the record says how many. */
static int
flow_count(struct flow *f, struct record *r)
{
	uint64_t before = f->bytes - f->len;
	size_t keep = before >= f->keep ? 0 : f->keep - (size_t)before;
	int e = 0;

	keep = keep < f->len ? keep : f->len;
	if (keep > 0)
		e = record_add(r, f->kind, slice_of(f->data, keep));
	f->uncounted += f->len - keep;
	return e == 0 && f->uncounted >= FLOW_COUNT ? flow_settle(f, r) : e;
}

static int
flow_record(struct flow *f, struct record *r)
{
	char count[24];

	if (f->counted)
		return flow_count(f, r);
	if (f->kind != 0)
		return record_add(r, f->kind, slice_of(f->data, f->len));
	(void)snprintf(count, sizeof(count), "%zu", f->len);
	return record_add(r, FRAME_SECRET, slice_from(count));
}

/* What the filter let through; it may hold answers of ours though nothing was read. */
static bool
take_filtered(struct flow *f)
{
	struct buf *out = f->sftp != NULL ? sftp_out(f->sftp, f->way) : NULL, empty = f->filtered;

	if (out == NULL || out->len == 0)
		return false;
	if (empty.max == 0)
		buf_init(&empty, out->max);
	buf_clear(&empty);
	f->filtered = *out;
	*out = empty;
	f->data = f->filtered.p;
	f->off = 0;
	f->len = f->filtered.len;
	return true;
}

/* What was read is recorded, and filtered if there is a filter. */
static void
take_read(struct flow *f, struct record *r)
{
	struct slice s = intake_take(&f->intake, FLOW_CHUNK);

	f->bytes += s.n;
	f->data = s.p;
	f->off = 0;
	f->len = s.n;
	if (flow_record(f, r) != 0)
		f->broken = "out of memory; the session ends";      /* record_is_full left room */
	if (f->zmodem != NULL)
		zmodem_feed(f->zmodem, f->way == SFTP_UP ? ZMODEM_PUT : ZMODEM_GET, s.p, s.n);
	if (f->watch != NULL)
		f->watch(f->watch_arg, s);
	if (f->sftp != NULL) {
		f->len = 0;
		if (sftp_feed(f->sftp, f->way, s.p, s.n) != 0)
			f->broken = "what was sent is not SFTP as the bastion knows it; the session ends";
		(void)take_filtered(f);
	}
	f->pos = r->pos;
}

bool
flow_read(struct flow *f, struct record *r)
{
	int n;

	if (f->len > 0 || f->broken != NULL || record_is_full(r))
		return false;
	if (take_filtered(f)) {
		f->pos = r->pos;
		return true;
	}
	if (f->eof || (f->sftp != NULL && f->way == SFTP_UP && sftp_is_full(f->sftp)))
		return false;
	n = intake_fill(&f->intake, f->from, f->from_stderr);
	if (n > 0)
		take_read(f, r);
	else if (n == INTAKE_FLOOD)
		f->broken = "a side sends more than its window allows; the session ends";
	else if (n == INTAKE_NO_MEMORY)
		f->broken = "out of memory; the session ends";
	f->eof = n < 0 || (n == 0 && f->from_wire->dead);
	return n != 0 || f->eof;
}

void
flow_inject(struct flow *f, struct record *r, struct slice bytes)
{
	if (f->injected.max == 0)
		buf_init(&f->injected, FLOW_CHUNK);
	buf_clear(&f->injected);
	if (buf_slice_append(&f->injected, bytes) != 0)
		return;
	f->data = f->injected.p;
	f->off = 0;
	f->len = f->injected.len;
	f->bytes += f->len;
	if (flow_record(f, r) != 0)
		f->broken = "out of memory; the session ends";
	f->pos = r->pos;
}

bool
flow_write(struct flow *f, const struct record *r)
{
	int n;

	if (f->len == 0 || f->broken != NULL)
		return false;
	if (ssh_channel_is_closed(f->to)) {
		f->len = 0;
		return true;
	}
	if (!record_may_deliver(r, f->pos) || !wire_is_writable(f->to_wire))
		return false;
	n = f->to_stderr ? ssh_channel_write_stderr(f->to, f->data + f->off, (uint32_t)f->len) :
	    ssh_channel_write(f->to, f->data + f->off, (uint32_t)f->len);
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
	return f->eof && f->len == 0 && (f->sftp == NULL || sftp_out(f->sftp, f->way)->len == 0);
}

void
flow_done(struct flow *f)
{
	intake_done(&f->intake);
	buf_done(&f->filtered);
	buf_done(&f->injected);
	*f = (struct flow){ 0 };
}
