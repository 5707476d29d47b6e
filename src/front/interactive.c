/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Two speak by it: the gate, which wants a one-time code, and PAM, whose rounds go by word for word. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "front/interactive.h"
#include "front/login.h"

#define PROMPTS_MAX 16

/* ---- prompts ---- */

static bool
prompts_send(struct front *f, ssh_message m)
{
	const char *texts[PROMPTS_MAX];
	char echo[PROMPTS_MAX], *copies[PROMPTS_MAX] = { NULL };
	struct slice left = buf_slice(&f->prompts), text;
	bool good = f->prompts_n <= PROMPTS_MAX;
	uint8_t e;
	uint32_t n;

	for (unsigned i = 0; good && i < f->prompts_n; i++) {
		good = take_u8(&left, &e) && take_u32(&left, &n) && take_bytes(&left, n, &text) &&
		    (copies[i] = slice_dup(text)) != NULL;
		texts[i] = copies[i];
		echo[i] = (char)e;
	}
	good = good && ssh_message_auth_interactive_request(m, "", f->answer_text, f->prompts_n, texts, echo) == SSH_OK;
	f->begun = good;
	for (unsigned i = 0; i < PROMPTS_MAX; i++)
		free(copies[i]);
	return good;
}

/* The one-time code, with what the gate shows: once, and again after an empty answer.  All of it is the prompt: OpenSSH's client logs an
 * instruction, byte by byte escaped, but prints a prompt as the UTF-8 that it is. */
static void
code_prompt(struct front *f, ssh_message m)
{
	const char *text[1];
	char echo[] = { 1 };
	struct buf prompt;

	buf_init(&prompt, 20000);
	if (f->factor_said[0] != '\0')
		(void)buf_printf(&prompt, "\n%s\n", f->factor_said);
	if (f->factor_text.len > 0 && !f->factor_shown)
		(void)buf_printf(&prompt, "\n%s\n", buf_cstr(&f->factor_text));
	f->factor_shown = true;
	(void)buf_text(&prompt, "One-time code: ");
	text[0] = buf_cstr(&prompt);
	f->begun = true;
	if (ssh_message_auth_interactive_request(m, "", "", 1, text, echo) != SSH_OK)
		(void)ssh_message_reply_default(m);
	secret_wipe(prompt.p, prompt.len);
	buf_done(&prompt);
}

/* The end of a keyboard-interactive exchange.  Where a code and PAM both may come, the other one is asked for next time. */
static void
interactive_end(struct front *f, ssh_message m, enum login l)
{
	if (l == LOGIN_YES) {
		secret_wipe(f->factor_text.p, f->factor_text.len);
		buf_clear(&f->factor_text);
		(void)ssh_message_auth_reply_success(m, 0);
	} else if (l == LOGIN_MORE && f->interactive == METHOD_TOTP) {
		login_offer(f);
		code_prompt(f, m);
	} else if (l == LOGIN_MORE) {
		login_offer(f);
		(void)ssh_message_auth_reply_success(m, 1);
	} else {
		if ((f->next & (METHOD_TOTP | METHOD_INTERACTIVE)) == (METHOD_TOTP | METHOD_INTERACTIVE))
			f->interactive ^= METHOD_TOTP | METHOD_INTERACTIVE;
		(void)ssh_message_reply_default(m);
	}
}

static void
code_answer(struct front *f, ssh_message m)
{
	const char *code = ssh_userauth_kbdint_getnanswers(f->door.wire.ssh) == 1 ?
	    ssh_userauth_kbdint_getanswer(f->door.wire.ssh, 0) : NULL;
	struct msg_factor msg = { .code = slice_from(code != NULL ? code : "") };
	enum login l;

	if (msg.code.n > 64)
		msg.code.n = 64;
	f->factor_shown = msg.code.n > 0;
	l = login_step(f, MSG_FACTOR, &msg, "totp");
	(void)snprintf(f->factor_said, sizeof(f->factor_said), "%.150s", l == LOGIN_NO && f->answered == MSG_LOGIN_ANSWER ? f->answer_text : "");
	interactive_end(f, m, l);
}

/* The monitor's next word: another round, or the result. */
static void
pam_next(struct front *f, ssh_message m)
{
	(void)login_wait(f, f->monitor, MSG_PAM_PROMPT, MSG_PAM_RESULT, LOGIN_PAM_MS);
	if (f->answered == MSG_PAM_PROMPT && prompts_send(f, m))
		return;
	if (f->answered == MSG_PAM_RESULT && f->answer_ok) {
		interactive_end(f, m, login_finish(f, "keyboard-interactive", "", slice_from("")));
		return;
	}
	login_failed(f, "keyboard-interactive", f->answer_text[0] != '\0' ? f->answer_text : "refused by PAM");
	interactive_end(f, m, LOGIN_NO);
}

static void
kbdint_first(struct front *f, ssh_message m)
{
	struct msg_pam_start msg = { .user = slice_from(f->account), .rhost = slice_from(f->peer) };

	f->answered = 0;
	if (f->account[0] == '\0') {
		login_failed(f, "keyboard-interactive", "that is not a user name");
	} else if (chan_send(f->monitor, MSG_PAM_START, &msg) == 0) {
		pam_next(f, m);
		return;
	}
	(void)ssh_message_reply_default(m);
}

static void
kbdint_answers(struct front *f, ssh_message m)
{
	struct msg_pam_answer msg = { 0 };
	int n = ssh_userauth_kbdint_getnanswers(f->door.wire.ssh);
	struct buf b;
	const char *answer;

	buf_init(&b, 16384);
	for (int i = 0; i < n && i < PROMPTS_MAX; i++) {
		answer = ssh_userauth_kbdint_getanswer(f->door.wire.ssh, (unsigned)i);
		answer = answer != NULL ? answer : "";
		if (buf_u32(&b, (uint32_t)strlen(answer)) == 0 && buf_text(&b, answer) == 0)
			msg.count++;
	}
	msg.answers = buf_slice(&b);
	f->answered = 0;
	if (chan_send(f->monitor, MSG_PAM_ANSWER, &msg) == 0)
		pam_next(f, m);
	else
		(void)ssh_message_reply_default(m);
	secret_wipe(b.p, b.len);
	buf_done(&b);
}

/* A code came with the name, but no key of the client signed: say what to do instead of only failing. */
static void
kbdint_none(struct front *f, ssh_message m)
{
	login_failed(f, "keyboard-interactive", "no key of this client is registered");
	(void)ssh_message_reply_default(m);
}

/* Whoever begins anew instead of answering has used up a try: each beginning is a child of the monitor's. */
static bool
may_begin(struct front *f)
{
	if (f->begun)
		login_failed(f, "keyboard-interactive", "a conversation was begun anew");
	f->begun = false;
	return !f->ending;
}

/* Which of the two that speak by keyboard-interactive is it?  False: it is refused. */
static bool
kbdint(struct front *f, ssh_message m)
{
	bool response = ssh_message_auth_kbdint_is_response(m) != 0, code = f->interactive == METHOD_TOTP;

	if (!response && !may_begin(f))
		return false;
	f->begun = false;
	if (!response && !login_pin(f, ssh_message_auth_user(m), "keyboard-interactive"))
		return false;
	if (code && (f->next & METHOD_TOTP) != 0)
		response ? code_answer(f, m) : code_prompt(f, m);
	else if ((f->next & METHOD_INTERACTIVE) != 0)
		response ? kbdint_answers(f, m) : kbdint_first(f, m);
	else
		kbdint_none(f, m);
	return true;
}

void
interactive_take(struct door *d, ssh_message m)
{
	if (!kbdint(d->front, m))
		(void)ssh_message_reply_default(m);
}
