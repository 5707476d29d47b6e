/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Until somebody is in, there is nothing else to do: gate and monitor are asked synchronously, within limits, since this
 * process serves nobody else.  One answer is on its way at a time; it comes through login_take.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "front/login.h"
#include "msg/ocsf.h"

/* ---- questions ---- */

/* The loop stands still while an answer is waited for, and LoginGraceTime with it. */
static int
patience(const struct front *f, int timeout_ms)
{
	int64_t left = loop_timer_is_running(&f->grace) ? (f->grace.due.us - clock_mono().us) / 1000 : timeout_ms;

	return left < 0 ? 0 : left < timeout_ms ? (int)left : timeout_ms;
}

bool
login_wait(struct front *f, struct chan *c, unsigned type, unsigned other, int timeout_ms)
{
	mono_t start = clock_mono();

	timeout_ms = patience(f, timeout_ms);
	while (f->answered != type && f->answered != other) {
		int64_t left = timeout_ms - clock_ms_since(start);

		if (left <= 0 || chan_wait(c, (int)left) != 0)
			return false;
	}
	return true;
}

bool
login_ask(struct front *f, struct chan *c, unsigned type, const void *message, unsigned answer, int timeout_ms)
{
	f->answered = 0;
	f->answer_ok = false;
	f->answer_text[0] = '\0';
	return chan_send(c, type, message) == 0 && login_wait(f, c, answer, answer, timeout_ms);
}

/* ---- tries ---- */

struct slice
login_claimed(const struct front *f)
{
	return slice_from(f->account[0] != '\0' ? f->account : f->shown);
}

static void
login_tried(struct front *f, const char *method)
{
	struct msg_login_failed failed = { .method = slice_from(method), .user = login_claimed(f) };

	(void)chan_send(f->monitor, MSG_LOGIN_FAILED, &failed);
	if (++f->tries >= f->o->tries_max)
		front_end(f, "too many tries: offer fewer keys, as ssh -o IdentitiesOnly=yes -i KEY does");
}

/* For the operator, who is not to open the audit for it. */
static void
login_log(const struct front *f, const char *method, const char *why)
{
	log_info("login failed: %s: %s: from %s method=%s conn=%llu", f->shown, why, f->peer, method, (unsigned long long)f->conn);
}

void
login_failed(struct front *f, const char *method, const char *why)
{
	char text[1800], detail[128];

	(void)snprintf(detail, sizeof(detail), "{\"method\":\"%s\",\"try\":%u}", method, f->tries + 1);
	(void)snprintf(text, sizeof(text), "%s could not log in: %s", f->shown, why);
	front_event(f, OCSF_LOGIN, 1, 2, false, text, detail);
	login_log(f, method, why);
	login_tried(f, method);
}

/* The gate says once how the name is read: who its user is, and what of it logs may have. */
static bool
name_take(struct front *f, const char *raw)
{
	struct msg_name_ask msg = { .raw = slice_from(raw) };

	f->pinned = true;
	if (strlen(raw) >= sizeof(f->raw)) {
		(void)snprintf(f->shown, sizeof(f->shown), "(a name of %zu bytes)", strlen(raw));
		return false;
	}
	(void)snprintf(f->raw, sizeof(f->raw), "%s", raw);
	if (login_ask(f, f->gate, MSG_NAME_ASK, &msg, MSG_NAME_ANSWER, LOGIN_ANSWER_MS))
		return true;
	front_end(f, "the gate does not answer");
	return false;
}

/* The first request's name stays: one with another, or with none that may be, is a failed try. */
bool
login_pin(struct front *f, const char *raw, const char *method)
{
	if (f->pinned ? f->raw[0] != '\0' && strcmp(f->raw, raw) == 0 : name_take(f, raw))
		return true;
	login_failed(f, method, f->raw[0] != '\0' ? "its client changed the user name" : "at most 255 bytes make a user name");
	return false;
}

/* ---- steps ---- */

/* What the gate has answered it has put on the record itself. */
static void
gate_refused(struct front *f, const char *method)
{
	if (f->answered == MSG_LOGIN_ANSWER) {
		login_log(f, method, f->answer_text);
		login_tried(f, method);
	} else {
		login_failed(f, method, "the gate does not answer");
	}
}

/* The gate has named the user and how; the monitor opens the login. */
static enum login
login_open(struct front *f)
{
	struct msg_login_open open = { .method = slice_from(f->method), .user = slice_from(f->user) };

	if (!login_ask(f, f->monitor, MSG_LOGIN_OPEN, &open, MSG_LOGIN_OPENED, LOGIN_PAM_MS) || !f->answer_ok) {
		login_failed(f, f->method, f->answer_text[0] != '\0' ? f->answer_text : "the account is not open");
		return LOGIN_NO;
	}
	f->door.logged_in = true;
	(void)ssh_set_log_level(SSH_LOG_PROTOCOL);
	loop_timer_stop(&f->grace);
	sandbox_title("front: conn %llu from %s (%s)", (unsigned long long)f->conn, f->peer, f->user);
	return LOGIN_YES;
}

/* Something was proved; the gate lets in, or says what else it wants. */
enum login
login_step(struct front *f, unsigned type, const void *message, const char *method)
{
	f->more = false;
	if (login_ask(f, f->gate, type, message, MSG_LOGIN_ANSWER, LOGIN_ANSWER_MS) && f->answer_ok)
		return login_open(f);
	if (f->more)
		return LOGIN_MORE;
	gate_refused(f, method);
	return LOGIN_NO;
}

enum login
login_finish(struct front *f, const char *method, const char *alg, struct slice blob)
{
	struct msg_login login = { .raw = slice_from(f->raw), .method = slice_from(method), .alg = slice_from(alg),
		.blob = blob };

	return login_step(f, MSG_LOGIN, &login, method);
}

void
login_offer(struct front *f)
{
	int methods = 0;

	methods |= (f->next & (METHOD_PUBLICKEY | METHOD_CERTIFICATE)) != 0 ? SSH_AUTH_METHOD_PUBLICKEY : 0;
	methods |= (f->next & METHOD_PASSWORD) != 0 ? SSH_AUTH_METHOD_PASSWORD : 0;
	methods |= (f->next & (METHOD_INTERACTIVE | METHOD_TOTP)) != 0 ? SSH_AUTH_METHOD_INTERACTIVE : 0;
	ssh_set_auth_methods(f->door.wire.ssh, methods);
}

static unsigned
available(const struct front *f)
{
	return METHOD_PUBLICKEY | METHOD_CERTIFICATE | METHOD_TOTP | (f->o->pam ? METHOD_INTERACTIVE : 0) |
	    (f->o->password ? METHOD_PASSWORD : 0);
}

void
login_init(struct front *f)
{
	(void)methods_parse(f->o->methods, &f->methods, NULL);     /* the monitor has read them already */
	f->next = methods_next(&f->methods) & available(f);
	f->interactive = METHOD_INTERACTIVE;
	login_offer(f);
}

/* ---- answers ---- */

static bool
take_limits(struct front *f, const struct msg_login_answer *a)
{
	f->limits = a->limits;
	free(f->only_command);
	f->only_command = slice_dup(a->command);
	return f->only_command != NULL && slice_copy(a->method, f->method, sizeof(f->method)) == 0;
}

static void
take_login(struct front *f, const struct msg_login_answer *a)
{
	f->answer_ok = a->ok == 1 && slice_copy(a->user, f->user, sizeof(f->user)) == 0 &&
	    slice_copy(a->login, f->door.login, sizeof(f->door.login)) == 0 &&
	    slice_copy(a->host, f->door.host, sizeof(f->door.host)) == 0 && take_limits(f, a);
	f->enrolled = f->answer_ok && a->enrolled != 0;
	if (a->ok == 2) {
		f->next = a->next & available(f);
		f->interactive = a->interactive;
		buf_clear(&f->factor_text);
		f->more = buf_slice_append(&f->factor_text, a->reason) == 0;
		return;
	}
	(void)text_escaped(a->reason, f->answer_text, sizeof(f->answer_text));
}

static void
take_name(struct front *f, const struct msg_name_answer *a)
{
	(void)slice_copy(a->user, f->account, sizeof(f->account));
	(void)slice_copy(a->shown, f->shown, sizeof(f->shown));
}

static void
take_text(struct front *f, bool good, struct slice text)
{
	f->answer_ok = good;
	(void)text_escaped(text, f->answer_text, sizeof(f->answer_text));
}

bool
login_take(struct front *f, const struct chan_in *in)
{
	const struct msg_key_answer *key = in->message;
	const struct msg_pam_prompt *prompt = in->message;
	const struct msg_pam_result *result = in->message;
	const struct msg_login_opened *opened = in->message;

	switch (in->type) {
	case MSG_NAME_ANSWER:
		take_name(f, in->message);
		break;
	case MSG_KEY_ANSWER:
		take_text(f, key->known == 1, key->reason);
		break;
	case MSG_LOGIN_ANSWER:
		take_login(f, in->message);
		break;
	case MSG_LOGIN_OPENED:
		take_text(f, opened->ok == 1, opened->text);
		break;
	case MSG_PAM_PROMPT:
		buf_clear(&f->prompts);
		f->prompts_n = buf_slice_append(&f->prompts, prompt->prompts) == 0 ? prompt->count : 0;
		(void)slice_copy(prompt->instruction, f->answer_text, sizeof(f->answer_text));
		break;
	case MSG_PAM_RESULT:
		take_text(f, result->ok == 1, result->text);
		break;
	default:
		return false;
	}
	f->answered = in->type;
	return true;
}
