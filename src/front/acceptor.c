/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/table.h"
#include "front/acceptor.h"
#include "front/arrive.h"

#define PREWARM_STEPS 4000

struct kid {
	struct table_node node;          /* by pid */
	uint64_t conn;
};

static const struct front_options *options;
static ssh_bind the_binding;
static struct chan *monitor_chan;
static struct loop *the_loop;
static struct sandbox_filter *front_filter;
static struct table kids;
static bool stopping;

static int
set(ssh_bind b, enum ssh_bind_options_e type, const void *value)
{
	return ssh_bind_options_set(b, type, value) == SSH_OK ? 0 : -EINVAL;
}

/* "ssh-ed25519 AAAA…", as known_hosts has it. */
static int
public_line(ssh_key key, char **ret)
{
	const char *type = ssh_key_type_to_char(ssh_key_type(key));
	char *b64 = NULL;
	size_t n;

	if (ssh_key_type(key) == SSH_KEYTYPE_ECDSA_P256)
		type = "ecdsa-sha2-nistp256";
	if (type == NULL || ssh_pki_export_pubkey_base64(key, &b64) != SSH_OK)
		return -EINVAL;
	n = strlen(type) + strlen(b64) + 2;
	*ret = malloc(n);
	if (*ret != NULL)
		(void)snprintf(*ret, n, "%s %s", type, b64);
	ssh_string_free_char(b64);
	return *ret != NULL ? 0 : -ENOMEM;
}

ssh_bind
acceptor_bind(struct front_options *o, struct err *e)
{
	bool no = false;
	ssh_bind b = ssh_bind_new();
	int r = b != NULL ? 0 : -ENOMEM;

	if (r == 0)
		r |= set(b, SSH_BIND_OPTIONS_PROCESS_CONFIG, &no) | set(b, SSH_BIND_OPTIONS_BANNER, "Fortress_0.1") |
		    set(b, SSH_BIND_OPTIONS_KEY_EXCHANGE, WIRE_KEX) | set(b, SSH_BIND_OPTIONS_CIPHERS_C_S, WIRE_CIPHERS) |
		    set(b, SSH_BIND_OPTIONS_CIPHERS_S_C, WIRE_CIPHERS);
	if (r != 0)
		err_set(e, r, "libssh takes none of our settings");
	for (unsigned i = 0; r == 0 && i < o->host_keys.n; i++) {
		ssh_key key = NULL;

		r = ssh_pki_import_privkey_file(o->host_keys.items[i], NULL, NULL, NULL, &key) == SSH_OK ? 0 : -EINVAL;
		if (r == 0)
			r = public_line(key, &o->host_lines[i]);
		if (r == 0)
			r = set(b, SSH_BIND_OPTIONS_IMPORT_KEY, key);
		if (r != 0)
			err_set(e, r, "%s: not a private key that can be read: make it with ssh-keygen", o->host_keys.items[i]);
	}
	if (r == 0)
		return b;
	ssh_bind_free(b);
	return NULL;
}

static ssh_session
prewarm_client(int fd)
{
	int no = 0;
	ssh_session s = ssh_new();

	if (s == NULL)
		return NULL;
	ssh_set_blocking(s, 0);
	(void)ssh_options_set(s, SSH_OPTIONS_PROCESS_CONFIG, &no);
	(void)ssh_options_set(s, SSH_OPTIONS_HOST, "self");
	(void)ssh_options_set(s, SSH_OPTIONS_USER, "self");
	(void)ssh_options_set(s, SSH_OPTIONS_SSH_DIR, "/nonexistent");
	(void)ssh_options_set(s, SSH_OPTIONS_KNOWNHOSTS, "/dev/null");
	(void)ssh_options_set(s, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null");
	(void)ssh_options_set(s, SSH_OPTIONS_KEY_EXCHANGE, WIRE_KEX);
	(void)ssh_options_set(s, SSH_OPTIONS_FD, &fd);
	return s;
}

/* Both roles in turn; neither may block. */
static bool
prewarm_steps(ssh_session server, ssh_session client, int client_fd)
{
	int s = SSH_AGAIN, c = SSH_AGAIN;

	for (int i = 0; i < PREWARM_STEPS && (s == SSH_AGAIN || c == SSH_AGAIN); i++) {
		if (s == SSH_AGAIN)
			s = ssh_handle_key_exchange(server);
		if (c == SSH_AGAIN)
			c = ssh_connect(client);
		(void)fd_set_nonblock(client_fd);
		if (s == SSH_ERROR || c == SSH_ERROR)
			return false;
	}
	return c == SSH_OK;
}

int
acceptor_prewarm(ssh_bind binding, struct err *e)
{
	ssh_session server = ssh_new(), client = NULL;
	int pair[2];
	bool good = false;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
		return err_set(e, -errno, "socketpair: %s", strerror(errno));
	client = prewarm_client(pair[1]);
	if (server != NULL && client != NULL) {
		ssh_set_blocking(server, 0);
		(void)ssh_options_set(server, SSH_OPTIONS_COMPRESSION, "no");
		good = ssh_bind_accept_fd(binding, server, pair[0]) == SSH_OK && prewarm_steps(server, client, pair[1]);
		if (!good)
			err_set(e, -EPROTO, "the handshake with itself failed: %s / %s", ssh_get_error(server),
			    ssh_get_error(client));
	}
	ssh_free(client);
	ssh_free(server);
	return good ? 0 : -EPROTO;
}

static _Noreturn void
front_main(const struct msg_conn_new *said, const int fds[4])
{
	struct msg_conn_new msg = *said;
	int all[4] = { fds[0], fds[1], fds[2], fds[3] };
	char name[48];

	(void)snprintf(name, sizeof(name), "front[conn %llu]", (unsigned long long)msg.conn);
	log_rename(name);
	loop_leave(the_loop);
	chan_free(monitor_chan);
	loop_free(the_loop);
	if (front_filter != NULL && sandbox_filter_apply(front_filter) != 0)
		_exit(1);
	if (msg.proxied == 1 && arrive(&msg, all) != 0)
		_exit(1);
	front_serve(options, the_binding, &msg, all);
}

static void
conn_start(const struct msg_conn_new *msg, const int fds[4])
{
	struct msg_conn_pid said = { .conn = msg->conn };
	struct kid *k = malloc(sizeof(*k));
	pid_t pid = k != NULL ? fork() : -1;

	if (pid == 0)
		front_main(msg, fds);
	if (pid < 0) {
		log_error("no process for connection %llu: %s", (unsigned long long)msg->conn, strerror(errno));
		free(k);
		return;
	}
	k->conn = msg->conn;
	table_put(&kids, &k->node, (uint64_t)pid);
	said.pid = (uint32_t)pid;
	(void)chan_send(monitor_chan, MSG_CONN_PID, &said);
}

static void
stop_if_idle(void)
{
	if (stopping && kids.n == 0)
		loop_stop(the_loop, 0);
}

static void
conn_ended(pid_t pid, int status)
{
	struct kid *k = TABLE_OWNER(table_find(&kids, (uint64_t)pid), struct kid, node);
	struct msg_conn_end msg = { .pid = (uint32_t)pid, .status = (uint32_t)status };

	if (k == NULL)
		return;
	table_take(&kids, &k->node);
	msg.conn = k->conn;
	free(k);
	if (monitor_chan != NULL)
		(void)chan_send(monitor_chan, MSG_CONN_END, &msg);
}

static void
on_child(void *arg, int signo)
{
	pid_t pid;
	int status;

	(void)arg, (void)signo;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		conn_ended(pid, status);
	stop_if_idle();
}

/* After "stop" the fronts that are open live on, and this process with them. */
void
acceptor_message(void *arg, struct chan *c, struct chan_in *in)
{
	const struct msg_conn_new *msg = in->message;

	(void)arg, (void)c;
	if (in->type == MSG_CONN_NEW && in->nfds == (msg->proxied == 1 ? 2 : 4))
		conn_start(msg, in->fds);
	if (in->type == MSG_STOP || in->type == 0) {
		stopping = true;
		stop_if_idle();
	}
}

int
acceptor_run(const struct front_options *o, ssh_bind binding, struct chan *monitor, struct loop *loop,
    struct sandbox_filter *filter, bool sandboxed)
{
	struct msg_ready ready = { .sandboxed = sandboxed };

	options = o;
	the_binding = binding;
	monitor_chan = monitor;
	the_loop = loop;
	front_filter = filter;
	if (loop_signal(loop, SIGCHLD, on_child, NULL) != 0 || chan_send(monitor, MSG_READY, &ready) != 0)
		return 1;
	return loop_run(loop);
}
