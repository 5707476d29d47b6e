/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The methods, as libssh tells of them.  It has no limit of tries itself: tries (login.c),
 * packets and time are counted by us.  To a signature that is wrong, and to a key of a kind
 * that it does not read, it gives no answer at all and puts no letter in its queue; but it logs
 * each login that comes, so one that came as no letter is such a one.
 */
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "front/auth.h"
#include "front/door.h"
#include "front/interactive.h"
#include "front/login.h"

/* Before the login: what a client with many keys, or a person with many prompts, does not come near. */
#define EARLY_PACKETS  128
#define EARLY_TRY      8                 /* more for each try that it has */
#define EARLY_BYTES    (512u << 10)

/* What libssh's callbacks return.  The methods must be set before: a client would send its key again, for ever. */
static int
result_of(struct front *f, enum login l)
{
	if (l == LOGIN_MORE)
		login_offer(f);
	return l == LOGIN_YES ? SSH_AUTH_SUCCESS : l == LOGIN_MORE ? SSH_AUTH_PARTIAL : SSH_AUTH_DENIED;
}

static int
on_none(struct door *d, const char *user)
{
	if (!d->front->pinned)
		(void)login_pin(d->front, user, "none");
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

	return login_ask(f, f->gate, MSG_KEY_ASK, &msg, MSG_KEY_ANSWER, LOGIN_ANSWER_MS) && f->answer_ok;
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
		r = result_of(f, login_finish(f, "publickey", alg, buf_slice(&blob)));
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

	if ((f->next & (METHOD_PUBLICKEY | METHOD_CERTIFICATE)) == 0 || !login_pin(f, user, "publickey"))
		return SSH_AUTH_DENIED;
	if (state != SSH_PUBLICKEY_STATE_NONE && state != SSH_PUBLICKEY_STATE_VALID)
		return SSH_AUTH_DENIED;
	return pubkey_decide(f, key, state);
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

	if ((f->next & METHOD_PASSWORD) == 0 || !login_pin(f, user, "password"))
		return SSH_AUTH_DENIED;
	start.user = slice_from(f->account);
	buf_init(&b, 2048);
	if (f->account[0] != '\0' && login_ask(f, f->monitor, MSG_PAM_START, &start, MSG_PAM_PROMPT, LOGIN_ANSWER_MS) && f->prompts_n == 1 &&
	    buf_u32(&b, (uint32_t)strlen(password)) == 0 && buf_text(&b, password) == 0) {
		answer.answers = buf_slice(&b);
		good = login_ask(f, f->monitor, MSG_PAM_ANSWER, &answer, MSG_PAM_RESULT, LOGIN_PAM_MS) && f->answer_ok;
	}
	secret_wipe(b.p, b.len);
	buf_done(&b);
	if (!good)
		login_failed(f, "password", "refused by PAM");
	return good ? result_of(f, login_finish(f, "password", "", slice_from(""))) : SSH_AUTH_DENIED;
}

void
auth_overheard(struct front *f, const char *method)
{
	f->came++;
	if (strncmp(method, "gssapi-with-mic ", 16) == 0)
		(void)ssh_set_server_callbacks(f->door.wire.ssh, &kerberos);
}

const struct door_auth auth_of_user = { .none = on_none, .pubkey = on_pubkey, .password = on_password,
	.interactive = interactive_take };

void
auth_init(struct front *f)
{
	login_init(f);
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
