/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A host for thousands of sessions in one process: an SSH server on 127.0.0.1 whose shells say LINE_READY and then give back
 * what they get, until LINE_END ends them with exit status 0.  It runs nothing and keeps nothing; where thousands of sshds do not fit.
 *
 *     scale_echo --port N --key FILE --admit FILE.pub [--admit FILE.pub]... [--sessions N]
 *
 * Says "listening" when it does.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <libssh/server.h>

#include "base/fd.h"
#include "base/flags.h"
#include "base/log.h"
#include "tests/bench/scale_line.h"

#define BACKLOG 511
#define ACCEPTS 16                       /* a turn */

struct options {
	uint64_t port, sessions;
	const char *key;
	struct flag_texts admit;
};

static const struct flag flags[] = {
	{ "port", FLAG_NUMBER, offsetof(struct options, port), true, 65535, NULL },
	{ "sessions", FLAG_NUMBER, offsetof(struct options, sessions), false, 100000, NULL },
	{ "key", FLAG_TEXT, offsetof(struct options, key), true, 0, NULL },
	{ "admit", FLAG_TEXTS, offsetof(struct options, admit), true, 0, NULL },
};

struct echo {
	struct loop *loop;
	ssh_bind bind;
	ssh_key admitted[FLAG_TEXTS_MAX];
	unsigned admitted_n;
	uint64_t sessions, sessions_max;
	int fd;
};

struct visitor {
	struct echo *echo;
	struct line line;
	ssh_channel channel;
	bool started, shell, greeted, ended;
	struct ssh_server_callbacks_struct on_session;
	struct ssh_channel_callbacks_struct on_channel;
};

static void
visitor_free(struct visitor *v)
{
	line_close(&v->line);
	v->echo->sessions--;
	free(v);
}

/* ---- what libssh asks ---- */

static int
on_key(ssh_session s, const char *user, struct ssh_key_struct *key, char state, void *arg)
{
	const struct visitor *v = arg;

	(void)s, (void)user;
	if (state != SSH_PUBLICKEY_STATE_NONE && state != SSH_PUBLICKEY_STATE_VALID)
		return SSH_AUTH_DENIED;
	for (unsigned i = 0; i < v->echo->admitted_n; i++)
		if (ssh_key_cmp(v->echo->admitted[i], key, SSH_KEY_CMP_PUBLIC) == 0)
			return SSH_AUTH_SUCCESS;
	return SSH_AUTH_DENIED;
}

static int
on_pty(ssh_session s, ssh_channel ch, const char *term, int cols, int rows, int px, int py, void *arg)
{
	(void)s, (void)ch, (void)term, (void)cols, (void)rows, (void)px, (void)py, (void)arg;
	return 0;
}

static int
on_shell(ssh_session s, ssh_channel ch, void *arg)
{
	(void)s, (void)ch;
	((struct visitor *)arg)->shell = true;       /* libssh answers after this returns: the greeting must wait */
	return 0;
}

static ssh_channel
on_open(ssh_session s, void *arg)
{
	struct visitor *v = arg;

	if (v->channel != NULL || (v->channel = ssh_channel_new(s)) == NULL)
		return NULL;
	v->on_channel = (struct ssh_channel_callbacks_struct){ .userdata = v, .channel_pty_request_function = on_pty,
		.channel_shell_request_function = on_shell };
	ssh_callbacks_init(&v->on_channel);
	(void)ssh_set_channel_callbacks(v->channel, &v->on_channel);
	return v->channel;
}

/* ---- a visitor ---- */

static void
say_goodbye(struct visitor *v)
{
	v->ended = true;
	(void)ssh_channel_request_send_exit_status(v->channel, 0);
	(void)ssh_channel_send_eof(v->channel);
	(void)ssh_channel_close(v->channel);
}

/* Bytes of a key or two: what a window does not take at once would be a load that this is not for. */
static void
give_back(struct visitor *v)
{
	char data[512];
	const char *end;
	int n;

	while (!v->ended && (n = ssh_channel_read_nonblocking(v->channel, data, sizeof(data), 0)) > 0) {
		end = memchr(data, LINE_END, (size_t)n);
		if (end != NULL)
			n = (int)(end - data);
		if (n > 0 && ssh_channel_write(v->channel, data, (uint32_t)n) != n)
			log_warn("an echo was not taken whole");
		if (end != NULL)
			say_goodbye(v);
	}
}

/* False: it is over. */
static bool
visitor_step(struct visitor *v)
{
	if (!v->started) {
		int r = ssh_handle_key_exchange(v->line.ssh);

		if (r == SSH_AGAIN)
			return true;
		if (r != SSH_OK || line_start(&v->line) != 0)
			return false;
		v->started = true;
	}
	if (!line_take_in(&v->line))
		return false;
	if (v->shell && !v->greeted) {
		v->greeted = true;
		(void)ssh_channel_write(v->channel, LINE_READY, sizeof(LINE_READY) - 1);
	}
	if (v->greeted)
		give_back(v);
	return true;
}

static void
visitor_ready(void *arg)
{
	struct visitor *v = arg;

	if (!visitor_step(v) || !line_rearm(&v->line))
		visitor_free(v);
}

static void
visitor_new(struct echo *echo, int fd)
{
	struct visitor *v = calloc(1, sizeof(*v));
	ssh_session s = ssh_new();

	if (v == NULL || s == NULL) {
		free(v);
		ssh_free(s);
		fd_close(&fd);
		return;
	}
	v->echo = echo;
	echo->sessions++;
	v->on_session = (struct ssh_server_callbacks_struct){ .userdata = v, .auth_pubkey_function = on_key,
		.channel_open_request_session_function = on_open };
	ssh_callbacks_init(&v->on_session);
	(void)ssh_set_server_callbacks(s, &v->on_session);
	(void)ssh_options_set(s, SSH_OPTIONS_COMPRESSION, "no");
	ssh_set_auth_methods(s, SSH_AUTH_METHOD_PUBLICKEY);
	ssh_set_blocking(s, 0);
	if (ssh_bind_accept_fd(echo->bind, s, fd) != SSH_OK || line_open(&v->line, echo->loop, s, fd, visitor_ready, v) != 0) {
		log_error("a connection cannot be served: %s", ssh_get_error(s));
		v->line.ssh = s;
		visitor_free(v);
		return;
	}
	ssh_set_blocking(s, 0);
}

/* ---- the server ---- */

static void
listener_ready(void *arg, int fd, uint32_t events)
{
	struct echo *echo = arg;
	int one = 1, c;

	(void)events;
	for (int i = 0; i < ACCEPTS && (c = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0; i++) {
		(void)setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (echo->sessions < echo->sessions_max)
			visitor_new(echo, c);
		else
			fd_close(&c);
	}
}

static void
listen_at(struct echo *echo, uint64_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port) };
	int one = 1;

	echo->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (echo->fd < 0 || setsockopt(echo->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    bind(echo->fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 || listen(echo->fd, BACKLOG) != 0 ||
	    loop_add(echo->loop, echo->fd, EPOLLIN, listener_ready, echo) != 0)
		fatal("127.0.0.1:%llu: %s", (unsigned long long)port, strerror(errno));
}

static void
take_keys(struct echo *echo, const struct options *o)
{
	bool no = false;
	ssh_key key;

	for (unsigned i = 0; i < o->admit.n; i++)
		if (ssh_pki_import_pubkey_file(o->admit.items[i], &echo->admitted[echo->admitted_n++]) != SSH_OK)
			fatal("%s: not a public key", o->admit.items[i]);
	if (ssh_pki_import_privkey_file(o->key, NULL, NULL, NULL, &key) != SSH_OK)
		fatal("%s: not a private key", o->key);
	echo->bind = ssh_bind_new();
	if (echo->bind == NULL || ssh_bind_options_set(echo->bind, SSH_BIND_OPTIONS_PROCESS_CONFIG, &no) != SSH_OK ||
	    ssh_bind_options_set(echo->bind, SSH_BIND_OPTIONS_KEY_EXCHANGE, LINE_KEX) != SSH_OK ||
	    ssh_bind_options_set(echo->bind, SSH_BIND_OPTIONS_IMPORT_KEY, key) != SSH_OK)
		fatal("libssh takes none of our settings");
}

static void
on_stop(void *arg, int signo)
{
	struct echo *echo = arg;

	(void)signo;
	loop_stop(echo->loop, 0);
}

int
main(int argc, char **argv)
{
	struct options o = { .sessions = 10000 };
	struct echo echo = { .loop = loop_new(), .fd = -1 };
	struct err e = { 0 };
	int r;

	log_open("scale_echo", LOG_LEVEL_INFO, STDERR_FILENO);
	if (flags_read(flags, sizeof(flags) / sizeof(flags[0]), &o, argc, argv, &e) != 0 || line_raise_files(o.sessions + 32, &e) != 0)
		fatal("%s", e.text);
	if (echo.loop == NULL || ssh_init() != SSH_OK || loop_signal(echo.loop, SIGTERM, on_stop, &echo) != 0)
		fatal("out of memory");
	echo.sessions_max = o.sessions;
	take_keys(&echo, &o);
	listen_at(&echo, o.port);
	printf("listening\n");
	(void)fflush(stdout);
	r = loop_run(echo.loop);
	loop_del(echo.loop, echo.fd);
	fd_close(&echo.fd);
	for (unsigned i = 0; i < echo.admitted_n; i++)
		ssh_key_free(echo.admitted[i]);
	ssh_bind_free(echo.bind);
	return r;                                    /* what visitors hold goes with the process */
}
