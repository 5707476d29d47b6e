/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * No group exchange and no group 16 or 18: 163 ms of CPU for whoever knocks.  aes256-gcm first:
 * chacha20 makes libssh rekey every GiB.  No zlib.  The system's libssh configuration is not read.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libssh/libssh.h>
#include <libssh/server.h>

#include "agent/server.h"
#include "base/fd.h"

#define WARM_TURNS 200

struct server {
	ssh_bind bind;
};

static const struct {
	enum ssh_bind_options_e option;
	const char *value;
} texts[] = {
	{ SSH_BIND_OPTIONS_BANNER, "staragent_0.1" },
	{ SSH_BIND_OPTIONS_KEY_EXCHANGE, "curve25519-sha256,curve25519-sha256@libssh.org,"
	    "ecdh-sha2-nistp256,ecdh-sha2-nistp384" },
	{ SSH_BIND_OPTIONS_CIPHERS_C_S, "aes256-gcm@openssh.com,aes128-gcm@openssh.com,"
	    "chacha20-poly1305@openssh.com,aes256-ctr" },
	{ SSH_BIND_OPTIONS_CIPHERS_S_C, "aes256-gcm@openssh.com,aes128-gcm@openssh.com,"
	    "chacha20-poly1305@openssh.com,aes256-ctr" },
	{ SSH_BIND_OPTIONS_HMAC_C_S, "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com" },
	{ SSH_BIND_OPTIONS_HMAC_S_C, "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com" },
	{ SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, "ssh-ed25519" },
};

static int
set_options(ssh_bind bind)
{
	bool no = false;

	if (ssh_bind_options_set(bind, SSH_BIND_OPTIONS_PROCESS_CONFIG, &no) < 0)
		return -EINVAL;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (ssh_bind_options_set(bind, texts[i].option, texts[i].value) < 0)
			return -EINVAL;
	return 0;
}

int
server_new(ssh_key key, struct server **ret, struct err *e)
{
	struct server *sv = calloc(1, sizeof *sv);

	if (sv != NULL)
		sv->bind = ssh_bind_new();
	if (sv == NULL || sv->bind == NULL ||
	    ssh_bind_options_set(sv->bind, SSH_BIND_OPTIONS_IMPORT_KEY, key) < 0) {
		ssh_key_free(key);
		server_free(sv);
		return err_set(e, -ENOMEM, "libssh does not take the host key");
	}
	if (set_options(sv->bind) < 0) {
		server_free(sv);
		return err_set(e, -EINVAL, "libssh does not know an algorithm of ours");
	}
	*ret = sv;
	return 0;
}

void
server_free(struct server *sv)
{
	if (sv == NULL)
		return;
	ssh_bind_free(sv->bind);
	free(sv);
}

ssh_session
server_accept(struct server *sv, int fd)
{
	ssh_session s = ssh_new();

	if (s == NULL) {
		(void)close(fd);
		return NULL;
	}
	ssh_set_blocking(s, 0);
	if (ssh_options_set(s, SSH_OPTIONS_COMPRESSION, "none") < 0 ||
	    ssh_bind_accept_fd(sv->bind, s, fd) != SSH_OK) {
		ssh_free(s);
		return NULL;
	}
	ssh_set_blocking(s, 0);
	return s;
}

static ssh_session
warm_client(int fd)
{
	ssh_session s = ssh_new();
	bool no = false;

	if (s == NULL)
		return NULL;
	ssh_set_blocking(s, 0);
	if (ssh_options_set(s, SSH_OPTIONS_PROCESS_CONFIG, &no) < 0 ||
	    ssh_options_set(s, SSH_OPTIONS_HOST, "self") < 0 ||
	    ssh_options_set(s, SSH_OPTIONS_USER, "self") < 0 ||
	    ssh_options_set(s, SSH_OPTIONS_SSH_DIR, "/nonexistent") < 0 ||
	    ssh_options_set(s, SSH_OPTIONS_KNOWNHOSTS, "/dev/null") < 0 ||
	    ssh_options_set(s, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null") < 0 ||
	    ssh_options_set(s, SSH_OPTIONS_FD, &fd) < 0) {
		ssh_free(s);
		return NULL;
	}
	return s;
}

int
server_warm(struct server *sv)
{
	ssh_session us = NULL, them = NULL;
	int pair[2], rc = -EIO, a = SSH_AGAIN, b = SSH_AGAIN;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	them = warm_client(pair[1]);
	us = server_accept(sv, pair[0]);
	if (them == NULL)
		fd_close(&pair[1]);
	for (int i = 0; us != NULL && them != NULL && i < WARM_TURNS; i++) {
		if (b == SSH_AGAIN)
			b = ssh_connect(them);
		(void)fd_set_nonblock(pair[1]);
		if (a == SSH_AGAIN)
			a = ssh_handle_key_exchange(us);
		if (a == SSH_ERROR || b == SSH_ERROR || (a == SSH_OK && b == SSH_OK))
			break;
	}
	if (a == SSH_OK && b == SSH_OK)
		rc = 0;
	ssh_free(them);
	ssh_free(us);
	return rc;
}
