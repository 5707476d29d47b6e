/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/accept.h"
#include "base/fd.h"
#include "base/secret.h"

#define SOCKETS     2                /* IPv4 and IPv6 */
#define BACKLOG     16
#define NAME_LEN    10
#define CHILD_MS    2000             /* for a socket that is made here */

struct accept {
	const struct line *line;
	int fds[SOCKETS];                /* -1: none */
	bool ready, paused;
	char address[DIAL_NAME_MAX + 1]; /* of a port */
	int port;
	char path[ACCEPT_PATH_MAX];      /* of the agent's socket, or "" */
	pid_t child;
	int leash;                       /* when it closes the child takes the socket away */
};

static void
on_ready(void *arg, int fd, uint32_t events)
{
	(void)fd, (void)events;
	((struct accept *)arg)->ready = true;
}

static struct accept *
accept_new(const struct line *line)
{
	struct accept *a = malloc(sizeof *a);

	if (a != NULL)
		*a = (struct accept){ .line = line, .fds = { -1, -1 }, .leash = -1 };
	return a;
}

/* ---- a port ---- */

static int
bind_at(const struct sockaddr *sa, socklen_t n)
{
	int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1, r;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (sa->sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (bind(fd, sa, n) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	r = -errno;
	fd_close(&fd);
	return r;
}

static int
bind_v4(struct in_addr addr, int port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr = addr, .sin_port = htons((uint16_t)port) };

	return bind_at((struct sockaddr *)&sa, sizeof sa);
}

static int
bind_v6(struct in6_addr addr, int port)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_addr = addr, .sin6_port = htons((uint16_t)port) };

	return bind_at((struct sockaddr *)&sa, sizeof sa);
}

static int
port_of(int fd)
{
	struct sockaddr_storage sa;
	socklen_t n = sizeof sa;

	if (getsockname(fd, (struct sockaddr *)&sa, &n) < 0)
		return 0;
	return ntohs(sa.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&sa)->sin6_port : ((struct sockaddr_in *)&sa)->sin_port);
}

/* Both families where there are both; one of them is enough.  0 or a negative code. */
static int
bind_both(struct accept *a, struct in_addr v4, struct in6_addr v6, int port)
{
	int r = bind_v4(v4, port);

	a->fds[0] = r < 0 ? -1 : r;
	a->fds[1] = bind_v6(v6, r >= 0 && port == 0 ? port_of(r) : port);
	if (a->fds[1] < 0) {
		r = r < 0 && a->fds[1] != -EAFNOSUPPORT ? a->fds[1] : r;
		a->fds[1] = -1;
	}
	return a->fds[0] >= 0 || a->fds[1] >= 0 ? 0 : r;
}

/* Names are not resolved: the answer is wanted at once. */
static int
bind_address(struct accept *a, const char *address, int port)
{
	const struct in_addr any = { htonl(INADDR_ANY) }, loopback = { htonl(INADDR_LOOPBACK) };
	struct in_addr v4;
	struct in6_addr v6;
	int r;

	if (address[0] == '\0' || strcmp(address, "*") == 0)
		return bind_both(a, any, in6addr_any, port);
	if (strcmp(address, "localhost") == 0)
		return bind_both(a, loopback, in6addr_loopback, port);
	if (inet_pton(AF_INET, address, &v4) == 1)
		r = bind_v4(v4, port);
	else if (inet_pton(AF_INET6, address, &v6) == 1)
		r = bind_v6(v6, port);
	else
		r = -EADDRNOTAVAIL;
	a->fds[0] = r < 0 ? -1 : r;
	return r < 0 ? r : 0;
}

static int
watch_all(struct accept *a)
{
	int r = 0;

	for (int i = 0; i < SOCKETS && r >= 0; i++)
		if (a->fds[i] >= 0)
			r = loop_add(a->line->loop, a->fds[i], EPOLLIN, on_ready, a);
	return r;
}

struct accept *
accept_port(const struct line *line, const char *address, int *port, struct err *e)
{
	struct accept *a = strlen(address) > DIAL_NAME_MAX ? NULL : accept_new(line);
	int r = a == NULL ? -ENOMEM : bind_address(a, address, *port);

	if (r == 0)
		r = watch_all(a);
	if (r < 0) {
		accept_free(a);
		(void)err_set(e, r, "cannot listen: %s", strerror(-r));
		return NULL;
	}
	(void)snprintf(a->address, sizeof a->address, "%s", address);
	a->port = *port = port_of(a->fds[0] >= 0 ? a->fds[0] : a->fds[1]);
	return a;
}

bool
accept_is_port(const struct accept *a, const char *address, int port)
{
	return a->path[0] == '\0' && a->port == port && strcmp(a->address, address) == 0;
}

/* ---- the agent's socket ---- */

static int
make_socket(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	char dir[ACCEPT_PATH_MAX];
	int fd;

	(void)snprintf(dir, sizeof dir, "%s", path);
	*strrchr(dir, '/') = '\0';
	(void)snprintf(sa.sun_path, sizeof sa.sun_path, "%s", path);
	(void)umask(077);
	if (mkdir(dir, 0700) < 0)
		return -errno;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof sa) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	return fd;
}

static void
remove_socket(const char *path)
{
	char dir[ACCEPT_PATH_MAX];

	(void)unlink(path);
	(void)snprintf(dir, sizeof dir, "%s", path);
	*strrchr(dir, '/') = '\0';
	(void)rmdir(dir);
}

/* Stays until the leash is let go: the directory is the account's, and nobody else can clear it away. */
static _Noreturn void
keeper(const struct account *account, const char *path, int leash)
{
	struct pollfd p = { .fd = 3, .events = POLLIN };
	int r, fd = -1;

	(void)signal(SIGHUP, SIG_IGN);
	if (dup2(leash, 3) != 3)
		_exit(1);
	(void)close_range(4, ~0u, 0);
	r = account_become(account);
	if (r == 0)
		r = fd = make_socket(path);
	if (fd >= 0)
		r = 0;
	(void)fd_send(3, &r, sizeof r, &fd, r == 0 ? 1 : 0);
	fd_close(&fd);
	while (r == 0 && poll(&p, 1, -1) < 0 && errno == EINTR)
		continue;
	remove_socket(path);
	_exit(0);
}

static int
choose_path(struct accept *a)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEF";
	unsigned char random[NAME_LEN];
	char name[NAME_LEN + 1] = "";

	if (secret_random(random, sizeof random) != 0)
		return -EIO;
	for (int i = 0; i < NAME_LEN; i++)
		name[i] = letters[random[i] % 32];
	(void)snprintf(a->path, sizeof a->path, "/tmp/ssh-%s/agent", name);
	return 0;
}

static int
take_socket(struct accept *a)
{
	struct pollfd p = { .fd = a->leash, .events = POLLIN };
	int fds[FD_PASS_MAX], nfds, code = -EPROTO;

	if (poll(&p, 1, CHILD_MS) <= 0)
		return -ETIMEDOUT;
	if (fd_recv(a->leash, &code, sizeof code, fds, &nfds) != sizeof code)
		return -EPROTO;
	if (code == 0 && nfds == 1) {
		a->fds[0] = fds[0];
		return 0;
	}
	while (nfds > 0)
		fd_close(&fds[--nfds]);
	return code < 0 ? code : -EPROTO;
}

struct accept *
accept_agent(const struct line *line, const struct account *account, struct err *e)
{
	struct accept *a = accept_new(line);
	int pair[2] = { -1, -1 }, r = a == NULL ? -ENOMEM : choose_path(a);

	if (r == 0)
		r = fd_pair(pair);
	if (r == 0) {
		a->child = fork();
		if (a->child == 0)
			keeper(account, a->path, pair[1]);
		r = a->child < 0 ? -errno : 0;
		fd_close(&pair[1]);
		a->leash = pair[0];
	}
	if (r == 0)
		r = take_socket(a);
	if (r == 0)
		r = watch_all(a);
	if (r >= 0)
		return a;
	accept_free(a);
	(void)err_set(e, r, "no socket for the agent: %s", strerror(-r));
	return NULL;
}

const char *
accept_path(const struct accept *a)
{
	return a->path;
}

pid_t
accept_child(const struct accept *a)
{
	return a->child > 0 ? a->child : 0;
}

/* ---- who connects ---- */

static struct tunnel *
offer(const struct accept *a, int fd, const struct sockaddr_storage *from)
{
	struct tunnel_offer o = { .agent = a->path[0] != '\0', .address = a->address, .port = a->port };
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
	char text[INET6_ADDRSTRLEN] = "";

	if (from->ss_family == AF_INET)
		(void)inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
	else if (from->ss_family == AF_INET6)
		(void)inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
	o.from = text;
	o.from_port = from->ss_family == AF_INET ? ntohs(v4->sin_port) : from->ss_family == AF_INET6 ? ntohs(v6->sin6_port) : 0;
	return tunnel_offer(a->line, fd, &o);
}

struct tunnel *
accept_next(struct accept *a)
{
	struct tunnel *t = NULL;

	for (int i = 0; a->ready && t == NULL && i < SOCKETS; i++) {
		struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
		socklen_t n = sizeof from;
		int fd = a->fds[i] < 0 ? -1 : accept4(a->fds[i], (struct sockaddr *)&from, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0)
			t = offer(a, fd, &from);
	}
	if (t == NULL)
		a->ready = false;
	return t;
}

void
accept_watch(struct accept *a, bool on)
{
	for (int i = 0; i < SOCKETS && a->paused == on; i++)
		if (a->fds[i] >= 0)
			(void)loop_mod(a->line->loop, a->fds[i], on ? EPOLLIN : 0);
	a->paused = !on;
}

void
accept_free(struct accept *a)
{
	if (a == NULL)
		return;
	for (int i = 0; i < SOCKETS; i++) {
		if (a->fds[i] >= 0)
			loop_del(a->line->loop, a->fds[i]);
		fd_close(&a->fds[i]);
	}
	fd_close(&a->leash);
	free(a);
}
