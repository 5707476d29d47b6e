/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A question to the gate, rows until its last answer, lines for the client.  A key that is added comes by standard input, up
 * to its end or, from a terminal, to the end of a line; libssh is asked whether it is one before the gate is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/pubkey.h"
#include "base/text.h"
#include "front/menu.h"
#include "front/own.h"
#include "front/steps.h"
#include "msg/ocsf.h"

enum { KEY_MAX = 16384, SESSIONS_MAX = 50 };

static bool
is_json(const struct channel *c)
{
	return strstr(c->command, "--json") != NULL;
}

static void
ask(struct channel *c, unsigned type, const void *message)
{
	if (chan_send(c->front->gate, type, message) != 0)
		verb_refuse(c, "no-gate", "the gate does not answer");
}

static uint32_t
new_req(struct channel *c)
{
	return c->listing->req = ++c->front->last_req;
}

/* ---- keys, in words ---- */

static ssh_key
key_of(struct slice alg, struct slice blob)
{
	ssh_key key = NULL;
	char type[64];
	struct buf b64;

	buf_init(&b64, 2 * KEY_MAX);
	if (slice_copy(alg, type, sizeof(type)) != 0 || text_base64(&b64, blob) != 0 ||
	    ssh_pki_import_pubkey_base64(buf_cstr(&b64), ssh_key_type_from_name(type), &key) != SSH_OK)
		key = NULL;
	buf_done(&b64);
	return key;
}

/* "SHA256:…" as ssh-keygen prints it; "?" for what is no key.  Returns out. */
static const char *
fingerprint(struct slice alg, struct slice blob, char out[64])
{
	ssh_key key = key_of(alg, blob);
	unsigned char *hash = NULL;
	char *text = NULL;
	size_t n = 0;

	(void)snprintf(out, 64, "?");
	if (key != NULL && ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &n) == 0)
		text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, n);
	if (text != NULL)
		(void)snprintf(out, 64, "%s", text);
	ssh_string_free_char(text);
	ssh_clean_pubkey_hash(&hash);
	ssh_key_free(key);
	return out;
}

static const char *
day(uint64_t t_us, char out[32])
{
	if (t_us == 0)
		return "";
	(void)clock_print((wall_t){ (int64_t)t_us }, out, 32);
	out[10] = ' ';
	out[19] = '\0';
	return out;
}

static void
key_line(struct channel *c, const struct msg_dir_key *k)
{
	struct buf *b = &c->listing->out;
	char print[64], at[32], ends[32];

	if (is_json(c)) {
		(void)buf_printf(b, "{\"fingerprint\":\"%s\",\"type\":", fingerprint(k->alg, k->blob, print));
		(void)text_json(b, k->alg);
		(void)buf_text(b, ",\"comment\":");
		(void)text_json(b, k->comment);
		(void)buf_printf(b, ",\"added\":\"%s\"", clock_print((wall_t){ (int64_t)k->added_us }, at, sizeof(at)));
		if (k->expires_us != 0)
			(void)buf_printf(b, ",\"expires\":\"%s\"", clock_print((wall_t){ (int64_t)k->expires_us }, ends, sizeof(ends)));
		(void)buf_text(b, k->expires_us != 0 ? "}\n" : ",\"expires\":null}\n");
		return;
	}
	(void)buf_printf(b, "%s\t%.*s\t%s\t%s\t", fingerprint(k->alg, k->blob, print), (int)k->alg.n, (const char *)k->alg.p,
	    day(k->added_us, at), day(k->expires_us, ends));
	(void)text_escape(b, k->comment);
	(void)buf_text(b, "\n");
}

void
own_keys(struct channel *c, const char *args)
{
	struct msg_dir_load msg = { .req = new_req(c) };

	(void)args;
	ask(c, MSG_DIR_LOAD, &msg);
}

/* ---- one more ---- */

void
own_key_add(struct channel *c, const char *args)
{
	(void)args;
	buf_init(&c->listing->in, KEY_MAX);
	c->listing->reading = true;
}

static void
key_send(struct channel *c)
{
	struct listing *l = c->listing;
	struct msg_dir_key msg = { .op = MSG_DIR_PUT };
	struct err e = { 0 };
	ssh_key key;

	l->reading = false;
	buf_init(&l->blob, KEY_MAX);
	if (pubkey_parse(buf_slice(&l->in), &msg.alg, &l->blob, &msg.comment, &e) != 0) {
		verb_refuse(c, "not-a-key", "that is not a public key: give the one line of a .pub file by standard input");
		return;
	}
	msg.blob = buf_slice(&l->blob);
	key = key_of(msg.alg, msg.blob);
	if (key == NULL || ssh_key_is_private(key)) {
		ssh_key_free(key);
		verb_refuse(c, "not-a-key", "that is not a public key of a kind that is taken here: ed25519, ecdsa, rsa, or one of a security key");
		return;
	}
	ssh_key_free(key);
	(void)fingerprint(msg.alg, msg.blob, l->fingerprint);
	msg.req = new_req(c);
	ask(c, MSG_DIR_KEY, &msg);
}

bool
own_key_read(struct channel *c)
{
	struct listing *l = c->listing;
	unsigned char bytes[4096];
	int n = ssh_channel_read_nonblocking(c->ssh, bytes, sizeof(bytes), 0);
	bool whole;

	if (n > 0 && buf_append(&l->in, bytes, (size_t)n) != 0) {
		l->reading = false;
		verb_refuse(c, "not-a-key", "that is too long for a public key");
		return true;
	}
	whole = l->in.len > 0 && (memchr(l->in.p, '\n', l->in.len) != NULL || (c->pty && memchr(l->in.p, '\r', l->in.len) != NULL));
	if (whole || n == SSH_EOF || n == SSH_ERROR || ssh_channel_is_eof(c->ssh)) {
		key_send(c);
		return true;
	}
	return n > 0;
}

/* ---- one less ---- */

void
own_key_rm(struct channel *c, const char *args)
{
	struct listing *l = c->listing;

	buf_init(&l->blob, KEY_MAX);
	(void)snprintf(l->fingerprint, sizeof(l->fingerprint), "%.63s", args);
	own_keys(c, args);
}

/* Among the keys that come, the one that is meant. */
static void
rm_look(struct channel *c, const struct msg_dir_key *k)
{
	struct listing *l = c->listing;
	char print[64];

	if (strcmp(fingerprint(k->alg, k->blob, print), l->fingerprint) == 0 && l->blob.len == 0)
		(void)buf_slice_append(&l->blob, k->blob);
}

static void
rm_send(struct channel *c)
{
	struct listing *l = c->listing;
	struct msg_dir_key msg = { .op = MSG_DIR_DELETE, .blob = buf_slice(&l->blob) };

	if (l->blob.len == 0) {
		verb_refuse(c, "no-key", "you have no key of that fingerprint: ssh USER@bastion keys lists them");
		return;
	}
	msg.req = new_req(c);
	ask(c, MSG_DIR_KEY, &msg);
}

/* Done or not: the store's event names who and what, this one from where. */
static void
key_changed(struct channel *c, const struct msg_dir_done *m)
{
	bool add = strncmp(c->command, "keys add", 8) == 0;
	char why[300], text[400], detail[128];

	if (m->ok != 1) {
		(void)text_cleaned(m->text, why, sizeof(why));
		(void)snprintf(c->why, sizeof(c->why), "%s", why);
		verb_refuse(c, "denied", c->why);
	}
	(void)snprintf(detail, sizeof(detail), "{\"fingerprint\":\"%s\"}", c->listing->fingerprint);
	(void)snprintf(text, sizeof(text), "%s %s %s own key %s", c->front->user, m->ok == 1 ? "has" : "could not",
	    add ? m->ok == 1 ? "added an" : "add an" : m->ok == 1 ? "removed an" : "remove an", c->listing->fingerprint);
	front_event(c->front, OCSF_ACCOUNT, add ? 1 : 6, m->ok == 1 ? 1 : 2, m->ok == 1, text, detail);
	if (m->ok != 1)
		return;
	(void)buf_printf(&c->listing->out, "%s %s\n", add ? "added" : "removed", c->listing->fingerprint);
	c->listing->over = true;
}

/* ---- sessions ---- */

void
own_sessions(struct channel *c, const char *args)
{
	struct msg_sessions_ask msg = { .req = new_req(c), .max = SESSIONS_MAX };

	(void)args;
	ask(c, MSG_SESSIONS_ASK, &msg);
}

static unsigned long long
seconds_of(const struct msg_session_row *r)
{
	uint64_t end = r->end_us != 0 ? r->end_us : (uint64_t)clock_wall().us;

	return end > r->start_us ? (unsigned long long)((end - r->start_us) / 1000000) : 0;
}

static void
session_line(struct buf *b, const struct msg_session_row *r)
{
	const struct slice texts[] = { r->login, r->host, r->channel, r->state, r->exit, r->command };
	char at[32];

	(void)text_escape(b, r->id);
	(void)buf_printf(b, "\t%s\t%llu", day(r->start_us, at), seconds_of(r));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		(void)buf_text(b, "\t");
		(void)text_escape(b, texts[i]);
	}
	(void)buf_text(b, "\n");
}

/* The words and types of `fortress session ls --json`. */
static void
session_json(struct buf *b, const char *user, const struct msg_session_row *r)
{
	static const char by_signal[] = "signal ";
	const size_t n = sizeof(by_signal) - 1;
	bool killed = r->exit.n > n && memcmp(r->exit.p, by_signal, n) == 0;
	const struct { const char *key; struct slice value; } pairs[] = {
		{ "id", r->id }, { "user", slice_from(user) }, { "login", r->login }, { "host", r->host }, { "channel", r->channel },
		{ "state", r->state }, { "signal", killed ? slice_of(r->exit.p + n, r->exit.n - n) : slice_from("") },
		{ "command", r->command }, { "source", r->src }, { "reason", r->reason },
	};
	char start[32], end[32];
	uint64_t status;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		(void)buf_printf(b, "%s\"%s\":", i == 0 ? "{" : ",", pairs[i].key);
		(void)text_json(b, pairs[i].value);
	}
	if (text_u64(r->exit, UINT32_MAX, &status))
		(void)buf_printf(b, ",\"exit\":%llu", (unsigned long long)status);
	else
		(void)buf_text(b, ",\"exit\":null");
	(void)clock_print((wall_t){ (int64_t)r->end_us }, end, sizeof(end));
	(void)buf_printf(b, ",\"start\":\"%s\",\"end\":%s%s%s,\"seconds\":%llu,\"bytes\":%llu,\"connection\":%llu}\n",
	    clock_print((wall_t){ (int64_t)r->start_us }, start, sizeof(start)), r->end_us != 0 ? "\"" : "",
	    r->end_us != 0 ? end : "null", r->end_us != 0 ? "\"" : "", seconds_of(r), (unsigned long long)r->bytes, (unsigned long long)r->conn);
}

static void
sessions_come(struct channel *c, const struct msg_session_rows *m)
{
	struct slice left = m->rows;
	struct msg_session_row row;

	while (msg_session_row_take(&left, &row) == 1) {
		if (is_json(c))
			session_json(&c->listing->out, c->front->user, &row);
		else
			session_line(&c->listing->out, &row);
	}
	c->listing->over = true;
}

/* ---- the gate's answers ---- */

static void
keys_end(struct channel *c)
{
	if (strncmp(c->command, "keys rm", 7) == 0)
		rm_send(c);
	else
		c->listing->over = true;
}

bool
own_take(struct front *f, const struct chan_in *in)
{
	const struct msg_dir_key *key = in->message;
	struct channel *c;

	/* Each begins with its req. */
	if (in->type != MSG_DIR_KEY && in->type != MSG_DIR_END && in->type != MSG_DIR_DONE && in->type != MSG_SESSION_ROWS &&
	    in->type != MSG_APPROVAL_ROW)
		return false;
	c = listing_find(f, key->req);
	if (c == NULL) {
		for (c = f->channels; c != NULL && !menu_take(c->menu, in->type, key->req, in->message); c = c->next)
			continue;
		return true;
	}
	if (c->listing->answer != NULL)
		c->listing->answer(c, in);
	else if (in->type == MSG_SESSION_ROWS)
		sessions_come(c, in->message);
	else if (in->type == MSG_DIR_END)
		keys_end(c);
	else if (in->type == MSG_DIR_DONE)
		key_changed(c, in->message);
	else if (strncmp(c->command, "keys rm", 7) == 0)
		rm_look(c, key);
	else
		key_line(c, key);
	return true;
}

void
own_done(struct listing *l)
{
	buf_done(&l->in);
	buf_done(&l->blob);
}
