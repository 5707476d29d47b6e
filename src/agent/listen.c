/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Accept, fork, forget.  The listener reads no byte of a peer.  It is the second net for
 * orphans: what a connection's process leaves behind when it is killed comes here and is ended.
 *
 * A table with one slot per connection lies in shared memory; a child sets one flag in it, "has
 * proven its key".  When the table is full, the oldest connection without the flag has to go.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/descend.h"
#include "agent/listen.h"
#include "agent/session.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/sandbox.h"

#define BACKLOG     128
#define STOP_MS     12000            /* a session's own patience, and a little */
#define SWEEP_MS    200
#define PEER_TEXT   96

struct slot {
	pid_t pid;                   /* 0: free; written by the listener only */
	mono_t since;
	atomic_bool admitted;
};

struct listener {
	const struct options *options;
	struct server *server;
	const struct authorized *keys;
	struct loop *loop;
	int fd;
	bool stopping;
	struct slot *slots;
	unsigned used, count;        /* slots in use; connections so far, for names */
	struct loop_timer stop, sweep;
};

/* --- addresses ------------------------------------------------------------------------------- */

static bool
is_served(const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes = fd >= 0 && connect(fd, (const struct sockaddr *)sun, sizeof *sun) == 0;

	fd_close(&fd);
	return yes;
}

/* Anybody on this host may knock, as with a port: the key decides. */
static int
bind_unix(int fd, const char *path, struct err *e)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct stat st;
	mode_t old;
	int rc;

	if (path[0] != '/' || strlen(path) >= sizeof sun.sun_path)
		return err_set(e, -EINVAL, "unix:%s: want an absolute path of at most %d bytes", path,
		    (int)sizeof sun.sun_path - 1);
	memcpy(sun.sun_path, path, strlen(path) + 1);
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
		if (is_served(&sun))
			return err_set(e, -EADDRINUSE, "unix:%s: another process listens there", path);
		(void)unlink(path);
	}
	old = umask(0111);
	rc = bind(fd, (struct sockaddr *)&sun, sizeof sun) < 0 ? -errno : 0;
	(void)umask(old);
	return rc < 0 ? err_set(e, rc, "unix:%s: %s", path, strerror(-rc)) : 0;
}

static int
split_port(const char *text, char *host, size_t size, const char **port)
{
	const char *colon = strrchr(text, ':');
	size_t n;

	if (colon == NULL || colon == text)
		return -EINVAL;
	n = (size_t)(colon - text);
	if (text[0] == '[' && text[n - 1] == ']')
		text++, n -= 2;
	if (n >= size)
		return -EINVAL;
	memcpy(host, text, n);
	host[n] = '\0';
	*port = colon + 1;
	return 0;
}

static int
open_inet(const char *text, struct err *e)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM }, *ai = NULL;
	char host[64];
	const char *port;
	int fd, one = 1;

	if (split_port(text, host, sizeof host, &port) < 0 || getaddrinfo(host, port, &hints, &ai) != 0)
		return err_set(e, -EINVAL, "%s: want unix:/path, 127.0.0.1:PORT or [::1]:PORT", text);
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (fd < 0 || bind(fd, ai->ai_addr, ai->ai_addrlen) < 0) {
		(void)err_set(e, -errno, "%s: %s", text, strerror(errno));
		fd_close(&fd);
		fd = e->code;
	}
	freeaddrinfo(ai);
	return fd;
}

/* "ADDRESS PORT" of one end, or "unix". */
static void
show_end(int fd, int (*ask)(int, struct sockaddr *, socklen_t *), char *out, size_t size)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t n = sizeof ss;
	char host[64], port[16];

	(void)snprintf(out, size, "unix");
	if (ask(fd, (struct sockaddr *)&ss, &n) == 0 && ss.ss_family != AF_UNIX &&
	    getnameinfo((struct sockaddr *)&ss, n, host, sizeof host, port, sizeof port,
	    NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		(void)snprintf(out, size, "%s %s", host, port);
}

int
listen_open(const struct options *o, char *shown, size_t size, struct err *e)
{
	int fd, rc;

	if (strncmp(o->listen, "unix:", 5) != 0) {
		fd = open_inet(o->listen, e);
	} else {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		rc = fd < 0 ? err_set(e, -errno, "%s", strerror(errno)) : bind_unix(fd, o->listen + 5, e);
		if (rc < 0) {
			fd_close(&fd);
			fd = rc;
		}
	}
	if (fd < 0)
		return fd;
	if (listen(fd, BACKLOG) < 0) {
		rc = err_set(e, -errno, "%s: %s", o->listen, strerror(errno));
		fd_close(&fd);
		return rc;
	}
	show_end(fd, getsockname, shown, size);
	if (strcmp(shown, "unix") == 0)
		(void)snprintf(shown, size, "%s", o->listen);
	return fd;
}

/* --- connections ------------------------------------------------------------------------------ */

static void __attribute__((noreturn))
child(struct listener *l, int fd, struct slot *slot)
{
	struct session_conf conf = { .server = l->server, .keys = l->keys, .options = l->options,
		.admitted = &slot->admitted };
	char peer[PEER_TEXT], self[PEER_TEXT], both[2 * PEER_TEXT + 1], name[48];

	loop_free(l->loop);
	fd_close(&l->fd);
	(void)snprintf(name, sizeof name, "staragent[%u]", l->count);
	log_rename(name);
	show_end(fd, getpeername, peer, sizeof peer);
	show_end(fd, getsockname, self, sizeof self);
	(void)snprintf(both, sizeof both, "%s %s", peer, self);
	conf.peer = peer;
	conf.connection = strcmp(peer, "unix") == 0 ? NULL : both;
	sandbox_title("staragent: connection %u", l->count);
	_exit(session_run(&conf, fd));
}

static struct slot *
find_slot(struct listener *l, pid_t pid)
{
	for (unsigned i = 0; i < l->options->connections_max; i++)
		if (l->slots[i].pid == pid)
			return &l->slots[i];
	return NULL;
}

/* Full: the oldest that has not proven its key makes room for the next one. */
static void
make_room(struct listener *l)
{
	struct slot *oldest = NULL;

	for (unsigned i = 0; i < l->options->connections_max; i++) {
		struct slot *s = &l->slots[i];

		if (s->pid != 0 && !atomic_load(&s->admitted) &&
		    (oldest == NULL || s->since.us < oldest->since.us))
			oldest = s;
	}
	log_warn("full: %u connections: %s", l->used, oldest != NULL
	    ? "the oldest without a proven key ends" : "the new one is refused");
	if (oldest != NULL)
		(void)kill(oldest->pid, SIGKILL);
}

static void
serve(struct listener *l, int fd)
{
	struct slot *slot = find_slot(l, 0);
	pid_t pid;               /* the slot is shared: the child must not store its 0 there */

	if (slot == NULL) {
		make_room(l);
		(void)close(fd);
		return;
	}
	l->count++;
	slot->since = clock_mono();
	atomic_store(&slot->admitted, false);
	pid = fork();
	if (pid == 0)
		child(l, fd, slot);
	if (pid < 0) {
		log_error("cannot fork: %s", strerror(errno));
	} else {
		slot->pid = pid;
		l->used++;
	}
	(void)close(fd);
}

static void
on_connection(void *arg, int fd, uint32_t events)
{
	struct listener *l = arg;
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (peer >= 0)
		serve(l, peer);
	else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
		log_error("cannot accept: %s", strerror(errno));
}

/* Orphans of connections that were killed: they are children of this process now. */
static void
sweep(void *arg)
{
	struct listener *l = arg;
	pid_t live[OPTIONS_CONNECTIONS_MAX];
	struct descend_families f = { .live = live };

	for (unsigned i = 0; i < l->options->connections_max; i++)
		if (l->slots[i].pid != 0)
			live[f.nlive++] = l->slots[i].pid;
	if (descend_orphans(SIGKILL, &f) > 0)
		loop_timer_start(l->loop, &l->sweep, SWEEP_MS, sweep, l);
}

static void
on_child(void *arg, int signo)
{
	struct listener *l = arg;
	struct slot *slot;
	int status;
	pid_t pid;

	(void)signo;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		slot = find_slot(l, pid);
		if (slot == NULL)
			continue;
		slot->pid = 0;
		l->used--;
		if (WIFSIGNALED(status))
			log_warn("connection ended by signal %d%s", WTERMSIG(status),
			    WTERMSIG(status) == SIGPROF ? ": it was spinning" : "");
		if ((!WIFEXITED(status) || WEXITSTATUS(status) != 0) &&
		    !loop_timer_is_running(&l->sweep))
			loop_timer_start(l->loop, &l->sweep, 0, sweep, l);
	}
	if (l->stopping && l->used == 0 && !loop_timer_is_running(&l->sweep))
		loop_stop(l->loop, 0);
}

static void
stop_now(void *arg)
{
	struct listener *l = arg;

	loop_stop(l->loop, 0);
}

static void
on_stop(void *arg, int signo)
{
	struct listener *l = arg;

	if (l->stopping)
		return;
	l->stopping = true;
	log_info("stops: signal %d: %u connections", signo, l->used);
	loop_del(l->loop, l->fd);
	fd_close(&l->fd);
	if (strncmp(l->options->listen, "unix:", 5) == 0)
		(void)unlink(l->options->listen + 5);
	for (unsigned i = 0; i < l->options->connections_max; i++)
		if (l->slots[i].pid > 0)
			(void)kill(l->slots[i].pid, SIGTERM);
	loop_timer_start(l->loop, &l->stop, l->used > 0 ? STOP_MS : 0, stop_now, l);
}

int
listen_run(const struct options *o, struct server *sv, const struct authorized *keys, int fd)
{
	struct listener l = { .options = o, .server = sv, .keys = keys, .fd = fd };
	size_t n = o->connections_max * sizeof *l.slots;
	int rc;

	l.slots = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l.slots == MAP_FAILED)
		return -errno;
	l.loop = loop_new();
	if (l.loop == NULL)
		return -errno;
	if ((rc = descend_adopt()) == 0 &&
	    (rc = loop_signal(l.loop, SIGCHLD, on_child, &l)) == 0 &&
	    (rc = loop_signal(l.loop, SIGTERM, on_stop, &l)) == 0 &&
	    (rc = loop_signal(l.loop, SIGINT, on_stop, &l)) == 0 &&
	    (rc = loop_add(l.loop, fd, EPOLLIN, on_connection, &l)) == 0)
		rc = loop_run(l.loop);
	loop_free(l.loop);
	(void)munmap(l.slots, n);
	return rc;
}
