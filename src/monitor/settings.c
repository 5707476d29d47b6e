/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The monitor opens and never reads.  A file that cannot be opened now is said to be so: the gate then lets less in, not more. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/log.h"
#include "monitor/settings.h"

/* Not blocking: a pipe in a file's place must not hold anybody up. */
static int
file_open(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return fd >= 0 ? fd : err_set(e, -errno, "%s: %s", path, strerror(errno));
}

static uint32_t
file_add(const char *path, int fds[2], int *nfds)
{
	struct err e = { 0 };

	if (path == NULL)
		return MSG_FILE_NONE;
	fds[*nfds] = file_open(path, &e);
	if (fds[*nfds] < 0) {
		log_error("%s", e.text);
		return MSG_FILE_UNREADABLE;
	}
	(*nfds)++;
	return MSG_FILE_COMES;
}

void
settings_send(const struct monitor *m)
{
	const struct conf *c = m->conf;
	struct msg_settings msg = { .mfa_period_s = (uint32_t)c->mfa_period_s, .cas_name = slice_from(c->user_cas),
		.revoked_name = slice_from(c->revoked_keys), .methods = slice_from(c->methods) };
	int fds[2], nfds = 0, r;

	msg.cas = file_add(c->user_cas, fds, &nfds);
	msg.revoked = file_add(c->revoked_keys, fds, &nfds);
	r = chan_send_fds(m->children[CHILD_GATE].chan, MSG_SETTINGS, &msg, fds, nfds);
	if (r != 0)
		log_error("the gate does not take its settings: %s", strerror(-r));
	while (nfds > 0)
		fd_close(&fds[--nfds]);
}
