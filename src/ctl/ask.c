/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The control socket lies in the state directory; the kernel tells the bastion who connects. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/ask.h"

#define ANSWER_MS 30000

struct ask {
	struct ctl *ctl;
	struct chan *chan;
	ask_fn *fn;
	void *arg;
	bool over;
	int fd;                              /* that came with an answer, or -1 */
	char why[160];
};

static void
ask_message(void *arg, struct chan *chan, struct chan_in *in)
{
	struct ask *l = arg;

	(void)chan;
	if (in->nfds > 0) {
		fd_close(&l->fd);
		l->fd = in->fds[0];
		in->fds[0] = -1;
	}
	if (in->type == 0)
		snprintf(l->why, sizeof(l->why), "%s", in->why);
	else if (l->fn != NULL)
		l->over = l->fn(l->arg, in->type, in->message);
}

static int
socket_open(struct ctl *c)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd, r;

	if (snprintf(un.sun_path, sizeof(un.sun_path), "%s/run/control.sock", c->state) >= (int)sizeof(un.sun_path))
		return err_set(&c->e, -ENAMETOOLONG, "%s: too long a path for a socket", c->state);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(&c->e, -errno, "socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)&un, sizeof(un)) == 0)
		return fd;
	r = -errno;
	close(fd);
	if (r == -ENOENT || r == -ECONNREFUSED)
		return err_set(&c->e, r, "no bastion runs on %s: start it with fortress serve, or name its state with --state",
		    c->state);
	return err_set(&c->e, r, "%s: %s%s", un.sun_path, strerror(-r), r == -EACCES ? ": only root and its own account may" : "");
}

struct ask *
ask_open(struct ctl *c)
{
	struct ask *l = calloc(1, sizeof(*l));
	int fd = l != NULL ? socket_open(c) : err_set(&c->e, -ENOMEM, "out of memory");

	if (fd < 0) {
		free(l);
		return NULL;
	}
	l->ctl = c;
	l->fd = -1;
	l->chan = chan_new(NULL, fd, LINK_CTL_OF_GATE, ask_message, l);
	if (l->chan == NULL) {
		(void)err_set(&c->e, -errno, "%s", strerror(errno));
		close(fd);
		free(l);
		return NULL;
	}
	return l;
}

void
ask_close(struct ask *l)
{
	if (l == NULL)
		return;
	chan_free(l->chan);
	fd_close(&l->fd);
	free(l);
}

int
ask_take_fd(struct ask *l)
{
	int fd = l->fd;

	l->fd = -1;
	return fd;
}

int
ask_wait(struct ask *l, unsigned type, const void *message, ask_fn *fn, void *arg)
{
	return ask_wait_fd(l, type, message, -1, fn, arg);
}

int
ask_wait_fd(struct ask *l, unsigned type, const void *message, int fd, ask_fn *fn, void *arg)
{
	int r;

	l->fn = fn;
	l->arg = arg;
	l->over = false;
	r = chan_send_fds(l->chan, type, message, &fd, fd >= 0);
	while (r == 0 && !l->over)
		r = chan_wait(l->chan, ANSWER_MS);
	if (r == -ETIMEDOUT)
		return err_set(&l->ctl->e, r, "the bastion does not answer");
	if (r == -EMSGSIZE || r == -ENOBUFS)
		return err_set(&l->ctl->e, r, "too long");
	if (r != 0)
		return err_set(&l->ctl->e, r, "the bastion hung up: %s", l->why[0] != '\0' ? l->why :
		    "it is starting, stopping, or does not let you in");
	return 0;
}

struct put_answer { struct ctl *c; bool ok, more; };

static bool
put_done(void *arg, unsigned type, const void *message)
{
	struct put_answer *a = arg;
	const struct msg_dir_done *m = message;

	if (type != MSG_DIR_DONE)
		return false;
	a->ok = m->ok != 0;
	a->more = a->ok && slice_is(m->text, MSG_AGAIN);
	if (!a->ok)
		(void)err_set(&a->c->e, slice_is(m->text, MSG_STALE) ? -ESTALE : -EINVAL, "%.*s", (int)m->text.n, (const char *)m->text.p);
	return true;
}

int
ask_once(struct ctl *c, unsigned type, const void *message, ask_fn *fn, void *arg)
{
	struct ask *l = ask_open(c);
	int r = l != NULL ? ask_wait(l, type, message, fn, arg) : -EPIPE;

	ask_close(l);
	return r;
}

int
ask_print(struct ctl *c, const struct out_column *columns, bool one, unsigned type, const void *message, ask_fn *fn, const char *none)
{
	struct ask *l = ask_open(c);
	struct ask_rows rows = { 0 };
	int r;

	if (l == NULL)
		return CTL_FAILED;
	rows.out = ctl_out(c, columns, one);
	r = ask_wait(l, type, message, fn, &rows);
	ask_close(l);
	if (r == 0 && rows.n == 0 && none != NULL)
		ctl_note(c, "%s", none);
	return out_end(rows.out) == 0 && r == 0 ? CTL_OK : CTL_FAILED;
}

int
ask_put(struct ctl *c, unsigned type, const void *message)
{
	struct put_answer a = { .c = c, .more = true };
	struct ask *l = ask_open(c);
	int r = l != NULL ? 0 : -EPIPE;

	while (r == 0 && a.more)
		r = ask_wait(l, type, message, put_done, &a);
	ask_close(l);
	return r == 0 && a.ok ? CTL_OK : CTL_FAILED;
}

/* ---- many puts ---- */

#define WINDOW 128                       /* puts on their way at once: the store commits them together */

struct puts { struct ctl *ctl; size_t waiting, done; uint32_t refused; };

static bool
puts_seen(void *arg, unsigned type, const void *message)
{
	struct puts *p = arg;
	const struct msg_dir_done *m = message;

	if (type != MSG_DIR_DONE)
		return false;
	p->waiting--;
	if (m->ok != 0) {
		p->done++;
	} else if (p->refused == 0) {
		p->refused = m->req;
		(void)err_set(&p->ctl->e, -EINVAL, "%.*s", (int)m->text.n, (const char *)m->text.p);
	}
	return true;
}

int
ask_hosts(struct ctl *c, ask_next_fn *next, void *arg, size_t *done, uint32_t *refused)
{
	struct puts p = { .ctl = c };
	struct msg_dir_host row;
	struct ask *l = ask_open(c);
	bool more = true;
	int r = 0;

	if (l == NULL)
		return -EPIPE;
	l->fn = puts_seen;
	l->arg = &p;
	while (r == 0 && (p.waiting > 0 || (more && p.refused == 0))) {
		more = more && p.refused == 0;
		if (more && p.waiting < WINDOW && (more = next(arg, &row))) {
			p.waiting++;
			r = chan_send(l->chan, MSG_DIR_HOST, &row);
		} else if (p.waiting > 0) {
			r = chan_wait(l->chan, ANSWER_MS);
		}
	}
	ask_close(l);
	*done = p.done;
	*refused = p.refused;
	if (r != 0)
		return err_set(&c->e, r, r == -ETIMEDOUT ? "the bastion does not answer" : "the bastion hung up");
	return p.refused != 0 ? -EINVAL : 0;
}

static bool
view_seen(void *arg, unsigned type, const void *message)
{
	bool *ok = arg;

	if (type == MSG_EVENT_DONE)
		*ok = ((const struct msg_event_done *)message)->ok != 0;
	return type == MSG_EVENT_DONE;
}

int
ask_view(struct ctl *c, const char *session, const char *how)
{
	struct msg_view m = { .req = 1, .session = slice_from(session), .how = slice_from(how) };
	struct ask *a = ask_open(c);
	bool ok = false;
	int r;

	if (a == NULL)
		return err_prefix(&c->e, "that recordings are read goes on the record first (--offline reads without)");
	r = ask_wait(a, MSG_VIEW, &m, view_seen, &ok);
	ask_close(a);
	return r != 0 ? r : ok ? 0 : err_set(&c->e, -EIO, "the store could not record that this is read: not shown");
}
