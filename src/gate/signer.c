/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * One request at a time: u32 length, u8 type, contents.  A request or an answer has a stated maximum;
 * a peer that does not read its answers is not read from.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/be.h"
#include "base/fd.h"
#include "gate/signer.h"

enum { REQUEST_IDENTITIES = 11, IDENTITIES = 12, SIGN_REQUEST = 13, SIGN_RESPONSE = 14, FAILURE = 5 };
enum { REQUEST_MAX = 32768, CERT_MAX = 2048, CERT_LIFE_S = 300 };

struct signer {
	struct loop *loop;
	const struct keys *keys;
	char login[256];
	struct buf cert, in, out;
	int fd;
	struct loop_timer life;
	signer_refused_fn *refused;
	void *arg;
};

static void
signer_stop(struct signer *s)
{
	if (s->fd >= 0)
		loop_del(s->loop, s->fd);
	fd_close(&s->fd);
	loop_timer_stop(&s->life);
}

static void
signer_expired(void *arg)
{
	signer_stop(arg);
}

static int
put_identity(struct buf *b, struct slice blob, const char *comment)
{
	int r = be_put_string(b, blob);

	return r != 0 ? r : be_put_text(b, comment);
}

/* The plain key first: a target that lists it answers at the first try, and one that trusts the CA at the second. */
static int
answer_identities(struct signer *s, struct slice rest, struct buf *b)
{
	int r;

	(void)rest;
	if ((r = buf_u8(b, IDENTITIES)) != 0 || (r = be_put_u32(b, 2)) != 0 ||
	    (r = put_identity(b, keys_target_blob(s->keys), "fortress")) != 0)
		return r;
	return put_identity(b, buf_slice(&s->cert), "fortress certificate");
}

static int
answer_sign(struct signer *s, struct slice rest, struct buf *b)
{
	struct err e = { 0 };
	struct slice blob, data;
	struct buf signature;
	uint32_t flags;
	int r;

	if (!be_take_string(&rest, &blob) || !be_take_string(&rest, &data) || !be_take_u32(&rest, &flags))
		return -EBADMSG;
	if (!slice_eq(blob, keys_target_blob(s->keys)) && !slice_eq(blob, buf_slice(&s->cert)))
		r = err_set(&e, -EPERM, "a key that is not ours");
	else
		r = keys_check_request(data, s->login, blob, &e);
	if (r != 0) {
		s->refused(s->arg, e.text);
		return r;
	}
	buf_init(&signature, 512);
	r = keys_sign(s->keys, data, &signature);
	if (r == 0)
		r = buf_u8(b, SIGN_RESPONSE);
	if (r == 0)
		r = be_put_string(b, buf_slice(&signature));
	buf_done(&signature);
	return r;
}

static int
signer_answer(struct signer *s, struct slice request)
{
	struct buf body;
	uint8_t type = 0;
	int r = -EBADMSG;

	buf_init(&body, REQUEST_MAX);
	if (take_u8(&request, &type) && type == REQUEST_IDENTITIES)
		r = answer_identities(s, request, &body);
	else if (type == SIGN_REQUEST)
		r = answer_sign(s, request, &body);
	if (r != 0) {
		buf_clear(&body);
		r = buf_u8(&body, FAILURE);
	}
	if (r == 0)
		r = be_put_string(&s->out, buf_slice(&body));
	buf_done(&body);
	return r;
}

/* Every whole request that is there.  0, or negative: hang up. */
static int
signer_take(struct signer *s)
{
	struct slice rest = buf_slice(&s->in), request;
	int r = 0;

	while (r == 0 && s->out.len < REQUEST_MAX && be_take_string(&rest, &request))
		r = signer_answer(s, request);
	buf_consume(&s->in, s->in.len - rest.n);
	return r;
}

static int
signer_read(struct signer *s)
{
	unsigned char *p = buf_reserve(&s->in, 4096);
	ssize_t n;

	if (p == NULL)
		return -EMSGSIZE;
	n = recv(s->fd, p, 4096, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -EPIPE;
	buf_added(&s->in, (size_t)n);
	return signer_take(s);
}

static int
signer_write(struct signer *s)
{
	ssize_t n;

	if (s->out.len == 0)
		return 0;
	n = send(s->fd, s->out.p, s->out.len, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	buf_consume(&s->out, (size_t)n);
	return 0;
}

static void
signer_ready(void *arg, int fd, uint32_t events)
{
	struct signer *s = arg;
	int r = 0;

	if (s->out.len == 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
		r = signer_read(s);
	if (r == 0)
		r = signer_write(s);
	if (r == 0 && s->out.len == 0 && s->in.len > 0)     /* requests that had to wait for room */
		r = signer_take(s);
	if (r != 0)
		signer_stop(s);
	else
		(void)loop_mod(s->loop, fd, s->out.len > 0 ? EPOLLOUT : EPOLLIN);
}

struct signer *
signer_new(struct loop *loop, const struct keys *keys, const char *login, const char *key_id, uint64_t serial,
    signer_refused_fn *refused, void *arg, int *ret_fd, struct err *e)
{
	struct signer *s = calloc(1, sizeof(*s));
	int pair[2] = { -1, -1 }, r;

	if (s == NULL) {
		(void)err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	*s = (struct signer){ .loop = loop, .keys = keys, .fd = -1, .refused = refused, .arg = arg };
	snprintf(s->login, sizeof(s->login), "%s", login);
	buf_init(&s->cert, CERT_MAX);
	buf_init(&s->in, REQUEST_MAX + 8192);
	buf_init(&s->out, REQUEST_MAX * 2);
	r = keys_certify(keys, login, key_id, serial, clock_wall(), CERT_LIFE_S, &s->cert);
	if (r == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
		r = -errno;
	if (r == 0)
		r = loop_add(loop, pair[0], EPOLLIN, signer_ready, s);
	if (r != 0) {
		(void)err_set(e, r, "cannot start an agent for the target key: %s", strerror(-r));
		fd_close(&pair[0]);
		fd_close(&pair[1]);
		signer_free(s);
		return NULL;
	}
	s->fd = pair[0];
	*ret_fd = pair[1];
	loop_timer_start(loop, &s->life, SIGNER_LIFE_MS, signer_expired, s);
	return s;
}

void
signer_free(struct signer *s)
{
	if (s == NULL)
		return;
	signer_stop(s);
	buf_done(&s->cert);
	buf_done(&s->in);
	buf_done(&s->out);
	free(s);
}
