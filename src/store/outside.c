/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * CheckpointFile may lie on another machine's disk, which may hang, and so may whoever reads syslog's socket.  So it is a child of
 * the store that writes there, forked before the sandbox and put into one of its own: it has file, socket and a channel, takes a note,
 * writes it, makes it durable, and answers how that went.  The store never waits for it, but for a moment at its end.
 * In syslog a note is one line: "checkpoint ORIGIN SIZE ROOT — NAME SIGNATURE".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "store/store.h"

#define FD_STORE  3
#define FD_FILE   4                       /* or /dev/null */
#define FD_SYSLOG 5                       /* or the same */

#define WAIT_MAX  64                      /* notes on their way; each later one holds for those before it */
#define LAG_MS    5000
#define FINISH_MS 2000

struct outside {
	int fd;                           /* to the child; -1 once it has gone */
	unsigned waiting;
	uint64_t lost;
	mono_t since;                     /* the oldest on its way has waited since */
	bool told;
};

static const int calls[] = { SCMP_SYS(fsync), -1 };

/* --- the child --- */

/* One datagram; a socket whose reader has gone away says so. */
static int
syslog_write(const unsigned char *note, size_t n)
{
	char line[NOTE_MAX + 64];
	int at = snprintf(line, sizeof(line), "<%d>fortress: checkpoint ", LOG_AUTHPRIV | LOG_NOTICE);

	for (size_t i = 0; i < n && (size_t)at < sizeof(line) - 1; i++)
		if (note[i] != '\n' || line[at - 1] != ' ')
			line[at++] = note[i] == '\n' ? ' ' : (char)note[i];
	while (at > 0 && line[at - 1] == ' ')
		at--;
	return write(FD_SYSLOG, line, (size_t)at) == at ? 0 : -errno;
}

static int32_t
note_write(const unsigned char *note, size_t n)
{
	int r = fd_write_full(FD_FILE, note, n), said = syslog_write(note, n);

	if (r == 0 && fsync(FD_FILE) != 0 && errno != EINVAL)      /* EINVAL: what cannot be synced, a pipe */
		r = -errno;
	return r != 0 ? r : said;
}

static void
serve(void)
{
	static unsigned char note[NOTE_MAX];
	struct pollfd p = { .fd = FD_STORE, .events = POLLIN };
	int fds[FD_PASS_MAX], nfds;
	int32_t result;
	ssize_t n;

	for (;;) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return;
		n = fd_recv(FD_STORE, note, sizeof(note), fds, &nfds);
		if (n == -EAGAIN)
			continue;
		if (n <= 0)
			return;
		result = note_write(note, (size_t)n);
		(void)fd_send(FD_STORE, &result, sizeof(result), NULL, 0);
	}
}

/* Nothing of the store's but the three: its lock on the database is not to live on here. */
static void
child_main(int sock, const int to[2], const char *account)
{
	const struct sandbox box = { .name = "checkpoints", .user = account, .empty_root = true, .calls = calls, .files_max = 16 };
	struct err e = { 0 };
	int copies[3] = { fcntl(sock, F_DUPFD, 10), fcntl(to[0], F_DUPFD, 10), fcntl(to[1], F_DUPFD, 10) };

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	if (dup2(copies[0], FD_STORE) != FD_STORE || dup2(copies[1], FD_FILE) != FD_FILE || dup2(copies[2], FD_SYSLOG) != FD_SYSLOG)
		_exit(1);
	closefrom(FD_SYSLOG + 1);
	sandbox_title("store: checkpoints outside");
	if (sandbox_enter(&box, NULL, NULL, 0, NULL, &e) != 0) {
		log_error("%s", e.text);
		_exit(1);
	}
	serve();
	_exit(0);
}

/* --- the store --- */

static int
child_start(struct outside *o, const int to[2], const char *account, struct err *e)
{
	int pair[2], r = fd_pair(pair);
	pid_t pid;

	if (r != 0)
		return err_set(e, r, "a process for the checkpoint file: %s", strerror(-r));
	pid = fork();
	if (pid == 0)
		child_main(pair[1], to, account);
	r = pid < 0 ? -errno : 0;
	fd_close(&pair[1]);
	if (r != 0)
		fd_close(&pair[0]);
	o->fd = pair[0];
	return r == 0 ? 0 : err_set(e, r, "a process for the checkpoint file: %s", strerror(-r));
}

static int
socket_connect(const char *path, struct err *e)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd;

	if (snprintf(un.sun_path, sizeof(un.sun_path), "%s", path) >= (int)sizeof(un.sun_path))
		return err_set(e, -ENAMETOOLONG, "%s: too long for a socket", path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&un, sizeof(un)) == 0)
		return fd;
	(void)err_set(e, -errno, "%s: %s", path, strerror(errno));
	fd_close(&fd);
	return e->code;
}

static int
file_open(const char *path, int flags, struct err *e)
{
	int fd = open(path, flags | O_CLOEXEC, 0644);

	return fd >= 0 ? fd : err_set(e, -errno, "%s: %s", path, strerror(errno));
}

struct outside *
outside_start(const char *path, const char *log, const char *account, struct err *e)
{
	struct outside *o = calloc(1, sizeof(*o));
	int to[2] = { -1, -1 }, r;

	if (o == NULL) {
		(void)err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	r = to[0] = path != NULL ? file_open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, e) : file_open("/dev/null", O_WRONLY, e);
	if (r >= 0)
		r = to[1] = log != NULL ? socket_connect(log, e) : file_open("/dev/null", O_WRONLY, e);
	if (r >= 0)
		r = child_start(o, to, account, e);
	fd_close(&to[0]);
	fd_close(&to[1]);
	if (r == 0)
		return o;
	free(o);
	return NULL;
}

/* One answer; false: there is none now. */
static bool
answer_take(struct outside *o)
{
	int fds[FD_PASS_MAX], nfds;
	int32_t result = 0;
	ssize_t n = fd_recv(o->fd, &result, sizeof(result), fds, &nfds);

	if (n == -EAGAIN)
		return false;
	if (n != (ssize_t)sizeof(result)) {
		log_error("store: the process that writes the checkpoint file outside has ended: nothing is written there until the next start");
		fd_close(&o->fd);
		return false;
	}
	if (o->waiting > 0)
		o->waiting--;
	o->since = clock_mono();
	if (result != 0)
		log_warn("store: the checkpoint file outside cannot be written: %s", strerror(-result));
	else if (o->told && o->waiting == 0)
		log_warn("store: the checkpoint file outside is written again: %llu checkpoints are not in it", (unsigned long long)o->lost);
	o->told = o->told && o->waiting > 0;
	return true;
}

void
outside_write(struct outside *o, struct slice note)
{
	if (o == NULL || o->fd < 0)
		return;
	if (o->waiting == 0)
		o->since = clock_mono();
	if (o->waiting < WAIT_MAX && fd_send(o->fd, note.p, note.n, NULL, 0) == 0)
		o->waiting++;
	else
		o->lost++;
}

void
outside_look(struct outside *o)
{
	if (o == NULL || o->fd < 0)
		return;
	while (o->fd >= 0 && answer_take(o))
		continue;
	if (o->fd < 0 || o->told || o->waiting == 0 || clock_ms_since(o->since) < LAG_MS)
		return;
	log_warn("store: the checkpoint file outside does not take what is written: %u checkpoints wait", o->waiting);
	o->told = true;
}

void
outside_finish(struct outside *o)
{
	mono_t start = clock_mono();
	struct pollfd p = { .events = POLLIN };
	int64_t left;

	if (o == NULL)
		return;
	while (o->fd >= 0 && o->waiting > 0 && (left = FINISH_MS - clock_ms_since(start)) > 0) {
		p.fd = o->fd;
		(void)poll(&p, 1, (int)left);
		outside_look(o);
	}
	fd_close(&o->fd);
	free(o);
}
