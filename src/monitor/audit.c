/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Why "recording" is asked of the kernel and not of a send's result: with audit disabled
 * every call returns success and records nothing; without CAP_AUDIT_WRITE some return 0.
 */
#include <errno.h>
#include <libaudit.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "monitor/audit.h"

#define ASK_EVERY_MS 5000

static int link_fd = -1;
static enum conf_kernel_audit link_mode;

int
audit_open_link(enum conf_kernel_audit mode, struct err *e)
{
	link_mode = mode;
	if (mode == CONF_AUDIT_OFF)
		return 0;
	if (link_fd < 0)
		link_fd = audit_open();
	if (mode == CONF_AUDIT_REQUIRED && !audit_is_recording())
		return err_set(e, -ENOTSUP, "KernelAudit is required, but the kernel's audit log takes no records: "
		    "run auditctl -e 1 as root, or set KernelAudit wanted");
	return 0;
}

void
audit_close_link(void)
{
	if (link_fd >= 0)
		audit_close(link_fd);
	link_fd = -1;
}

bool
audit_is_recording(void)
{
	static mono_t asked;
	static bool answer;

	if (link_fd < 0)
		return false;
	if (asked.us == 0 || clock_ms_since(asked) > ASK_EVERY_MS) {
		answer = audit_is_enabled(link_fd) > 0;
		asked = clock_mono();
	}
	return answer;
}

bool
audit_may_login(void)
{
	return link_mode != CONF_AUDIT_REQUIRED || audit_is_recording();
}

void
audit_login(const char *user, const char *peer, bool ok)
{
	if (link_fd >= 0)
		(void)audit_log_acct_message(link_fd, AUDIT_USER_LOGIN, NULL, "login", user, -1U, NULL, peer, "ssh", ok);
}

void
audit_logout(const char *user, const char *peer)
{
	if (link_fd >= 0)
		(void)audit_log_acct_message(link_fd, AUDIT_USER_LOGOUT, NULL, "logout", user, -1U, NULL, peer, "ssh", 1);
}

/* name=value with the value quoted, or in hex when it holds what could be mistaken (audit_encode_nv_string). */
static int
pair(struct buf *b, const char *name, struct slice value)
{
	bool plain = true;

	for (size_t i = 0; i < value.n; i++)
		plain = plain && value.p[i] > 0x20 && value.p[i] < 0x7f && value.p[i] != '"';
	if (plain)
		return buf_printf(b, " %s=\"%.*s\"", name, (int)value.n, (const char *)value.p);
	(void)buf_printf(b, " %s=", name);
	return text_hex(b, value);
}

static void
note_session(const struct msg_audit_note *n, const char *user, const char *peer)
{
	int type = n->note == MSG_NOTE_SESSION_START ? AUDIT_USER_START : AUDIT_USER_END;
	struct buf b;

	buf_init(&b, 4096);
	(void)buf_text(&b, "op=target-session");
	(void)pair(&b, "session", n->session);
	(void)pair(&b, "acct", slice_from(user));
	(void)pair(&b, "target", n->host);
	(void)pair(&b, "login", n->login);
	(void)audit_log_user_message(link_fd, type, buf_cstr(&b), NULL, peer, "ssh", n->ok == 1);
	buf_done(&b);
}

void
audit_note(const struct msg_audit_note *n, const char *user, const char *peer)
{
	char command[4096];

	if (link_fd < 0)
		return;
	if (n->note != MSG_NOTE_COMMAND) {
		note_session(n, user, peer);
		return;
	}
	(void)text_escaped(n->text, command, sizeof(command));
	(void)audit_log_user_command(link_fd, AUDIT_USER_CMD, command, "ssh", n->ok == 1);
}
