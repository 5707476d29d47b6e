/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "front/copy.h"
#include "front/transfer.h"
#include "front/zmodem.h"
#include "msg/ocsf.h"

#define DETAIL_MAX 70000
#define SHA256_N   32
#define KEPT_MAX   (4u << 20)

/* A row that the store could not take yet; whole or not at all it gets there, in its turn. */
struct kept {
	struct kept *next;
	bool ok, refused, marked;        /* marked: it stands in the recording, the event is to follow */
	unsigned activity;
	struct slice words, detail;      /* behind it */
};

/* One of the three at most. */
struct transfer {
	struct sftp *sftp;
	struct zmodem *zmodem;
	bool copies;
	struct copy copy;
	bool ended;
	struct ask ask;                  /* about a path */
	struct kept *first, *last;
	size_t kept;                     /* bytes, of KEPT_MAX */
};

struct row {
	const char *tool, *op, *coverage, *result;
	struct slice path, other, set;
	uint64_t bytes, moved;           /* moved: as often as they went by, if that is not once */
	const unsigned char *sha256;
	bool ok, refused, patterns;
};

/* OCSF's activities of that class. */
static unsigned
activity_of(const char *op)
{
	static const struct { const char *op; unsigned activity; } table[] = {
		{ "get", 2 }, { "put", 3 }, { "list", 2 }, { "remove", 4 }, { "rmdir", 4 }, { "mkdir", 1 }, { "rename", 5 },
		{ "setstat", 6 }, { "link", 1 }, { "symlink", 1 }, { "copy", 3 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].op, op) == 0)
			return table[i].activity;
	return 99;
}

/* A name that is not UTF-8 stands there twice: to read, and as it is. */
static int
name_json(struct buf *b, const char *key, struct slice name)
{
	int r = buf_printf(b, ",\"%s\":", key);

	if (r == 0)
		r = text_json(b, name);
	if (r == 0 && !text_is_utf8(name) && (r = buf_printf(b, ",\"%s_hex\":\"", key)) == 0 && (r = text_hex(b, name)) == 0)
		r = buf_text(b, "\"");
	return r;
}

static int
row_json(struct buf *b, const struct row *row)
{
	int r = buf_printf(b, "{\"op\":\"%s\",\"tool\":\"%s\"", row->op, row->tool);

	if (r == 0)
		r = name_json(b, "path", row->path);
	if (r == 0 && row->patterns)
		r = buf_text(b, ",\"patterns\":true");
	if (r == 0 && row->other.n > 0)
		r = name_json(b, "to", row->other);
	if (r == 0 && row->set.n > 0 && (r = buf_text(b, ",\"set\":")) == 0)
		r = text_json(b, row->set);
	if (r == 0)
		r = buf_printf(b, ",\"bytes\":%llu", (unsigned long long)row->bytes);
	if (r == 0 && row->moved > row->bytes)
		r = buf_printf(b, ",\"moved\":%llu", (unsigned long long)row->moved);
	if (r == 0 && row->coverage[0] != '\0')
		r = buf_printf(b, ",\"coverage\":\"%s\"", row->coverage);
	if (r == 0 && row->sha256 != NULL && (r = buf_text(b, ",\"sha256\":\"")) == 0 &&
	    (r = text_hex(b, slice_of(row->sha256, SHA256_N))) == 0)
		r = buf_text(b, "\"");
	return r == 0 ? buf_printf(b, ",\"result\":\"%s\"}", row->result) : r;
}

/* "sftp put /etc/motd: 120 bytes, whole, sha256:…: ok" */
static void
row_words(const struct row *row, char *words, size_t size)
{
	char path[400], other[204] = "", content[140] = "", hash[2 * SHA256_N + 1] = "";

	if (row->other.n > 0) {
		(void)snprintf(other, sizeof(other), " to ");
		(void)text_escaped(row->other, other + 4, sizeof(other) - 4);
	} else if (row->set.n > 0) {
		(void)snprintf(other, sizeof(other), " %.*s", (int)row->set.n, (const char *)row->set.p);
	}
	for (unsigned i = 0; row->sha256 != NULL && i < SHA256_N; i++)
		(void)snprintf(hash + 2 * i, 3, "%02x", row->sha256[i]);
	if (row->coverage[0] != '\0')
		(void)snprintf(content, sizeof(content), ": %llu bytes, %s%s%s", (unsigned long long)row->bytes, row->coverage,
		    hash[0] != '\0' ? ", sha256:" : "", hash);
	(void)snprintf(words, size, "%s %s %s%s%s: %s%s", row->tool, row->op, text_escaped(row->path, path, sizeof(path)), other,
	    content, row->refused ? "refused: " : "", row->result);
}

/* 0 or chan_send's codes. */
static int
event_put(struct channel *c, const struct kept *k)
{
	struct front *f = c->front;
	char id[ID_TEXT], sentence[1500];
	struct msg_event msg = { .class_uid = OCSF_FILE, .activity = k->activity, .severity = k->refused ? 2 : 1,
		.ok = k->ok, .actor = slice_from(f->user), .src = slice_from(f->peer),
		.session = slice_from(id_print(c->record.id, id)), .host = slice_from(c->leg->host), .detail = k->detail };

	(void)snprintf(sentence, sizeof(sentence), "%s on %s: %.*s", f->user, c->leg->host, (int)k->words.n,
	    (const char *)k->words.p);
	msg.text = slice_from(sentence);
	return chan_send(f->store, MSG_EVENT, &msg);
}

/* A mark in the recording, and an event.  0, or -EAGAIN and the like: again later, from where it stopped. */
static int
kept_put(struct channel *c, struct kept *k)
{
	int r = k->marked ? 0 : record_add(&c->record, FRAME_MARK, k->words);

	if (r != 0)
		return r;
	k->marked = true;
	return event_put(c, k);
}

static int
keep(struct transfer *t, const struct kept *k)
{
	size_t n = sizeof(*k) + k->words.n + k->detail.n;
	struct kept *copy = n <= KEPT_MAX - t->kept ? malloc(n) : NULL;
	unsigned char *p;

	if (copy == NULL)
		return -ENOMEM;
	p = (unsigned char *)(copy + 1);
	*copy = *k;
	copy->words.p = memcpy(p, k->words.p, k->words.n);
	copy->detail.p = memcpy(p + k->words.n, k->detail.p, k->detail.n);
	*(t->last != NULL ? &t->last->next : &t->first) = copy;
	t->last = copy;
	t->kept += n;
	return 0;
}

static void
row_put(struct channel *c, const struct row *row)
{
	struct transfer *t = c->transfer;
	struct kept k = { .ok = row->ok, .refused = row->refused, .activity = activity_of(row->op) };
	char words[900];
	struct buf detail;
	int r;

	row_words(row, words, sizeof(words));
	k.words = slice_from(words);
	buf_init(&detail, DETAIL_MAX);
	r = row_json(&detail, row);
	k.detail = buf_slice(&detail);
	if (r == 0 && (t->first != NULL || kept_put(c, &k) != 0))
		r = keep(t, &k);
	if (r != 0)
		c->in.broken = "the recorder does not keep up; the session ends";
	buf_done(&detail);
}

static void
on_sftp(void *arg, const struct sftp_row *s)
{
	struct row row = { .tool = "sftp", .op = s->op, .path = s->path, .other = s->other, .set = s->set, .bytes = s->bytes, .moved = s->moved,
		.coverage = s->coverage, .sha256 = s->sha256, .result = sftp_status_name(s->status), .ok = s->status == 0,
		.refused = s->refused };

	row_put(arg, &row);
}

static void
on_zmodem(void *arg, const struct zmodem_row *z)
{
	struct row row = { .tool = "zmodem", .op = z->way == ZMODEM_PUT ? "put" : "get", .path = z->name, .bytes = z->bytes,
		.coverage = z->sha256 != NULL ? "whole" : "part", .sha256 = z->sha256, .ok = z->ended,
		.result = z->ended ? "ok" : "interrupted" };

	row_put(arg, &row);
}

/* A row for each path that the command named; what went by is the stream of them all. */
static void
put_copy(struct channel *c, const struct copy *copy)
{
	char result[48] = "interrupted";
	struct row row = { .tool = copy->tool, .op = copy->op, .coverage = "stream", .result = result, .patterns = copy->patterns,
		.bytes = strcmp(copy->op, "put") == 0 ? c->in.bytes : c->out.bytes, .ok = c->exit_status == 0 };

	if (c->exit_signal[0] != '\0')
		(void)snprintf(result, sizeof(result), "signal");
	else if (c->exit_status >= 0)
		(void)snprintf(result, sizeof(result), "exit %d", c->exit_status);
	for (size_t i = 0; i < copy->paths_n || i == 0; i++) {
		row.path = i < copy->paths_n ? copy->paths[i] : slice_from("");
		row_put(c, &row);
	}
}

static void
on_path_decision(void *arg, const struct msg_decision *d, int *agent)
{
	struct channel *c = arg;
	char words[600];

	(void)agent;
	if (sftp_decided(c->transfer->sftp, d->permit == 1, text_cleaned(d->reason, words, sizeof(words))) != 0)
		c->in.broken = "what was sent is not SFTP as the bastion knows it; the session ends";
}

static void
on_path(void *arg, const char *verb, struct slice path)
{
	struct channel *c = arg;
	struct msg_decide msg = { .verb = slice_from(verb), .host = slice_from(c->leg->host), .login = slice_from(c->leg->login), .path = path,
		.under = c->hold };

	if (ask_gate(c->front, &c->transfer->ask, &msg, on_path_decision, c) != 0)
		c->in.broken = "the gate does not answer; the session ends";
}

static int
start_sftp(struct channel *c, struct transfer *t)
{
	t->sftp = sftp_new(channel_may(c, "get"), channel_may(c, "put"), on_sftp, c);
	if (t->sftp == NULL)
		return -ENOMEM;
	sftp_ask_paths(t->sftp, channel_is_by_path(c, "get"), channel_is_by_path(c, "put"), on_path);
	c->in.sftp = c->out.sftp = t->sftp;
	c->in.counted = c->out.counted = true;
	c->in.keep = c->out.keep = 0;
	return 0;
}

static int
start_zmodem(struct channel *c, struct transfer *t)
{
	t->zmodem = zmodem_new(on_zmodem, c);
	if (t->zmodem == NULL)
		return -ENOMEM;
	c->in.zmodem = c->out.zmodem = t->zmodem;
	return 0;
}

int
transfer_start(struct channel *c)
{
	struct transfer *t = c->transfer = c->session ? calloc(1, sizeof(*t)) : NULL;

	if (t == NULL)
		return c->session ? -ENOMEM : 0;
	c->in.way = SFTP_UP;
	c->out.way = SFTP_DOWN;
	if (strcmp(c->kind, "sftp") == 0)
		return start_sftp(c, t);
	if (c->pty || strcmp(c->kind, "shell") == 0)
		return start_zmodem(c, t);
	t->copies = copy_parse(slice_from(c->command), &t->copy) == 0;
	return 0;
}

void
transfer_permit(struct channel *c)
{
	if (c->transfer != NULL && c->transfer->sftp != NULL)
		sftp_permit(c->transfer->sftp, channel_may(c, "get"), channel_may(c, "put"));
}

void
transfer_end(struct channel *c)
{
	struct transfer *t = c->transfer;

	if (t == NULL || t->ended)
		return;
	t->ended = true;
	ask_forget(c->front, &t->ask);
	c->in.sftp = c->out.sftp = NULL;
	c->in.zmodem = c->out.zmodem = NULL;
	zmodem_free(t->zmodem);
	t->zmodem = NULL;
	if (t->copies)
		put_copy(c, &t->copy);
}

/* What was kept goes first; then what is still open becomes rows, as many as there is room for. */
int
transfer_settle(struct channel *c)
{
	struct transfer *t = c->transfer;
	int r;

	if (t == NULL)
		return 0;
	do {
		while (t->first != NULL) {
			struct kept *k = t->first;

			r = kept_put(c, k);
			if (r != 0)
				return r;
			t->kept -= sizeof(*k) + k->words.n + k->detail.n;
			t->first = k->next;
			t->last = t->first != NULL ? t->last : NULL;
			free(k);
		}
	} while (t->ended && t->sftp != NULL && sftp_end(t->sftp));
	return 0;
}

void
transfer_free(struct channel *c)
{
	struct transfer *t = c->transfer;

	if (t == NULL)
		return;
	c->in.sftp = c->out.sftp = NULL;
	c->in.zmodem = c->out.zmodem = NULL;
	ask_forget(c->front, &t->ask);
	sftp_free(t->sftp);
	zmodem_free(t->zmodem);
	if (t->copies)
		copy_done(&t->copy);
	while (t->first != NULL) {
		struct kept *k = t->first;

		t->first = k->next;
		free(k);
	}
	free(t);
	c->transfer = NULL;
}
