/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The rules that keep every byte (see libssh's behaviour during a rekey): nothing is written in a
 * callback; the rest of a short write is kept here; nothing is written while libssh still has bytes
 * for the socket; unread data stays in libssh, which closes the peer's window; EOF goes out after
 * the last byte, then the exit status, then CLOSE.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libssh/callbacks.h>
#include <libssh/server.h>

#include "agent/job.h"
#include "agent/exec.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"

#define CHUNK  32768
#define ROUNDS 8                 /* chunks a turn in each direction: others get theirs too */

/* A descriptor of the child's, and what was taken for it but not yet delivered. */
struct stream {
	int fd;
	bool ready;              /* epoll said so; cleared by EAGAIN */
	bool over;               /* end of file seen, or nobody reads it any more */
	uint32_t watched;
	struct buf rest;
};

struct job {
	const struct job_host *host;
	ssh_channel ssh;
	struct ssh_channel_callbacks_struct callbacks;
	unsigned number;
	struct exec_want want;
	struct stream in, out, err;      /* on a terminal in.fd == -1 and out.fd serves both */
	pid_t leader;
	int status;
	bool started, terminal, reaped, gone, closed;
};

#define INPUT_MAX (8u << 20)             /* what came and is not written yet; two windows are 2.5 MB */

static unsigned char scratch[CHUNK];     /* one thread, never used across a call that could use it again */

static bool
is_clogged(const struct job *c)
{
	return (ssh_get_status(c->host->ssh) & (SSH_WRITE_PENDING | SSH_CLOSED | SSH_CLOSED_ERROR)) != 0;
}

/* --- what the peer asks for ------------------------------------------------------------ */

static int
on_pty(ssh_session s, ssh_channel ch, const char *term, int cols, int rows, int x, int y, void *arg)
{
	struct job *c = arg;

	(void)s, (void)ch;
	if (c->started || !c->host->may_pty)
		return -1;
	c->want.pty = true;
	exec_set_term(&c->want, term);
	c->want.size = exec_size_from(cols, rows, x, y);
	return 0;
}

static int
on_resize(ssh_session s, ssh_channel ch, int cols, int rows, int x, int y, void *arg)
{
	struct job *c = arg;

	(void)s, (void)ch;
	c->want.size = exec_size_from(cols, rows, x, y);
	if (!c->want.pty)
		return -1;
	return c->started && c->out.fd >= 0 ? exec_resize(c->out.fd, c->want.size) : 0;
}

static int
on_env(ssh_session s, ssh_channel ch, const char *name, const char *value, void *arg)
{
	struct job *c = arg;

	(void)s, (void)ch;
	return c->started ? -1 : exec_add_env(&c->want, name, value);
}

static void
stream_ready(void *arg, int fd, uint32_t events)
{
	struct job *c = arg;

	(void)events;
	if (fd == c->out.fd)
		c->out.ready = true;
	if (fd == c->in.fd || c->terminal)
		c->in.ready = true;
	if (fd == c->err.fd)
		c->err.ready = true;
}

static int
start(struct job *c, const char *command, const char *program)
{
	struct exec_child child;
	struct err e;
	char text[160];

	if (c->started || c->closed)
		return -1;
	c->want.account = c->host->account;
	c->want.connection = c->host->connection;
	c->want.command = command;
	c->want.program = program;
	if (exec_start(&c->want, &child, &e) < 0) {
		log_error("channel %u: %s", c->number, e.text);
		return -1;
	}
	c->started = true;
	c->terminal = c->want.pty;
	c->leader = child.pid;
	c->out.fd = child.out;
	c->in.fd = c->terminal ? -1 : child.in;
	c->err.fd = child.err;
	c->err.over = child.err < 0;
	c->out.ready = c->in.ready = c->err.ready = true;
	log_debug("channel %u: %s: %s pid=%d", c->number, program != NULL ? "program" :
	    command != NULL ? "exec" : "shell", text_escaped(slice_from(program != NULL ? program :
	    command), text, sizeof text), (int)child.pid);
	return 0;
}

static int
on_shell(ssh_session s, ssh_channel ch, void *arg)
{
	(void)s, (void)ch;
	return start(arg, NULL, NULL);
}

static int
on_exec(ssh_session s, ssh_channel ch, const char *command, void *arg)
{
	(void)s, (void)ch;
	return start(arg, command, NULL);
}

static int
on_subsystem(ssh_session s, ssh_channel ch, const char *name, void *arg)
{
	const char *program = strcmp(name, "sftp") == 0 ? exec_find_sftp() : NULL;

	(void)s, (void)ch;
	return program != NULL ? start(arg, NULL, program) : -1;
}

static const struct {
	const char *name;
	int signo;
} signals[] = {
	{ "ABRT", SIGABRT }, { "ALRM", SIGALRM }, { "FPE", SIGFPE }, { "HUP", SIGHUP },
	{ "ILL", SIGILL }, { "INT", SIGINT }, { "KILL", SIGKILL }, { "PIPE", SIGPIPE },
	{ "QUIT", SIGQUIT }, { "SEGV", SIGSEGV }, { "TERM", SIGTERM }, { "USR1", SIGUSR1 },
	{ "USR2", SIGUSR2 },
};
#define NSIGNALS (sizeof signals / sizeof signals[0])

static void
on_signal(ssh_session s, ssh_channel ch, const char *name, void *arg)
{
	const struct job *c = arg;

	(void)s, (void)ch;
	for (size_t i = 0; c->leader > 0 && i < NSIGNALS; i++)
		if (strcmp(signals[i].name, name) == 0)
			(void)kill(-c->leader, signals[i].signo);
}

static void
on_close(ssh_session s, ssh_channel ch, void *arg)
{
	struct job *c = arg;

	(void)s, (void)ch;
	c->gone = true;
}

/* Data stays in libssh until job_pump reads it; n is all that waits.  What nobody will read is thrown away. */
static int
on_data(ssh_session s, ssh_channel ch, void *data, uint32_t n, int is_stderr, void *arg)
{
	const struct job *c = arg;

	(void)s, (void)ch, (void)data;
	if (is_stderr || c->closed)
		return (int)n;
	if (n > INPUT_MAX)
		*c->host->flooded = true;
	return n > INPUT_MAX ? (int)n : 0;
}

/* --- its life --------------------------------------------------------------------------- */

struct job *
job_new(const struct job_host *h, unsigned number)
{
	struct job *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->host = h;
	c->number = number;
	c->in.fd = c->out.fd = c->err.fd = -1;
	buf_init(&c->in.rest, INPUT_MAX);
	buf_init(&c->out.rest, CHUNK);
	buf_init(&c->err.rest, CHUNK);
	c->callbacks = (struct ssh_channel_callbacks_struct){
		.userdata = c,
		.channel_data_function = on_data,
		.channel_close_function = on_close,
		.channel_signal_function = on_signal,
		.channel_pty_request_function = on_pty,
		.channel_shell_request_function = on_shell,
		.channel_pty_window_change_function = on_resize,
		.channel_exec_request_function = on_exec,
		.channel_env_request_function = on_env,
		.channel_subsystem_request_function = on_subsystem,
	};
	ssh_callbacks_init(&c->callbacks);
	c->ssh = ssh_channel_new(h->ssh);
	if (c->ssh == NULL || ssh_set_channel_callbacks(c->ssh, &c->callbacks) != SSH_OK) {
		free(c);
		return NULL;
	}
	return c;
}

ssh_channel
job_ssh(const struct job *c)
{
	return c->ssh;
}

pid_t
job_leader(const struct job *c)
{
	return c->leader;
}

static void
stream_close(struct job *c, struct stream *s)
{
	if (s->watched != 0)
		loop_del(c->host->loop, s->fd);
	s->watched = 0;
	s->over = true;
	fd_close(&s->fd);
}

void
job_reaped(struct job *c, int status)
{
	/* What it left in its group ends too; what left the group is the connection's to find. */
	(void)kill(-c->leader, SIGHUP);
	(void)kill(-c->leader, SIGCONT);
	c->status = status;
	c->reaped = true;
	c->leader = 0;
	c->out.ready = c->err.ready = true;
}

void
job_hangup(struct job *c)
{
	if (c->leader > 0) {
		(void)kill(-c->leader, SIGHUP);
		(void)kill(-c->leader, SIGCONT);
	}
	stream_close(c, &c->in);
	stream_close(c, &c->out);
	stream_close(c, &c->err);
	buf_clear(&c->out.rest);
	buf_clear(&c->err.rest);
}

void
job_kill(struct job *c)
{
	if (c->leader > 0)
		(void)kill(-c->leader, SIGKILL);
}

bool
job_is_closed(const struct job *c)
{
	return c->closed;
}

bool
job_is_over(const struct job *c)
{
	return c->closed && c->gone && c->leader == 0;
}

void
job_free(struct job *c)
{
	if (c == NULL)
		return;
	job_hangup(c);
	(void)ssh_remove_channel_callbacks(c->ssh, &c->callbacks);
	ssh_channel_free(c->ssh);
	buf_done(&c->in.rest);
	buf_done(&c->out.rest);
	buf_done(&c->err.rest);
	exec_want_done(&c->want);
	free(c);
}

/* --- moving bytes ------------------------------------------------------------------------ */

/* Towards the child.  On a broken pipe bytes are dropped, so that the peer's window stays open. */
static bool
deliver(struct job *c, const unsigned char *p, size_t n)
{
	int fd = c->terminal ? c->out.fd : c->in.fd;
	ssize_t done = 0;

	if (!c->in.over && fd >= 0) {
		done = write(fd, p, n);
		if (done < 0 && (errno == EAGAIN || errno == EINTR)) {
			c->in.ready = false;
			done = 0;
		} else if (done < 0) {
			stream_close(c, &c->in);
		}
	}
	if (c->in.over || fd < 0)
		done = (ssize_t)n;
	if (c->in.rest.len > 0)
		buf_consume(&c->in.rest, (size_t)done);
	else if ((size_t)done < n && buf_append(&c->in.rest, p + done, n - (size_t)done) < 0)
		stream_close(c, &c->in);
	return done > 0;
}

/* End of the peer's input: closes a pipe.  A terminal has no end of input; its user types ^D. */
static void
check_input_end(struct job *c)
{
	if (!c->terminal && !c->in.over && c->in.rest.len == 0 && ssh_channel_is_eof(c->ssh) &&
	    ssh_channel_poll(c->ssh, 0) <= 0)
		stream_close(c, &c->in);
}

/* libssh 0.10 opens the peer's window anew at each read, whatever it still holds: so all that came is taken at once, or
 * its buffer would grow without end before a slow program. */
static int
take_all(struct job *c)
{
	int n = ssh_channel_poll(c->ssh, 0);
	unsigned char *p;

	if (n <= 0)
		return n;
	if ((size_t)n <= sizeof scratch) {
		n = ssh_channel_read_nonblocking(c->ssh, scratch, sizeof scratch, 0);
		if (n > 0)
			(void)deliver(c, scratch, (size_t)n);
		return n;
	}
	p = buf_reserve(&c->in.rest, (size_t)n);
	if (p == NULL) {
		stream_close(c, &c->in);
		return -1;
	}
	n = ssh_channel_read_nonblocking(c->ssh, p, (uint32_t)n, 0);
	if (n > 0)
		buf_added(&c->in.rest, (size_t)n);
	return n;
}

static bool
pump_in(struct job *c)
{
	bool moved = false;

	for (int i = 0; i < ROUNDS && c->started; i++) {
		if (c->in.rest.len > 0) {
			if (!c->in.ready || !deliver(c, c->in.rest.p, c->in.rest.len))
				return moved;
			moved = true;
			continue;
		}
		if (take_all(c) <= 0)
			break;
		moved = true;
	}
	if (c->started)
		check_input_end(c);
	return moved;
}

/* How much a write may take now: 0 while the peer's window is shut or libssh has bytes of its own. */
static size_t
room(const struct job *c)
{
	uint32_t window = is_clogged(c) ? 0 : ssh_channel_window_size(c->ssh);

	return window < sizeof scratch ? window : sizeof scratch;
}

static bool
send_rest(struct job *c, struct stream *s, bool is_err)
{
	int n = is_err ? ssh_channel_write_stderr(c->ssh, s->rest.p, (uint32_t)s->rest.len)
	    : ssh_channel_write(c->ssh, s->rest.p, (uint32_t)s->rest.len);

	if (n > 0)
		buf_consume(&s->rest, (size_t)n);
	return n > 0;
}

/* One read from the child, handed to libssh at once; what it does not take is kept. */
static bool
send_chunk(struct job *c, struct stream *s, bool is_err, size_t max)
{
	ssize_t n = read(s->fd, scratch, max);
	int done;

	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		s->ready = false;
		return false;
	}
	if (n <= 0) {            /* EIO: the last process left the terminal */
		stream_close(c, s);
		return true;
	}
	done = is_err ? ssh_channel_write_stderr(c->ssh, scratch, (uint32_t)n)
	    : ssh_channel_write(c->ssh, scratch, (uint32_t)n);
	if (done < 0)
		done = 0;
	if (done < n && buf_append(&s->rest, scratch + done, (size_t)(n - done)) < 0)
		stream_close(c, s);
	if ((size_t)n < max)
		s->ready = false;
	return true;
}

static bool
pump_out(struct job *c, struct stream *s, bool is_err)
{
	bool moved = false;

	for (int i = 0; i < ROUNDS; i++) {
		size_t max = room(c);

		if (max == 0)
			break;
		if (s->rest.len > 0) {
			if (!send_rest(c, s, is_err))
				break;
		} else if (s->over || !s->ready || !send_chunk(c, s, is_err, max)) {
			break;
		}
		moved = true;
	}
	return moved;
}

static void
send_exit(struct job *c)
{
	const char *name = "TERM";

	if (WIFEXITED(c->status)) {
		(void)ssh_channel_request_send_exit_status(c->ssh, WEXITSTATUS(c->status));
		return;
	}
	for (size_t i = 0; i < NSIGNALS; i++)
		if (signals[i].signo == WTERMSIG(c->status))
			name = signals[i].name;
	(void)ssh_channel_request_send_exit_signal(c->ssh, name, WCOREDUMP(c->status), "", "");
}

/* EOF waits for the exit status: OpenSSH answers EOF with CLOSE at once when its own input is over. */
static bool
finish(struct job *c)
{
	bool drained = c->out.over && c->err.over && c->out.rest.len == 0 && c->err.rest.len == 0;

	if (!c->started || c->closed || !drained || !c->reaped)
		return false;
	send_exit(c);
	(void)ssh_channel_send_eof(c->ssh);
	(void)ssh_channel_close(c->ssh);
	c->closed = true;
	stream_close(c, &c->in);
	return true;
}

/* The peer closed: libssh may still hold its last bytes, which go to the child before the hangup. */
static bool
leave(struct job *c)
{
	if (c->started && !c->reaped && c->in.rest.len > 0 && !c->in.over && c->in.ready)
		return false;
	job_hangup(c);
	if (!c->closed)
		(void)ssh_channel_close(c->ssh);
	c->closed = true;
	return true;
}

bool
job_pump(struct job *c)
{
	bool moved = false;

	if (c->closed)
		return false;
	moved |= pump_in(c);
	if (c->gone)
		return leave(c) || moved;
	moved |= pump_out(c, &c->err, true);
	moved |= pump_out(c, &c->out, false);
	moved |= finish(c);
	return moved;
}

/* An idle interest is removed, not emptied: epoll reports HUP even when nothing was asked for. */
static void
stream_watch(struct job *c, struct stream *s, uint32_t events)
{
	if (s->fd < 0 || events == s->watched)
		return;
	if (events == 0)
		loop_del(c->host->loop, s->fd);
	else if (s->watched == 0)
		(void)loop_add(c->host->loop, s->fd, events, stream_ready, c);
	else
		(void)loop_mod(c->host->loop, s->fd, events);
	s->watched = events;
}

void
job_watch(struct job *c)
{
	bool blocked = c->in.rest.len > 0 && !c->in.ready;
	bool open = ssh_channel_window_size(c->ssh) > 0 && !is_clogged(c);
	uint32_t out = open && c->out.rest.len == 0 ? EPOLLIN : 0;

	stream_watch(c, &c->in, blocked ? EPOLLOUT : 0);
	stream_watch(c, &c->out, out | (c->terminal && blocked ? EPOLLOUT : 0));
	stream_watch(c, &c->err, open && c->err.rest.len == 0 ? EPOLLIN : 0);
}
