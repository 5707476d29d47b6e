/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Until somebody is in, there is nothing else to do: auth asks gate and monitor synchronously,
 * within limits, since this process serves nobody else.  libssh itself has no limit of tries:
 * tries, packets and time are counted here.  To a signature that is wrong, and to a key of a kind
 * that it does not read, it gives no answer at all and puts no letter in its queue; but it logs
 * each login that comes, so one that came as no letter is such a one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "base/secret.h"
#include "base/text.h"
#include "front/auth.h"
#include "front/door.h"
#include "msg/ocsf.h"

#define ANSWER_MS     10000
#define PAM_ANSWER_MS 130000
#define PROMPTS_MAX   16

/* Before the login: what a client with many keys, or a person with many prompts, does not come near. */
#define EARLY_PACKETS  128
#define EARLY_TRY      8                 /* more for each try that it has */
#define EARLY_BYTES    (512u << 10)

/* The loop stands still while an answer is waited for, and LoginGraceTime with it. */
static int
patience(const struct front *f, int timeout_ms)
{
	int64_t left = loop_timer_is_running(&f->grace) ? (f->grace.due.us - clock_mono().us) / 1000 : timeout_ms;

	return left < 0 ? 0 : left < timeout_ms ? (int)left : timeout_ms;
}

/* Waits until an answer of this type came through auth_take. */
static bool
answer_wait(struct front *f, struct chan *c, unsigned type, int timeout_ms)
{
	mono_t start = clock_mono();

	timeout_ms = patience(f, timeout_ms);
	while (f->answered != type) {
		int64_t left = timeout_ms - clock_ms_since(start);

		if (left <= 0 || chan_wait(c, (int)left) != 0)
			return false;
	}
	return true;
}

static bool
ask(struct front *f, struct chan *c, unsigned type, const void *message, unsigned answer, int timeout_ms)
{
	f->answered = 0;
	f->answer_ok = false;
	f->answer_text[0] = '\0';
	return chan_send(c, type, message) == 0 && answer_wait(f, c, answer, timeout_ms);
}

struct slice
auth_claimed(const struct front *f)
{
	return slice_from(f->account[0] != '\0' ? f->account : f->shown);
}

static void
login_tried(struct front *f, const char *method)
{
	struct msg_login_failed failed = { .method = slice_from(method), .user = auth_claimed(f) };

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

static void
login_failed(struct front *f, const char *method, const char *why)
{
	char text[1800], detail[128];

	(void)snprintf(detail, sizeof(detail), "{\"method\":\"%s\",\"try\":%u}", method, f->tries + 1);
	(void)snprintf(text, sizeof(text), "%s could not log in: %s", f->shown, why);
	front_event(f, OCSF_LOGIN, 1, 2, false, text, detail);
	login_log(f, method, why);
	login_tried(f, method);
}

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
	if (ask(f, f->gate, MSG_NAME_ASK, &msg, MSG_NAME_ANSWER, ANSWER_MS))
		return true;
	front_end(f, "the gate does not answer");
	return false;
}

/* The first request's name stays: one with another, or with none that may be, is a failed try. */
static bool
name_pin(struct front *f, const char *raw, const char *method)
{
	if (f->pinned ? f->raw[0] != '\0' && strcmp(f->raw, raw) == 0 : name_take(f, raw))
		return true;
	login_failed(f, method, f->raw[0] != '\0' ? "its client changed the user name" : "at most 255 bytes make a user name");
	return false;
}

enum login { LOGIN_NO, LOGIN_YES, LOGIN_MORE };

/* The gate has named the user and how; the monitor opens the login. */
static enum login
login_open(struct front *f)
{
	struct msg_login_open open = { .method = slice_from(f->method), .user = slice_from(f->user) };

	if (!ask(f, f->monitor, MSG_LOGIN_OPEN, &open, MSG_LOGIN_OPENED, PAM_ANSWER_MS) || !f->answer_ok) {
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
static enum login
login_step(struct front *f, unsigned type, const void *message, const char *method)
{
	f->more = false;
	if (ask(f, f->gate, type, message, MSG_LOGIN_ANSWER, ANSWER_MS) && f->answer_ok)
		return login_open(f);
	if (f->more)
		return LOGIN_MORE;
	gate_refused(f, method);
	return LOGIN_NO;
}

static enum login
login_finish(struct front *f, const char *method, const char *alg, struct slice blob)
{
	struct msg_login login = { .raw = slice_from(f->raw), .method = slice_from(method), .alg = slice_from(alg),
		.blob = blob };

	return login_step(f, MSG_LOGIN, &login, method);
}

/* The methods' names on the wire, of those that may come now. */
static void
offer(struct front *f)
{
	int methods = 0;

	methods |= (f->next & (METHOD_PUBLICKEY | METHOD_CERTIFICATE)) != 0 ? SSH_AUTH_METHOD_PUBLICKEY : 0;
	methods |= (f->next & METHOD_PASSWORD) != 0 ? SSH_AUTH_METHOD_PASSWORD : 0;
	methods |= (f->next & (METHOD_INTERACTIVE | METHOD_TOTP)) != 0 ? SSH_AUTH_METHOD_INTERACTIVE : 0;
	ssh_set_auth_methods(f->door.wire.ssh, methods);
}

/* What libssh's callbacks return.  The methods must be set before: a client would send its key again, for ever. */
static int
login_result(struct front *f, enum login l)
{
	if (l == LOGIN_MORE)
		offer(f);
	return l == LOGIN_YES ? SSH_AUTH_SUCCESS : l == LOGIN_MORE ? SSH_AUTH_PARTIAL : SSH_AUTH_DENIED;
}

static int
on_none(struct door *d, const char *user)
{
	if (!d->front->pinned)
		(void)name_pin(d->front, user, "none");
	return SSH_AUTH_DENIED;
}

/* Kerberos libssh would do by itself, and look for keys.  Once it has callbacks for that it has no queue any more, so it
 * is the end, too. */
static ssh_string
on_gssapi(ssh_session s, const char *user, int n, ssh_string *oids, void *arg)
{
	struct front *f = arg;

	(void)s, (void)user, (void)n, (void)oids;
	f->door.heard++;
	login_failed(f, "gssapi-with-mic", "this bastion does not know Kerberos");
	front_end(f, "this bastion does not know Kerberos: ssh -o GSSAPIAuthentication=no");
	return NULL;
}

static struct ssh_server_callbacks_struct kerberos = { .gssapi_select_oid_function = on_gssapi };

static bool
key_is_known(struct front *f, const char *alg, struct slice blob)
{
	struct msg_key_ask msg = { .raw = slice_from(f->raw), .alg = slice_from(alg), .blob = blob };

	return ask(f, f->gate, MSG_KEY_ASK, &msg, MSG_KEY_ANSWER, ANSWER_MS) && f->answer_ok;
}

static int
pubkey_decide(struct front *f, ssh_key key, enum ssh_publickey_state_e state)
{
	const char *alg = ssh_key_type_to_char(ssh_key_type(key));
	struct buf blob;
	char *b64 = NULL;
	int r = SSH_AUTH_DENIED;
	bool good;

	buf_init(&blob, 16384);
	good = alg != NULL && ssh_pki_export_pubkey_base64(key, &b64) == SSH_OK &&
	    text_unbase64(&blob, slice_from(b64)) == 0 && key_is_known(f, alg, buf_slice(&blob));
	if (good && state == SSH_PUBLICKEY_STATE_VALID)
		r = login_result(f, login_finish(f, "publickey", alg, buf_slice(&blob)));
	else if (good)
		r = SSH_AUTH_SUCCESS;
	else
		login_failed(f, "publickey", f->answer_text[0] != '\0' ? f->answer_text : "the gate does not answer");
	ssh_string_free_char(b64);
	buf_done(&blob);
	return r;
}

static int
on_pubkey(struct door *d, const char *user, ssh_key key, enum ssh_publickey_state_e state)
{
	struct front *f = d->front;

	if ((f->next & (METHOD_PUBLICKEY | METHOD_CERTIFICATE)) == 0 || !name_pin(f, user, "publickey"))
		return SSH_AUTH_DENIED;
	if (state != SSH_PUBLICKEY_STATE_NONE && state != SSH_PUBLICKEY_STATE_VALID)
		return SSH_AUTH_DENIED;
	return pubkey_decide(f, key, state);
}

/* keyboard-interactive: rounds of PAM, word for word. */

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
		offer(f);
		code_prompt(f, m);
	} else if (l == LOGIN_MORE) {
		offer(f);
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
	mono_t start = clock_mono();

	while (f->answered != MSG_PAM_PROMPT && f->answered != MSG_PAM_RESULT)
		if (clock_ms_since(start) > PAM_ANSWER_MS || chan_wait(f->monitor, patience(f, PAM_ANSWER_MS)) != 0)
			break;
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
	if (!response && !name_pin(f, ssh_message_auth_user(m), "keyboard-interactive"))
		return false;
	if (code && (f->next & METHOD_TOTP) != 0)
		response ? code_answer(f, m) : code_prompt(f, m);
	else if ((f->next & METHOD_INTERACTIVE) != 0)
		response ? kbdint_answers(f, m) : kbdint_first(f, m);
	else
		kbdint_none(f, m);
	return true;
}

static void
on_interactive(struct door *d, ssh_message m)
{
	struct front *f = d->front;

	if (!kbdint(f, m))
		(void)ssh_message_reply_default(m);
}

/* Password: the same PAM, whose single hidden prompt gets it. */
static int
on_password(struct door *d, const char *user, const char *password)
{
	struct front *f = d->front;
	struct msg_pam_start start = { .rhost = slice_from(f->peer) };
	struct msg_pam_answer answer = { .count = 1 };
	bool good = false;
	struct buf b;

	if ((f->next & METHOD_PASSWORD) == 0 || !name_pin(f, user, "password"))
		return SSH_AUTH_DENIED;
	start.user = slice_from(f->account);
	buf_init(&b, 2048);
	if (f->account[0] != '\0' && ask(f, f->monitor, MSG_PAM_START, &start, MSG_PAM_PROMPT, ANSWER_MS) && f->prompts_n == 1 &&
	    buf_u32(&b, (uint32_t)strlen(password)) == 0 && buf_text(&b, password) == 0) {
		answer.answers = buf_slice(&b);
		good = ask(f, f->monitor, MSG_PAM_ANSWER, &answer, MSG_PAM_RESULT, PAM_ANSWER_MS) && f->answer_ok;
	}
	secret_wipe(b.p, b.len);
	buf_done(&b);
	if (!good)
		login_failed(f, "password", "refused by PAM");
	return good ? login_result(f, login_finish(f, "password", "", slice_from(""))) : SSH_AUTH_DENIED;
}

void
auth_overheard(struct front *f, const char *method)
{
	f->came++;
	if (strncmp(method, "gssapi-with-mic ", 16) == 0)
		(void)ssh_set_server_callbacks(f->door.wire.ssh, &kerberos);
}

const struct door_auth auth_of_user = { .none = on_none, .pubkey = on_pubkey, .password = on_password,
	.interactive = on_interactive };

static unsigned
available(const struct front *f)
{
	return METHOD_PUBLICKEY | METHOD_CERTIFICATE | METHOD_TOTP | (f->o->pam ? METHOD_INTERACTIVE : 0) |
	    (f->o->password ? METHOD_PASSWORD : 0);
}

void
auth_init(struct front *f)
{
	(void)methods_parse(f->o->methods, &f->methods, NULL);     /* the monitor has read them already */
	f->next = methods_next(&f->methods) & available(f);
	f->interactive = METHOD_INTERACTIVE;
	offer(f);
	kerberos.userdata = f;
	ssh_callbacks_init(&kerberos);
}

void
auth_look(struct front *f)
{
	const struct ssh_counter_struct *in = &f->door.wire.packets;

	if (f->ending)
		return;
	if (f->came != f->door.heard) {
		login_failed(f, "publickey", "the signature is wrong, or the key is of a kind that is not read here");
		front_end(f, "a signature that is wrong, or a key of a kind that is not read here");
	} else if (in->in_packets > EARLY_PACKETS + (uint64_t)EARLY_TRY * f->o->tries_max || in->in_bytes > EARLY_BYTES) {
		front_end(f, "too much before the login");
	}
}

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
auth_take(struct front *f, const struct chan_in *in)
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
