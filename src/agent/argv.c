/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <string.h>

#include "agent/argv.h"
#include "base/be.h"

#define HEAD 4

void
argv_init(struct argv *w)
{
	memset(w, 0, sizeof *w);
	buf_init(&w->bytes, HEAD + ARGV_BYTES + 1);
}

void
argv_done(struct argv *w)
{
	buf_done(&w->bytes);
}

/* How many bytes are lacking still; -EBADMSG: it is too long. */
static int
lacking(const struct argv *w)
{
	uint32_t n;

	if (w->bytes.len < HEAD)
		return (int)(HEAD - w->bytes.len);
	n = be_u32(w->bytes.p);
	return n > ARGV_BYTES ? -EBADMSG : (int)(HEAD + n - w->bytes.len);
}

/* A word's NUL is the first byte of the length that follows, which has been read by then. */
int
argv_parse(struct argv *w)
{
	unsigned char *p, *end;
	size_t n = 0;
	uint32_t len;

	if (buf_u8(&w->bytes, 0) != 0)
		return -EBADMSG;
	p = w->bytes.p + HEAD;
	end = w->bytes.p + w->bytes.len - 1;
	while (p < end) {
		if ((size_t)(end - p) < HEAD || n == ARGV_MAX)
			return -EBADMSG;
		len = be_u32(p);
		*p = '\0';
		p += HEAD;
		if (len > (size_t)(end - p) || memchr(p, '\0', len) != NULL)
			return -EBADMSG;
		w->argv[n++] = (char *)p;
		p += len;
	}
	*end = '\0';
	w->argv[n] = NULL;
	return n > 0 && w->argv[0][0] == '/' ? 1 : -EBADMSG;
}

int
argv_take(struct argv *w, ssh_channel ch)
{
	int want, n;

	while ((want = lacking(w)) > 0) {
		unsigned char *to = buf_reserve(&w->bytes, (size_t)want);

		n = to == NULL ? SSH_ERROR : ssh_channel_read_nonblocking(ch, to, (uint32_t)want, 0);
		if (n <= 0)
			return n == 0 || n == SSH_AGAIN ? 0 : -EBADMSG;
		buf_added(&w->bytes, (size_t)n);
	}
	return want < 0 ? want : argv_parse(w);
}
