/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The client side.  The socket was connected by the monitor at the gate's word; the host
 * key is compared with the pins that the gate filed under the host's name; the login is
 * signed by the gate over the agent protocol, so no key of a target is ever here.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "front/back.h"
#include "front/channel.h"
#include "front/letter.h"
#include "front/target.h"
#include "msg/ocsf.h"

#define LOGIN_TIMEOUT_MS 15000
#define UNASKED_TOLD     16
#define IDLE_MS          60000            /* the next command of a script comes sooner */

/* The gate gives its ticket to no other channel. */
static void
leg_tell(struct leg *l)
{
	struct msg_ticket_end msg = { .ticket = l->ticket };

	if (!l->told)
		l->told = chan_send(l->front->gate, MSG_TICKET_END, &msg) == 0;
}

/* The sentence that the user reads. */
static bool __attribute__((format(printf, 3, 4)))
leg_fail(struct leg *l, const char *code, const char *fmt, ...)
{
	va_list ap;

	l->state = LEG_DEAD;
	l->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(l->why, sizeof(l->why), fmt, ap);
	va_end(ap);
	leg_tell(l);
	return true;
}

/* Waits for MSG_DIALLED then.  Takes agent (on success). */
static struct leg *
leg_new(struct front *f, const struct msg_decision *d, int agent)
{
	struct leg *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	*l = (struct leg){ .front = f, .state = LEG_DIALLING, .ticket = d->ticket, .trust_first = d->trust_first == 1,
		.staragent = d->target_kind == MSG_TARGET_AGENT,
		.agent = agent, .start = clock_mono(), .idle = clock_mono(), .wire = { .fd = -1 } };
	l->pins = slice_dup(d->pins);
	if (l->pins == NULL || slice_copy(d->host, l->host, sizeof(l->host)) != 0 ||
	    slice_copy(d->login, l->login, sizeof(l->login)) != 0) {
		free(l->pins);
		free(l);
		return NULL;
	}
	l->next = f->legs;
	f->legs = l;
	return l;
}

static struct leg *
leg_of_ticket(struct front *f, uint64_t ticket)
{
	struct leg *l = f->legs;

	while (l != NULL && l->ticket != ticket)
		l = l->next;
	return l;
}

struct leg *
leg_take(struct front *f, const struct msg_decision *d, int *agent)
{
	struct leg *l = leg_of_ticket(f, d->ticket);

	if (l == NULL && *agent >= 0 && (l = leg_new(f, d, *agent)) != NULL)
		*agent = -1;
	if (l != NULL && (l->state == LEG_DEAD || wire_is_dead(&l->wire))) {
		leg_tell(l);
		l = NULL;
	}
	if (l != NULL)
		l->users++;
	return l;
}

void
leg_decline(struct front *f, const struct msg_decision *d)
{
	struct msg_ticket_end msg = { .ticket = d->ticket };

	if (d->permit == 1 && leg_of_ticket(f, d->ticket) == NULL)
		(void)chan_send(f->gate, MSG_TICKET_END, &msg);
}

static int
option(ssh_session s, enum ssh_options_e type, const void *value)
{
	return ssh_options_set(s, type, value) == SSH_OK ? 0 : -ENOMEM;
}

static int
leg_options(struct leg *l, ssh_session s, int sock)
{
	int no = 0, r = 0;
	long timeout_s = LOGIN_TIMEOUT_MS / 1000;

	r |= option(s, SSH_OPTIONS_PROCESS_CONFIG, &no);
	r |= option(s, SSH_OPTIONS_HOST, "target");
	r |= option(s, SSH_OPTIONS_SSH_DIR, "/nonexistent");
	r |= option(s, SSH_OPTIONS_KNOWNHOSTS, "/dev/null");
	r |= option(s, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null");
	r |= option(s, SSH_OPTIONS_USER, l->login);
	r |= option(s, SSH_OPTIONS_FD, &sock);
	r |= option(s, SSH_OPTIONS_TIMEOUT, &timeout_s);
	r |= option(s, SSH_OPTIONS_COMPRESSION, "no");
	r |= option(s, SSH_OPTIONS_KEY_EXCHANGE, WIRE_KEX);
	r |= option(s, SSH_OPTIONS_CIPHERS_C_S, WIRE_CIPHERS);
	r |= option(s, SSH_OPTIONS_CIPHERS_S_C, WIRE_CIPHERS);
	ssh_set_blocking(s, 0);
	return r;
}

void
leg_dialled(struct front *f, const struct msg_dialled *msg, int *sock)
{
	struct leg *l = leg_of_ticket(f, msg->ticket);
	ssh_session s;
	char text[300];

	/* The decision was sent before the dial that follows from it, but by another way: it lies there already. */
	while (l == NULL && chan_wait(f->gate, 0) == 0)
		l = leg_of_ticket(f, msg->ticket);
	if (l == NULL || l->state != LEG_DIALLING)
		return;
	if (msg->ok != 1 || *sock < 0) {
		(void)text_escaped(msg->text, text, sizeof(text));
		(void)leg_fail(l, "target-down", "%s is not reachable (%s): ask its owner, or try later", l->host, text);
		return;
	}
	s = ssh_new();
	if (s == NULL || leg_options(l, s, *sock) != 0 || wire_open(&l->wire, f->loop, s, *sock) != 0) {
		ssh_free(s);
		(void)leg_fail(l, "target-down", "%s: out of memory", l->host);
		return;
	}
	*sock = -1;
	l->state = LEG_CONNECTING;
}

static const char *
fingerprint(ssh_key key, char *out, size_t size)
{
	unsigned char *hash = NULL;
	size_t n = 0;
	char *text = NULL;

	(void)snprintf(out, size, "?");
	if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &n) == 0)
		text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, n);
	if (text != NULL)
		(void)snprintf(out, size, "%s", text);
	ssh_string_free_char(text);
	ssh_clean_pubkey_hash(&hash);
	return out;
}

/* Is key among the pinned ones?  known gets the fingerprint of a pin of the same type. */
static bool
pin_matches(const struct leg *l, ssh_key key, char *known, size_t size)
{
	char *copy = strdup(l->pins), *rest = copy, *line, *b64;
	bool match = false;
	ssh_key pin;

	while (copy != NULL && !match && (line = strsep(&rest, "\n")) != NULL) {
		b64 = strchr(line, ' ');
		if (b64 == NULL)
			continue;
		*b64++ = '\0';
		b64[strcspn(b64, " ")] = '\0';
		pin = NULL;
		if (ssh_pki_import_pubkey_base64(b64, ssh_key_type_from_name(line), &pin) != SSH_OK)
			continue;
		match = ssh_key_cmp(pin, key, SSH_KEY_CMP_PUBLIC) == 0;
		(void)fingerprint(pin, known, size);
		ssh_key_free(pin);
	}
	free(copy);
	return match;
}

static bool
pin_first(struct leg *l, ssh_key key)
{
	struct msg_pin msg = { .ticket = l->ticket, .alg = slice_from(ssh_key_type_to_char(ssh_key_type(key))) };
	struct buf blob;
	char *b64 = NULL;
	bool sent;

	buf_init(&blob, 16384);
	sent = ssh_pki_export_pubkey_base64(key, &b64) == SSH_OK && text_unbase64(&blob, slice_from(b64)) == 0;
	msg.blob = buf_slice(&blob);
	sent = sent && chan_send(l->front->gate, MSG_PIN, &msg) == 0;
	ssh_string_free_char(b64);
	buf_done(&blob);
	l->state = LEG_PINNING;
	return sent ? true : leg_fail(l, "host-key", "%s: its host key cannot be filed", l->host);
}

/* The key that the target showed, against what is on file under its name. */
static bool
check_host_key(struct leg *l)
{
	char shown[128], known[128] = "none on file", detail[640], text[512];
	ssh_key key = NULL;
	bool match, r = true;

	if (ssh_get_server_publickey(l->wire.ssh, &key) != SSH_OK)
		return leg_fail(l, "host-key", "%s showed no host key", l->host);
	match = pin_matches(l, key, known, sizeof(known));
	if (match) {
		l->state = LEG_LOGGING_IN;
	} else if (l->pins[0] == '\0' && l->trust_first) {
		r = pin_first(l, key);
	} else {
		(void)fingerprint(key, shown, sizeof(shown));
		(void)snprintf(detail, sizeof(detail), "{\"host\":\"%s\",\"pinned\":\"%s\",\"shown\":\"%s\"}", l->host, known, shown);
		(void)snprintf(text, sizeof(text), "host key of %s is not the pinned one", l->host);
		front_event(l->front, OCSF_SSH, 5, 4, false, text, detail);
		r = leg_fail(l, "host-key", "%s showed the host key %s, but %s is pinned: if the change is right, "
		    "an administrator pins the new key", l->host, shown, known);
	}
	ssh_key_free(key);
	return r;
}

void
leg_pinned(struct front *f, const struct msg_pinned *msg)
{
	struct leg *l = leg_of_ticket(f, msg->ticket);
	char text[300];

	if (l == NULL || l->state != LEG_PINNING)
		return;
	(void)text_escaped(msg->reason, text, sizeof(text));
	if (msg->ok == 1)
		l->state = LEG_LOGGING_IN;
	else
		(void)leg_fail(l, "host-key", "%s: %s", l->host, text);
}

static bool
step_connect(struct leg *l)
{
	int r = ssh_connect(l->wire.ssh);

	if (r == SSH_AGAIN)
		return false;
	if (r != SSH_OK)
		return leg_fail(l, "target-down", "%s does not speak SSH with us: %s", l->host, ssh_get_error(l->wire.ssh));
	(void)fd_set_nonblock(l->wire.fd);       /* libssh's client role makes it blocking */
	if (wire_start_events(&l->wire) != 0 || ssh_set_agent_socket(l->wire.ssh, l->agent) != SSH_OK)
		return leg_fail(l, "target-down", "%s: out of memory", l->host);
	l->agent = -1;                           /* the session's now */
	return check_host_key(l);
}

static bool
step_login(struct leg *l)
{
	int r = ssh_userauth_agent(l->wire.ssh, NULL);

	if (r == SSH_AUTH_AGAIN)
		return false;
	if (r != SSH_AUTH_SUCCESS)
		return leg_fail(l, "target-login", "%s does not let the bastion in as %s: its key must be authorised there",
		    l->host, l->login);
	l->state = LEG_READY;
	return true;
}

static const char *
kind_name(ssh_message m)
{
	switch (ssh_message_subtype(m)) {
	case SSH_CHANNEL_FORWARDED_TCPIP: return "forwarded-tcpip";
	case SSH_CHANNEL_X11:             return "x11";
	case SSH_CHANNEL_AUTH_AGENT:      return "auth-agent";
	case SSH_CHANNEL_SESSION:         return "session";
	case SSH_CHANNEL_DIRECT_TCPIP:    return "direct-tcpip";
	default:                          return "unknown";
	}
}

/* The first ones are told of, so that a target cannot fill the audit. */
static void
unasked(struct leg *l, ssh_message m)
{
	char text[400], detail[400];

	(void)snprintf(text, sizeof(text), "%s opened a channel that nobody asked for: refused", l->host);
	(void)snprintf(detail, sizeof(detail), "{\"host\":\"%s\",\"kind\":\"%s\"}", l->host, kind_name(m));
	if (l->unasked++ < UNASKED_TOLD)
		front_event(l->front, OCSF_SSH, 5, 4, false, text, detail);
	letter_refuse(m);
}

static void
take(void *arg, ssh_message m)
{
	struct leg *l = arg;
	const struct channel *c = l->front->channels;

	if (ssh_message_type(m) == SSH_REQUEST_CHANNEL_OPEN) {
		if (!back_take(l, m))
			unasked(l, m);
		return;
	}
	while (c != NULL && (c->target == NULL || c->target != ssh_message_channel_request_channel(m)))
		c = c->next;
	if (ssh_message_type(m) == SSH_REQUEST_CHANNEL && c == NULL)
		ssh_message_free(m);             /* the channel is gone */
	else
		letter_refuse(m);
}

bool
leg_take_in(struct leg *l)
{
	return l->state == LEG_READY ? letter_take_in(&l->wire, take, l) : wire_has_moved(&l->wire);
}

bool
leg_step(struct leg *l)
{
	if (l->state == LEG_DEAD)
		return false;
	if (l->wire.ssh != NULL && wire_is_dead(&l->wire))
		return l->wire.why != NULL ? leg_fail(l, "target-gone", "%s was left: %s", l->host, l->wire.why) :
		    leg_fail(l, "target-gone", "%s closed the connection", l->host);
	if (l->state != LEG_READY && clock_ms_since(l->start) > LOGIN_TIMEOUT_MS)
		return leg_fail(l, "target-down", "%s did not answer within 15 s", l->host);
	if (l->state == LEG_CONNECTING)
		return step_connect(l);
	if (l->state == LEG_LOGGING_IN)
		return step_login(l);
	return false;
}

void
leg_release(struct leg *l)
{
	if (l != NULL && l->users > 0 && --l->users == 0)
		l->idle = clock_mono();
}

void
leg_give_up(struct leg *l)
{
	if (l->users == 0)
		(void)leg_fail(l, "cancelled", "%s: cancelled", l->host);
}

void
leg_free(struct leg *l)
{
	struct leg **at = &l->front->legs;

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	leg_tell(l);
	fd_close(&l->agent);
	wire_close(&l->wire);
	free(l->pins);
	free(l);
}

void
leg_drop_all(struct front *f)
{
	struct leg *l, *next;

	for (l = f->legs; l != NULL; l = next) {
		next = l->next;
		if (l->users == 0 && (l->state == LEG_DEAD || l->wire.dead || clock_ms_since(l->idle) > IDLE_MS))
			leg_free(l);
	}
}
