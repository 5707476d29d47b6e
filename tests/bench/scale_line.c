/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <sys/resource.h>

#include "base/fd.h"
#include "tests/bench/scale_line.h"

static void
on_ready(void *arg, int fd, uint32_t events)
{
	struct line *l = arg;

	(void)fd, (void)events;
	l->ready(l->arg);
}

int
line_open(struct line *l, struct loop *loop, ssh_session ssh, int fd, line_fn *ready, void *arg)
{
	int r;

	*l = (struct line){ .loop = loop, .ssh = ssh, .fd = fd, .ready = ready, .arg = arg };
	r = loop_add(loop, fd, EPOLLIN, on_ready, l);
	l->watched = r == 0;
	return r;
}

int
line_start(struct line *l)
{
	(void)fd_set_nonblock(l->fd);                /* libssh's client role makes it blocking */
	l->event = ssh_event_new();
	return l->event != NULL && ssh_event_add_session(l->event, l->ssh) == SSH_OK ? 0 : -ENOMEM;
}

static bool
is_over(const struct line *l)
{
	return ssh_get_fd(l->ssh) != l->fd || !ssh_is_connected(l->ssh) ||
	    (ssh_get_status(l->ssh) & (SSH_CLOSED | SSH_CLOSED_ERROR)) != 0;
}

static void
unwatch(struct line *l)
{
	if (l->watched)
		loop_del(l->loop, l->fd);
	l->watched = false;
}

bool
line_take_in(struct line *l)
{
	if (l->event != NULL && ssh_event_dopoll(l->event, 0) != SSH_ERROR && !is_over(l))
		return true;
	unwatch(l);                                  /* at once: the next socket may get the same number */
	return false;
}

bool
line_rearm(struct line *l)
{
	bool writing;

	if (ssh_get_fd(l->ssh) != l->fd) {
		unwatch(l);
		return false;
	}
	writing = (ssh_get_poll_flags(l->ssh) & SSH_WRITE_PENDING) != 0;
	if (writing != l->writing)
		(void)loop_mod(l->loop, l->fd, EPOLLIN | (writing ? (uint32_t)EPOLLOUT : 0u));
	l->writing = writing;
	return true;
}

void
line_close(struct line *l)
{
	unwatch(l);
	if (l->event != NULL) {
		(void)ssh_event_remove_session(l->event, l->ssh);
		ssh_event_free(l->event);
	}
	ssh_free(l->ssh);
	*l = (struct line){ .fd = -1 };
}

int
line_raise_files(unsigned long need, struct err *e)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return -errno;
	r.rlim_cur = r.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &r);
	if (r.rlim_max < need)
		return err_set(e, -EMFILE, "open files: %lu are needed and the hard limit is %llu: raise it (ulimit -Hn)", need,
		    (unsigned long long)r.rlim_max);
	return 0;
}
