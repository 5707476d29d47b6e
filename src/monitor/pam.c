/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The life of a PAM child:
 *
 *	authenticate (conversation rounds as MSG_PAM_PROMPT / MSG_PAM_ANSWER) → MSG_PAM_RESULT
 *	MSG_LOGIN_OPEN → account, credentials, session → MSG_LOGIN_OPENED
 *	the channel closes → session closed, credentials deleted, exit
 *
 * It blocks as PAM modules do; it harms nobody else.  All messages of one round go out
 * together, in order; what modules only say (TEXT_INFO, ERROR_MSG) travels as instruction
 * with the next prompts, or with the result; what is beyond SAID_MAX nobody sees.
 *
 * The monitor ends one that hangs; that is also true of one whose monitor has gone, by alarm(2).
 */
#include <errno.h>
#include <poll.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/secret.h"
#include "monitor/pam.h"
#include "msg/chan.h"

#define ANSWER_TIMEOUT_MS 120000
#define ANSWER_MAX        512
#define SAID_MAX          3072             /* fits into each message that carries it */
#define HANG_S            180
#define CLOSE_S           30

struct talk {
	struct chan *chan;
	struct buf said, answers;
	unsigned answers_n;
	bool got_answer, got_open;
};

static void
message(void *arg, struct chan *c, struct chan_in *in)
{
	struct talk *t = arg;
	const struct msg_pam_answer *a = in->message;

	(void)c;
	if (in->type == MSG_PAM_ANSWER) {
		buf_clear(&t->answers);
		t->answers_n = a->count;
		t->got_answer = buf_slice_append(&t->answers, a->answers) == 0;
	}
	if (in->type == MSG_LOGIN_OPEN)
		t->got_open = true;
}

/* A line more of what modules say, as much of it as there is room for, in whole characters. */
static int
say(struct talk *t, const char *text)
{
	size_t n = strlen(text), room = SAID_MAX - t->said.len;

	if (room < 2)
		return 0;
	if (n > room - 1)
		for (n = room - 1; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
			;
	return buf_printf(&t->said, "%.*s\n", (int)n, text);
}

/* What modules say without asking; prompts into the round's message. */
static int
round_collect(struct talk *t, int n, const struct pam_message **msgs, struct buf *prompts, uint32_t *count)
{
	int r = 0;

	*count = 0;
	for (int i = 0; r == 0 && i < n; i++) {
		const char *text = msgs[i]->msg != NULL ? msgs[i]->msg : "";
		int style = msgs[i]->msg_style;

		if (style == PAM_TEXT_INFO || style == PAM_ERROR_MSG) {
			r = say(t, text);
			continue;
		}
		if (style != PAM_PROMPT_ECHO_ON && style != PAM_PROMPT_ECHO_OFF)
			return -EINVAL;
		++*count;
		r = buf_u8(prompts, style == PAM_PROMPT_ECHO_ON);
		if (r == 0)
			r = buf_u32(prompts, (uint32_t)strlen(text));
		if (r == 0)
			r = buf_text(prompts, text);
	}
	return r;
}

static char *
answer_take(struct slice *answers)
{
	struct slice one;
	uint32_t n;

	if (!take_u32(answers, &n) || n > ANSWER_MAX || !take_bytes(answers, n, &one))
		return NULL;
	return memchr(one.p, '\0', one.n) == NULL ? slice_dup(one) : NULL;
}

static void
responses_free(struct pam_response *res, int n)
{
	for (int i = 0; i < n; i++)
		if (res[i].resp != NULL) {
			secret_wipe(res[i].resp, strlen(res[i].resp));
			free(res[i].resp);
		}
	free(res);
}

static int
responses_make(struct talk *t, int n, const struct pam_message **msgs, struct pam_response **resp)
{
	struct pam_response *res = calloc((size_t)n, sizeof(*res));
	struct slice left = buf_slice(&t->answers);

	for (int i = 0; res != NULL && i < n; i++) {
		if (msgs[i]->msg_style != PAM_PROMPT_ECHO_ON && msgs[i]->msg_style != PAM_PROMPT_ECHO_OFF)
			continue;
		res[i].resp = answer_take(&left);
		if (res[i].resp == NULL) {
			responses_free(res, n);
			res = NULL;
		}
	}
	secret_wipe(t->answers.p, t->answers.len);
	buf_clear(&t->answers);
	*resp = res;
	return res != NULL ? PAM_SUCCESS : PAM_CONV_ERR;
}

static int
wait_for(struct talk *t, const bool *what)
{
	while (!*what)
		if (chan_wait(t->chan, ANSWER_TIMEOUT_MS) != 0)
			return -EPIPE;
	return 0;
}

static int
converse(int n, const struct pam_message **msgs, struct pam_response **resp, void *arg)
{
	struct talk *t = arg;
	struct msg_pam_prompt msg = { 0 };
	struct buf prompts;
	int r;

	if (n <= 0 || n > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	(void)alarm(HANG_S);
	buf_init(&prompts, 16384);
	r = round_collect(t, n, msgs, &prompts, &msg.count);
	if (r == 0 && msg.count > 0) {
		msg.instruction = buf_slice(&t->said);
		msg.prompts = buf_slice(&prompts);
		t->got_answer = false;
		r = chan_send(t->chan, MSG_PAM_PROMPT, &msg);
		if (r == 0)
			r = wait_for(t, &t->got_answer);
		if (r == 0 && t->answers_n != msg.count)
			r = -EBADMSG;
		buf_clear(&t->said);
	}
	buf_done(&prompts);
	return r == 0 ? responses_make(t, n, msgs, resp) : PAM_CONV_ERR;
}

static int
phase_authenticate(pam_handle_t *pam, struct talk *t)
{
	int p = pam_authenticate(pam, PAM_DISALLOW_NULL_AUTHTOK);
	const void *user = NULL;
	struct msg_pam_result msg = { .ok = p == PAM_SUCCESS };

	/* A module may have renamed the user. */
	if (p == PAM_SUCCESS && pam_get_item(pam, PAM_USER, &user) == PAM_SUCCESS && user != NULL)
		msg.user = slice_from(user);
	msg.text = t->said.len > 0 ? buf_slice(&t->said) : slice_from(p == PAM_SUCCESS ? "" : "authentication failed");
	(void)chan_send(t->chan, MSG_PAM_RESULT, &msg);
	buf_clear(&t->said);
	return p;
}

static int
phase_account(pam_handle_t *pam)
{
	int p = pam_acct_mgmt(pam, 0);

	if (p == PAM_NEW_AUTHTOK_REQD)
		p = pam_chauthtok(pam, PAM_CHANGE_EXPIRED_AUTHTOK);
	return p;
}

/* How far it came decides what must be undone. */
static int
phase_session(pam_handle_t *pam, bool *creds, bool *session)
{
	int p = phase_account(pam);

	if (p == PAM_SUCCESS)
		*creds = (p = pam_setcred(pam, PAM_ESTABLISH_CRED)) == PAM_SUCCESS;
	if (p == PAM_SUCCESS)
		*session = (p = pam_open_session(pam, 0)) == PAM_SUCCESS;
	return p;
}

static int
serve(pam_handle_t *pam, struct talk *t, const struct pam_options *o)
{
	bool creds = false, session = false;
	struct msg_login_opened msg = { 0 };
	int p = PAM_SUCCESS;

	if (o->authenticate)
		p = phase_authenticate(pam, t);
	if (p != PAM_SUCCESS || wait_for(t, &t->got_open) != 0)
		return p;
	(void)alarm(HANG_S);
	p = phase_session(pam, &creds, &session);
	(void)alarm(0);
	msg.ok = p == PAM_SUCCESS;
	msg.text = t->said.len > 0 ? buf_slice(&t->said) : slice_from(p == PAM_SUCCESS ? "" : pam_strerror(pam, p));
	(void)chan_send(t->chan, MSG_LOGIN_OPENED, &msg);
	while (p == PAM_SUCCESS && chan_wait(t->chan, 3600 * 1000) != -EPIPE)
		continue;
	(void)alarm(CLOSE_S);
	if (session)
		(void)pam_close_session(pam, 0);
	if (creds)
		(void)pam_setcred(pam, PAM_DELETE_CRED);
	return p;
}

int
pam_serve(const struct pam_options *o, int fd)
{
	struct talk t = { 0 };
	struct pam_conv conv = { converse, &t };
	pam_handle_t *pam = NULL;
	int p;

	(void)alarm(HANG_S);
	buf_init(&t.said, SAID_MAX + 1);
	buf_init(&t.answers, 16384);
	t.chan = chan_new(NULL, fd, LINK_PAM_OF_MONITOR, message, &t);
	if (t.chan == NULL)
		return 1;
	p = pam_start(o->service, o->user, &conv, &pam);
	if (p == PAM_SUCCESS) {
		(void)pam_set_item(pam, PAM_RHOST, o->rhost);
		(void)pam_set_item(pam, PAM_TTY, "ssh");
		p = serve(pam, &t, o);
		(void)pam_end(pam, p);
	}
	chan_free(t.chan);
	buf_done(&t.said);
	buf_done(&t.answers);
	return p == PAM_SUCCESS ? 0 : 1;
}
