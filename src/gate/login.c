/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A key is a row of the directory; a certificate is taken by its authority's word, for a user of the directory or, when the
 * policy names one of its principals (cert:NAME), for one who is not in it.  A blob that says it is a certificate is never
 * looked for among the keys.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "gate/again.h"
#include "gate/enrol.h"
#include "gate/events.h"
#include "gate/login.h"
#include "gate/second.h"
#include "gate/vouch.h"

#define KEY_BITS  (METHOD_PUBLICKEY | METHOD_CERTIFICATE)
#define PAM_BITS  (METHOD_PASSWORD | METHOD_INTERACTIVE)

struct login {
	char raw[NAMES_MAX + 1], user[65], method[96];
	unsigned proved;
	bool remembered;                       /* the second factor, by MfaPeriod */
	bool enrolled;                         /* its key was bound by a code, on this connection */
	struct methods left;
	struct buf key;                        /* the blob that signed; empty without one */
	bool has_cert;
	struct cert cert;                      /* views into key */
	struct cert_terms terms;
};

static bool
is_user(void *arg, struct slice name)
{
	struct gate *g = arg;

	return directory_find_user(g->dir, name) != NULL;
}

static int
split(struct gate *g, struct slice raw, struct names *ret)
{
	return names_split(raw, g->name_formats, is_user, g, ret);
}

static bool
code_is_good(struct gate *g, const struct names *n)
{
	unsigned char hash[CODE_HASH];

	if (n->code.n == 0)
		return false;
	SHA256(n->code.p, n->code.n, hash);
	return codes_has(directory_codes(g->dir), n->user, hash, clock_wall());
}

void
login_free(struct client *c)
{
	if (c->login != NULL)
		buf_done(&c->login->key);
	free(c->login);
	c->login = NULL;
}

const char *
login_user(const struct client *c)
{
	return c->login != NULL ? c->login->user : "";
}

/* --- people --- */

static void
who_of(const struct gate *g, const char *name, const struct cert *cert, struct rules_who *ret)
{
	const struct dir_user *u = directory_find_user(g->dir, slice_from(name));

	*ret = (struct rules_who){ .name = name, .groups = u != NULL ? u->groups : "", .attrs = u != NULL ? u->attrs : "",
	    .guest = u == NULL };
	if (cert != NULL) {
		ret->principals = cert->principals;
		ret->principals_n = cert->principals_n;
	}
}

void
login_who(const struct client *c, struct rules_who *ret)
{
	const struct login *l = c->login;

	who_of(c->gate, l->user, l->has_cert ? &l->cert : NULL, ret);
}

/* Only for a key of the user: what others learn is that it is not bound. */
static const char *
key_refusal(const struct gate *g, const struct dir_user *u, struct slice blob)
{
	const struct dir_key *k = u != NULL ? directory_find_key(u, blob) : NULL;

	if (k == NULL)
		return "this key is not bound to this user";
	return directory_is_over(k->expires_us, clock_wall()) ? "this key has expired" : trust_refuses_key(g->trust, blob);
}

/* NULL, or why nobody may come in under this name, whatever was proved. */
static const char *
account_refusal(const struct gate *g, const char *name, const struct cert *cert)
{
	const struct dir_user *u = directory_find_user(g->dir, slice_from(name));
	struct rules_who who;

	if (u != NULL)
		return directory_refuses(u, clock_wall());
	if (cert == NULL)
		return "not a user of this bastion";
	who_of(g, name, cert, &who);
	return rules_name_principal(g->rules, &who) ? NULL :
	    "not a user of this bastion, and the policy names none of the certificate's principals";
}

/* --- keys --- */

/* cert and terms are filled for a certificate. */
static int
key_check(struct client *c, const char *user, struct slice blob, struct cert *cert, struct cert_terms *terms, struct err *e)
{
	const struct gate *g = c->gate;
	const struct dir_user *u = directory_find_user(g->dir, slice_from(user));
	const char *why;
	int r;

	if (cert_is(blob)) {
		r = trust_check(g->trust, blob, user, slice_from(c->peer), clock_wall(), cert, terms, e);
		why = r == 0 ? account_refusal(g, user, cert) : NULL;
		return why == NULL ? r : err_set(e, -EACCES, "%s", why);
	}
	why = key_refusal(g, u, blob);
	if (why == NULL)
		why = directory_refuses(u, clock_wall());
	return why == NULL ? 0 : err_set(e, -EACCES, "%s", why);
}

/* NULL, or why this key cannot be bound by a code. */
static const char *
enrol_refusal(const struct client *c, const char *user, struct slice blob)
{
	const struct dir_user *u = directory_find_user(c->gate->dir, slice_from(user));

	if (cert_is(blob))
		return "a code binds a key, not a certificate";
	if (u != NULL && directory_refuses(u, clock_wall()) != NULL)
		return directory_refuses(u, clock_wall());
	return trust_refuses_key(c->gate->trust, blob);
}

int
login_name_ask(struct client *c, const void *message)
{
	const struct msg_name_ask *m = message;
	struct msg_name_answer answer = { 0 };
	char shown[4 * NAMES_MAX + 8];
	struct names n = { 0 };

	if (split(c->gate, m->raw, &n) == 0)
		answer.user = n.user;
	answer.shown = slice_from(names_shown(n.user.n > 0 ? n.user : m->raw, shown, sizeof(shown)));
	return chan_send(c->chan, MSG_NAME_ANSWER, &answer);
}

/* The same steps for users who exist and who do not: the answer alone differs. */
int
login_key_ask(struct client *c, const void *message)
{
	const struct msg_key_ask *m = message;
	struct msg_key_answer answer = { 0 };
	struct cert_terms terms;
	struct names n = { 0 };
	struct err e = { 0 };
	struct cert cert;
	char user[65];

	if (split(c->gate, m->raw, &n) == 0 && slice_copy(n.user, user, sizeof(user)) == 0) {
		answer.known = (code_is_good(c->gate, &n) && enrol_refusal(c, user, m->blob) == NULL) ||
		    key_check(c, user, m->blob, &cert, &terms, &e) == 0;
		answer.reason = slice_from(answer.known ? "" : e.text);
		if (n.code.n > 0 && !answer.known && !code_is_good(c->gate, &n)) {
			answer.reason = slice_from("its enrolment code is wrong, was used, or is over: fortress enroll makes another");
			enrol_missed(c, &n);
		}
	}
	return chan_send(c->chan, MSG_KEY_ANSWER, &answer);
}

/* --- the way in --- */

int
login_refused(struct client *c, struct slice raw, struct slice method, const char *why)
{
	struct msg_login_answer answer = { .reason = slice_from(why) };
	char how[96], shown[4 * NAMES_MAX + 8];
	struct names n = { 0 };
	int r;

	(void)text_escaped(method, how, sizeof(how));
	(void)names_shown(split(c->gate, raw, &n) == 0 ? n.user : raw, shown, sizeof(shown));
	r = events_login(c, shown, how, false, why);
	return r != 0 ? r : chan_send(c->chan, MSG_LOGIN_ANSWER, &answer);
}

/* Two kinds of proof: something of the key's, of PAM's, of the app's. */
static bool
is_two_factors(const struct login *l)
{
	return ((l->proved & KEY_BITS) != 0) + ((l->proved & PAM_BITS) != 0) + ((l->proved & METHOD_TOTP) != 0) >= 2;
}

static uint32_t
limits_of(const struct login *l)
{
	if (!l->has_cert)
		return 0;
	return (l->terms.forced ? MSG_LIMIT_COMMAND : 0) | (l->terms.pty ? 0 : MSG_LIMIT_NO_PTY);
}

/* Whose login is opened, and who does what is put down, monitor and store hear from here: a front that was taken over could name
 * anybody. */
static int
admitted_send(const struct client *c, const char *user)
{
	struct msg_admitted m = { .conn = c->conn, .user = slice_from(user) };
	int r = chan_send(c->gate->store, MSG_ADMITTED, &m);

	return r == 0 ? chan_send(c->gate->monitor, MSG_ADMITTED, &m) : r;
}

static int
let_in(struct client *c)
{
	struct login *l = c->login;
	struct msg_login_answer answer = { .ok = 1, .enrolled = l->enrolled, .limits = limits_of(l),
		.method = slice_from(l->method) };
	struct names n = { 0 };
	int r = split(c->gate, slice_from(l->raw), &n);

	if (r != 0)
		return r;
	r = admitted_send(c, l->user);
	if (r != 0)
		return r;
	snprintf(c->user, sizeof(c->user), "%s", l->user);
	c->mfa = l->remembered || is_two_factors(l);
	if (c->mfa && !l->remembered)
		recent_put(c->gate->recent, l->user, c->peer, buf_slice(&l->key), clock_mono());
	again_login(c);
	answer.user = slice_from(c->user);
	answer.login = n.login;
	answer.host = n.host;
	answer.command = l->terms.force_command;
	r = events_login(c, l->user, l->method, true, l->enrolled ? "a new key was bound" :
	    l->remembered ? "the second factor was proved earlier" : "");
	return r != 0 ? r : chan_send(c->chan, MSG_LOGIN_ANSWER, &answer);
}

static int
ask_more(struct client *c)
{
	struct login *l = c->login;
	struct msg_login_answer answer = { .ok = 2, .next = methods_next(&l->left) };
	struct buf show;
	int r = 0;

	if ((answer.next & METHOD_TOTP) != 0 && !second_is_possible(c))
		answer.next &= ~(unsigned)METHOD_TOTP;
	if (answer.next == 0)
		return login_refused(c, slice_from(l->raw), slice_from(l->method),
		    "a one-time code is asked for, and only users of the directory have one");
	answer.interactive = methods_first(&l->left, answer.next & (METHOD_TOTP | METHOD_INTERACTIVE));
	buf_init(&show, SECOND_SHOW_MAX);
	if ((answer.next & METHOD_TOTP) != 0)
		r = second_prepare(c, &show);
	answer.reason = buf_slice(&show);
	if (r == 0)
		r = chan_send(c->chan, MSG_LOGIN_ANSWER, &answer);
	secret_wipe(show.p, show.len);
	buf_done(&show);
	return r;
}

/* Does the policy want a second factor that the lists did not ask for? */
static bool
policy_wants_more(const struct client *c)
{
	struct rules_who who;

	login_who(c, &who);
	return !c->login->remembered && !is_two_factors(c->login) && rules_want_mfa(c->gate->rules, &who, slice_from(c->peer));
}

int
login_proved(struct client *c, unsigned method)
{
	struct login *l = c->login;
	size_t n = strlen(l->method);
	int r;

	l->proved |= method;
	(void)snprintf(l->method + n, sizeof(l->method) - n, "%s%s", n > 0 ? "+" : "", methods_name(method));
	l->remembered = l->remembered || recent_has(c->gate->recent, l->user, c->peer, buf_slice(&l->key), clock_mono(),
	    c->gate->mfa_period_s);
	r = methods_take(&l->left, method);
	if (r == 0 && l->remembered && methods_would_do(&l->left, PAM_BITS | METHOD_TOTP))
		r = 1;
	if (r == 1 && policy_wants_more(c)) {
		l->left = (struct methods){ .n = 1, .lists = { { .items = { METHOD_TOTP }, .n = 1 } } };
		r = 0;
	}
	return r == 1 ? let_in(c) : r == 0 ? ask_more(c) : r;
}

int
login_stepped_up(struct client *c)
{
	struct login *l = c->login;
	int r = events_login(c, c->user, "totp", true, "in the middle of the connection");

	if (r != 0)
		return r;
	c->mfa = true;
	recent_put(c->gate->recent, l->user, c->peer, buf_slice(&l->key), clock_mono());
	return 0;
}

/* The first message of a connection makes it; a later one must be for the same name. */
static int
login_open(struct client *c, const struct msg_login *m, const struct names *n)
{
	struct login *l = c->login;

	if (l != NULL)
		return slice_is(m->raw, l->raw) ? 0 : -EPROTO;
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return -ENOMEM;
	buf_init(&l->key, CERT_MAX);
	l->left = c->gate->methods;
	c->login = l;
	return slice_copy(m->raw, l->raw, sizeof(l->raw)) != 0 ? -EPROTO : slice_copy(n->user, l->user, sizeof(l->user));
}

/* A key that fails leaves the one that was proved before it. */
static int
key_take(struct client *c, const struct msg_login *m, struct err *e)
{
	struct login *l = c->login;
	struct cert_terms terms = { 0 };
	struct cert cert = { 0 };
	struct buf blob;
	int r;

	buf_init(&blob, CERT_MAX);
	r = buf_slice_append(&blob, m->blob);
	if (r != 0)
		(void)err_set(e, r, "a key that is too large");
	else
		r = key_check(c, l->user, buf_slice(&blob), &cert, &terms, e);
	if (r != 0) {
		buf_done(&blob);
		return r;
	}
	buf_done(&l->key);
	l->key = blob;                         /* its bytes stay where they are, so cert's views stay good */
	l->has_cert = cert_is(buf_slice(&blob));
	l->cert = cert;
	l->terms = terms;
	return 0;
}

void
login_enrolled(struct client *c, struct slice blob)
{
	c->login->enrolled = true;
	buf_clear(&c->login->key);
	if (buf_slice_append(&c->login->key, blob) != 0 || login_proved(c, METHOD_PUBLICKEY) != 0)
		log_warn("login lost: %s: the front does not listen", c->peer);
}

static unsigned
method_bits(const struct msg_login *m)
{
	if (slice_is(m->method, "publickey"))
		return METHOD_PUBLICKEY | (cert_is(m->blob) ? METHOD_CERTIFICATE : 0);
	return slice_is(m->method, "password") ? METHOD_PASSWORD : slice_is(m->method, "keyboard-interactive") ? METHOD_INTERACTIVE : 0;
}

int
login_take(struct client *c, const void *message)
{
	const struct msg_login *m = message;
	unsigned bits = method_bits(m);
	struct names n = { 0 };
	struct err e = { 0 };
	const char *why = NULL;
	int r;

	if (c->user[0] != '\0' || c->busy || bits == 0)
		return -EPROTO;
	if (split(c->gate, m->raw, &n) != 0)
		return login_refused(c, m->raw, m->method, "that is not a user name");
	r = login_open(c, m, &n);
	if (r != 0)
		return r;
	if (!vouch_holds(c, m->method, n.user)) {
		log_error("a front claims a login that nobody vouches for: conn %llu from %s", (unsigned long long)c->conn, c->peer);
		return login_refused(c, m->raw, m->method, "the monitor does not say that PAM let this user in");
	}
	if ((methods_next(&c->login->left) & bits) == 0)
		return login_refused(c, m->raw, m->method, "AuthenticationMethods wants another method now");
	if ((bits & METHOD_PUBLICKEY) == 0)
		why = account_refusal(c->gate, c->login->user, c->login->has_cert ? &c->login->cert : NULL);
	else if (code_is_good(c->gate, &n) && (why = enrol_refusal(c, c->login->user, m->blob)) == NULL)
		return enrol_start(c, m, &n);
	else if (key_take(c, m, &e) != 0)
		why = e.text;
	return why != NULL ? login_refused(c, m->raw, m->method, why) : login_proved(c, bits);
}

/* --- afterwards --- */

static int
no(struct err *e, const char *why)
{
	return err_set(e, -EACCES, "%s", why);
}

/* What a certificate does not permit, whatever the policy does.  A jump is a forwarding, as it is to sshd. */
static int
terms_check(const struct cert_terms *t, const struct msg_decide *m, struct err *e)
{
	const struct { const char *verb, *what; bool permitted; } extensions[] = {
		{ "forward", "this certificate does not permit port forwarding", t->port_forwarding },
		{ "jump", "this certificate does not permit port forwarding", t->port_forwarding },
		{ "agent-forward", "this certificate does not permit agent forwarding", t->agent_forwarding },
		{ "x11", "this certificate does not permit X11 forwarding", t->x11_forwarding },
	};

	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
		if (slice_is(m->verb, extensions[i].verb))
			return extensions[i].permitted ? 0 : no(e, extensions[i].what);
	if (!t->forced)
		return 0;
	if (slice_is(t->force_command, "internal-sftp"))
		return slice_is(m->verb, "get") || slice_is(m->verb, "put") ? 0 : no(e, "this certificate is for sftp alone");
	return slice_is(m->verb, "exec") && slice_eq(m->command, t->force_command) ? 0 :
	    no(e, "this certificate is for its own command alone");
}

static int
key_check_again(const struct client *c, struct err *e)
{
	const struct login *l = c->login;
	struct slice blob = buf_slice(&l->key);
	const char *why;

	if (l->has_cert)
		return trust_check_again(c->gate->trust, blob, l->user, slice_from(c->peer), clock_wall(), &l->cert, &l->terms, e);
	why = key_refusal(c->gate, directory_find_user(c->gate->dir, slice_from(l->user)), blob);
	return why == NULL ? 0 : no(e, why);
}

int
login_check(const struct client *c, const struct msg_decide *m, struct err *e)
{
	const struct login *l = c->login;
	bool deleted = !l->has_cert && directory_find_user(c->gate->dir, slice_from(l->user)) == NULL;
	const char *why = deleted ? "this user was deleted" : account_refusal(c->gate, l->user, l->has_cert ? &l->cert : NULL);
	int r = why == NULL ? 0 : no(e, why);

	if (r == 0 && l->key.len > 0)
		r = key_check_again(c, e);
	return r == 0 && l->has_cert && m != NULL ? terms_check(&l->terms, m, e) : r;
}

bool
login_by_certificate(const struct client *c)
{
	return c->login->has_cert;
}

uint64_t
login_ends_us(const struct client *c)
{
	const struct login *l = c->login;
	const struct dir_user *u = directory_find_user(c->gate->dir, slice_from(l->user));
	const struct dir_key *k = u != NULL && l->key.len > 0 ? directory_find_key(u, buf_slice(&l->key)) : NULL;

	if (l->has_cert)
		return l->cert.valid_before > UINT64_MAX / 1000000 ? 0 : l->cert.valid_before * 1000000;
	return k != NULL ? k->expires_us : 0;
}

uint64_t
login_until_us(const struct client *c)
{
	const struct dir_user *u = directory_find_user(c->gate->dir, slice_from(c->login->user));
	uint64_t ends = login_ends_us(c), account = u != NULL ? u->expires_us : 0;

	return ends == 0 || (account != 0 && account < ends) ? account : ends;
}

/* As ssh-keygen -l shows a key. */
static int
put_fingerprint(struct buf *b, struct slice blob)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	struct buf text;
	int r;

	(void)SHA256(blob.p, blob.n, hash);
	buf_init(&text, 64);
	r = text_base64(&text, slice_of(hash, sizeof(hash)));
	while (r == 0 && text.len > 0 && text.p[text.len - 1] == '=')
		text.len--;
	if (r == 0)
		r = buf_printf(b, "\"SHA256:%s\"", buf_cstr(&text));
	buf_done(&text);
	return r;
}

int
login_detail(const struct client *c, struct buf *b)
{
	const struct login *l = c->login;
	int r;

	if (l == NULL || !l->has_cert)
		return 0;
	if ((r = buf_text(b, ",\"certificate\":{\"id\":")) != 0 || (r = text_json(b, l->cert.key_id)) != 0 ||
	    (r = buf_printf(b, ",\"serial\":\"%" PRIu64 "\",\"authority\":", l->cert.serial)) != 0 ||
	    (r = put_fingerprint(b, l->cert.ca)) != 0 || (r = buf_text(b, ",\"principals\":[")) != 0)
		return r;
	for (unsigned i = 0; r == 0 && i < l->cert.principals_n; i++) {
		r = buf_text(b, i > 0 ? "," : "");
		if (r == 0)
			r = text_json(b, l->cert.principals[i]);
	}
	return r == 0 ? buf_text(b, "]}") : r;
}
