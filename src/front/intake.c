/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stdlib.h>

#include "front/intake.h"
#include "front/overhear.h"

#define KEEP 65536                       /* what an idle channel may hold on to */

size_t
intake_left(const struct intake *in)
{
	return in->len - in->off;
}

static bool
intake_room(struct intake *in, size_t n)
{
	unsigned char *p;

	if (n <= in->cap)
		return true;
	p = realloc(in->p, n);
	if (p == NULL)
		return false;
	in->p = p;
	in->cap = n;
	return true;
}

int
intake_fill(struct intake *in, ssh_channel from, bool from_stderr)
{
	int n;

	if (intake_left(in) > 0)
		return (int)intake_left(in);
	overhear_whose(ssh_channel_get_session(from));
	n = ssh_channel_poll(from, from_stderr);
	overhear_whose(NULL);
	if (n == SSH_EOF || n == SSH_ERROR)
		return INTAKE_OVER;
	if (n == 0 && in->cap > KEEP)
		intake_done(in);
	if (n == 0)
		/* A closed channel without unread bytes has nothing more to say, EOF or not. */
		return ssh_channel_is_closed(from) ? INTAKE_OVER : 0;
	if ((unsigned)n > INTAKE_MAX)
		return INTAKE_FLOOD;
	if (!intake_room(in, (size_t)n))
		return INTAKE_NO_MEMORY;
	in->off = in->len = 0;
	/* It may have become more meanwhile, and a read may be short: what is left behind comes with the next fill. */
	n = ssh_channel_read_nonblocking(from, in->p, (uint32_t)n, from_stderr);
	if (n < 0)
		return n == SSH_AGAIN ? 0 : INTAKE_OVER;
	in->len = (size_t)n;
	return n;
}

int
intake_more(struct intake *in, ssh_channel from, size_t max)
{
	size_t left = intake_left(in);
	int n = left < max ? ssh_channel_poll(from, 0) : 0;

	if (n == SSH_EOF || n == SSH_ERROR)
		return INTAKE_OVER;
	if (n == 0)
		return 0;
	if ((unsigned)n > INTAKE_MAX)
		return INTAKE_FLOOD;
	if (!intake_room(in, in->len + (size_t)n))
		return INTAKE_NO_MEMORY;
	n = ssh_channel_read_nonblocking(from, in->p + in->len, (uint32_t)n, 0);
	if (n < 0)
		return n == SSH_AGAIN ? 0 : INTAKE_OVER;
	in->len += (size_t)n;
	return n;
}

struct slice
intake_take(struct intake *in, size_t n)
{
	struct slice s = slice_of(in->p + in->off, n < intake_left(in) ? n : intake_left(in));

	in->off += s.n;
	return s;
}

void
intake_done(struct intake *in)
{
	free(in->p);
	*in = (struct intake){ 0 };
}
