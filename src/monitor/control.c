/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Accepts, learns from the kernel who it is (SO_PEERCRED), and hands the connection to
 * the gate.  Only root and the account that started the bastion get that far; the
 * socket's mode says the same.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "monitor/control.h"

static int control_fd = -1;
static char control_path[108];

static void
control_ready(void *arg, int fd, uint32_t events)
{
	struct monitor *m = arg;
	struct ucred cred;
	socklen_t len = sizeof(cred);
	struct msg_client_new msg = { .kind = MSG_CLIENT_CTL, .peer = slice_from("control socket") };
	int sock = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (sock < 0)
		return;
	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 && (cred.uid == 0 || cred.uid == getuid()) &&
	    m->children[CHILD_GATE].ready) {
		msg.conn = ++m->conn_last;
		msg.uid = cred.uid;
		msg.pid = (uint32_t)cred.pid;
		(void)chan_send_fds(m->children[CHILD_GATE].chan, MSG_CLIENT_NEW, &msg, &sock, 1);
	}
	close(sock);
}

int
control_open(struct monitor *m, struct err *e)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int size = 1 << 20;

	if (snprintf(control_path, sizeof(control_path), "%s/run/control.sock", m->state_dir) >= (int)sizeof(control_path))
		return err_set(e, -ENAMETOOLONG, "%s: too long a path for a socket (107 bytes)", m->state_dir);
	memcpy(un.sun_path, control_path, sizeof(control_path));
	control_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control_fd < 0)
		return err_set(e, -errno, "%s: %s", control_path, strerror(errno));
	(void)setsockopt(control_fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	(void)unlink(control_path);
	mode_t old = umask(0077);
	int r = bind(control_fd, (struct sockaddr *)&un, sizeof(un));
	(void)umask(old);
	if (r != 0 || listen(control_fd, 64) != 0)
		return err_set(e, -errno, "%s: %s", control_path, strerror(errno));
	return loop_add(m->loop, control_fd, EPOLLIN, control_ready, m);
}

void
control_close(struct monitor *m)
{
	if (control_fd < 0)
		return;
	loop_del(m->loop, control_fd);
	fd_close(&control_fd);
	(void)unlink(control_path);
}
