/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Nobody sleeps over a packet.  A client and a server of libssh in one process: what the server sends is taken in while
 * another channel is asked for its bytes, so that the socket is empty and only the wire can tell that there is more to do.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libssh/server.h>

#include "base/fd.h"
#include "front/wire.h"
#include "tests/tap.h"

#define ROUNDS 10000

static struct {
	ssh_session client, server;
	ssh_event of_client, of_server;
	ssh_channel mine, other, theirs[2];
	struct wire wire;
} pair;

static int
on_none(ssh_session s, const char *user, void *arg)
{
	(void)s, (void)user, (void)arg;
	return SSH_AUTH_SUCCESS;
}

static ssh_channel
on_channel(ssh_session s, void *arg)
{
	int n = pair.theirs[0] != NULL;

	(void)arg;
	return n == 1 && pair.theirs[1] != NULL ? NULL : (pair.theirs[n] = ssh_channel_new(s));
}

static bool
server_open(int fd)
{
	static struct ssh_server_callbacks_struct callbacks = { .auth_none_function = on_none,
		.channel_open_request_session_function = on_channel };
	ssh_bind b = ssh_bind_new();
	ssh_key key = NULL;
	bool no = false;
	int r = b == NULL || ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key) != SSH_OK;

	if (r == 0)
		r = ssh_bind_options_set(b, SSH_BIND_OPTIONS_PROCESS_CONFIG, &no) | ssh_bind_options_set(b, SSH_BIND_OPTIONS_IMPORT_KEY, key);
	pair.server = ssh_new();
	if (r == 0)
		r = ssh_bind_accept_fd(b, pair.server, fd);
	ssh_bind_free(b);
	ssh_callbacks_init(&callbacks);
	(void)ssh_set_server_callbacks(pair.server, &callbacks);
	ssh_set_auth_methods(pair.server, SSH_AUTH_METHOD_NONE);
	ssh_set_blocking(pair.server, 0);
	return r == SSH_OK;
}

static bool
client_open(int fd)
{
	int no = 0;

	pair.client = ssh_new();
	ssh_set_blocking(pair.client, 0);
	return ssh_options_set(pair.client, SSH_OPTIONS_PROCESS_CONFIG, &no) == SSH_OK &&
	    ssh_options_set(pair.client, SSH_OPTIONS_HOST, "pair") == SSH_OK &&
	    ssh_options_set(pair.client, SSH_OPTIONS_SSH_DIR, "/proc/none") == SSH_OK &&
	    ssh_options_set(pair.client, SSH_OPTIONS_USER, "somebody") == SSH_OK &&
	    ssh_options_set(pair.client, SSH_OPTIONS_FD, &fd) == SSH_OK;
}

/* One step of the client, one of the server, until the client's is done. */
static bool
until(int (*step)(void))
{
	int r = SSH_AGAIN;

	for (int i = 0; i < ROUNDS && r == SSH_AGAIN; i++) {
		r = step();
		if (pair.of_server == NULL) {
			if (ssh_handle_key_exchange(pair.server) == SSH_OK && (pair.of_server = ssh_event_new()) != NULL)
				(void)ssh_event_add_session(pair.of_server, pair.server);
		} else {
			(void)ssh_event_dopoll(pair.of_server, 0);
		}
	}
	return r == SSH_OK;
}

static int
connect_step(void)
{
	return ssh_connect(pair.client);
}

static int
login_step(void)
{
	int r = ssh_userauth_none(pair.client, NULL);

	return r == SSH_AUTH_AGAIN ? SSH_AGAIN : r == SSH_AUTH_SUCCESS ? SSH_OK : SSH_ERROR;
}

static int
mine_step(void)
{
	return ssh_channel_open_session(pair.mine);
}

static int
other_step(void)
{
	return ssh_channel_open_session(pair.other);
}

static bool
both_open(struct loop *loop)
{
	int fds[2], mine;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0 || !server_open(fds[0]) || !client_open(fds[1]) ||
	    !until(connect_step) || !until(login_step))
		return false;
	mine = ssh_get_fd(pair.client);
	(void)fd_set_nonblock(mine);         /* libssh's client role makes it blocking */
	pair.mine = ssh_channel_new(pair.client);
	pair.other = ssh_channel_new(pair.client);
	return until(mine_step) && until(other_step) && wire_open(&pair.wire, loop, pair.client, mine) == 0 &&
	    wire_start_events(&pair.wire) == 0;
}

static void
server_says(const char *what)
{
	(void)ssh_channel_write(pair.theirs[0], what, (uint32_t)strlen(what));
	(void)ssh_event_dopoll(pair.of_server, 0);
}

static void
take_in(void)
{
	wire_step(&pair.wire);
	(void)wire_has_moved(&pair.wire);
}

int
main(void)
{
	struct loop *loop = loop_new();
	char got[8] = "";
	uint64_t then;

	if (!ok(both_open(loop), "two ends with two channels"))
		return tap_done();
	take_in();
	ok(!wire_rearm(&pair.wire), "where nothing came there is nothing to do");
	ok(ssh_channel_poll(pair.mine, 0) == 0, "the first channel is asked, and has nothing");
	server_says("echo");
	ok(ssh_channel_poll(pair.other, 0) == 0, "the second channel is asked, and has nothing");
	then = wire_packets(&pair.wire);
	ok(!wire_is_looked_at(&pair.wire, then), "but something came meanwhile, and nobody has looked at it");
	ok(wire_rearm(&pair.wire), "the first has something since: there is another turn");
	take_in();
	ok(ssh_channel_read_nonblocking(pair.mine, got, sizeof(got), 0) == 4, "which finds it");
	ok(!wire_rearm(&pair.wire), "and after that nobody is woken for nothing");
	ok(wire_is_looked_at(&pair.wire, then), "what came then has been looked at");
	server_says("echo");
	(void)ssh_channel_poll(pair.other, 1);
	ok(wire_is_looked_at(&pair.wire, then) && !wire_is_looked_at(&pair.wire, wire_packets(&pair.wire)),
	    "and does not wait for what comes later");
	ok(wire_rearm(&pair.wire), "the same where the errors of another channel are asked for");
	wire_close(&pair.wire);
	ssh_event_free(pair.of_server);
	ssh_free(pair.server);
	loop_free(loop);
	return tap_done();
}
