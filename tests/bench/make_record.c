/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A record of a month as a store would have left it, made at once: for benches of what reads it.
 * usage: make_record STATE EVENTS SESSIONS BYTES     BYTES of output in each session, in chunks of 200
 * The same arguments make the same rows; the key and the ids are new each time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/frame.h"
#include "base/id.h"
#include "db/directory.h"
#include "db/event.h"
#include "db/session.h"
#include "db/tree.h"
#include "msg/ocsf.h"

#define CHUNK      200
#define SEGMENT    (32u << 10)
#define BATCH      20000
#define DAY_US     86400000000LL
#define FIRST_US   1793491200000000LL             /* 2026-11-01 */
#define HOSTS      200
#define USERS      100

static struct db *db;
static struct err e;
static struct buf raw, packed;

static void
check(int r)
{
	if (r != 0) {
		fprintf(stderr, "make_record: %s\n", e.text);
		exit(1);
	}
}

static void
batch_end(void)
{
	check(db_tree_flush(db, &e));
	check(db_commit(db, &e));
}

static void
segment_put(struct db_session *s, struct db_segment *g, uint64_t t_ms)
{
	struct segment head = { .no = g->no, .pos0 = g->pos0 };
	struct slice rest = buf_slice(&raw), at = rest, parts[2];
	struct frame f;

	memcpy(head.id, s->id, ID_BYTES);
	memcpy(g->prev, g->hash, HASH_BYTES);
	for (g->frames = 0; frame_take(&rest, &f) == 1; at = rest, g->frames++)
		leaf_chain(g->hash, slice_of(at.p, at.n - rest.n));
	g->pos1 = g->pos0 + raw.len;
	buf_clear(&packed);
	check(segment_pack(&packed, &head, buf_slice(&raw), parts));
	g->t0_ms = head.t0_ms;
	g->t1_ms = t_ms;
	check(db_segment_add(db, s, g, parts, s->start_us, &e));
	s->frames += g->frames;
	s->bytes = g->pos0 = g->pos1;
	s->segments = ++g->no;
	memcpy(s->chain, g->hash, HASH_BYTES);
	buf_clear(&raw);
}

static void
session_put(uint64_t i, int64_t t_us, uint64_t bytes)
{
	char user[24], host[24], chunk[CHUNK];
	struct db_session s = { .conn = i, .user = user, .login = "root", .host = host, .addr = "10.0.0.1:22", .src = "192.0.2.7",
		.method = "publickey", .channel = i % 3 == 0 ? "exec" : "shell", .command = i % 3 == 0 ? "systemctl restart nginx" : "",
		.term = "xterm-256color", .cols = 80, .rows = 24, .rule = "line 1", .policy = "", .node = "bastion", .boot = "",
		.start_us = t_us, .state = "closed", .reason = "", .exit = "0" };
	struct db_segment g = { 0 };
	uint64_t t_ms = 0;

	snprintf(user, sizeof(user), "user%llu", (unsigned long long)(i % USERS));
	snprintf(host, sizeof(host), "host%llu", (unsigned long long)(i * 7 % HOSTS));
	(void)id_new(s.id);
	check(db_session_open(db, &s, g.hash, &e));
	for (uint64_t done = 0; done < bytes; done += CHUNK, t_ms += 40) {
		struct frame f = { .kind = FRAME_OUT, .t_ms = t_ms, .data = slice_of(chunk, CHUNK) };

		memset(chunk, ' ', CHUNK);
		(void)snprintf(chunk, CHUNK, "%llu: drwxr-xr-x %llu root root %llu Nov 24 11:%02llu dir-%llx\r\n", (unsigned long long)i,
		    (unsigned long long)(done % 97), (unsigned long long)(done * 2654435761u % 100000), (unsigned long long)(done / CHUNK % 60),
		    (unsigned long long)(done * 40503 + i));
		check(frame_pack(&raw, &f));
		if (raw.len >= SEGMENT)
			segment_put(&s, &g, t_ms);
	}
	if (raw.len > 0)
		segment_put(&s, &g, t_ms - 40);
	s.end_us = t_us + (int64_t)t_ms * 1000;
	check(db_session_close(db, &s, &e));
}

/* Unlike i, but the same each time. */
static uint64_t
mixed(uint64_t i)
{
	return i * 0x9e3779b97f4a7c15u >> 33;
}

static const char *
detail_make(char *out, size_t size, unsigned class, uint64_t i)
{
	if (class == OCSF_FILE)
		snprintf(out, size, "{\"op\":\"%s\",\"tool\":\"sftp\",\"path\":\"/srv/data/%llu.csv\",\"bytes\":%llu,\"coverage\":\"whole\",\"sha256\":"
		    "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\",\"result\":\"ok\"}", i % 3 == 0 ? "put" : "get",
		    (unsigned long long)(mixed(i) % 900), (unsigned long long)(mixed(i) % 5000000));
	else if (class == OCSF_DECISION)
		snprintf(out, size, "{\"verb\":\"shell\",\"login\":\"root\",\"rule\":\"rule-%llu\",\"policy\":"
		    "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}", (unsigned long long)(i % 40));
	else if (class == OCSF_LOGIN)
		snprintf(out, size, "{\"method\":\"publickey\",\"fingerprint\":\"SHA256:%016llx\"}", (unsigned long long)mixed(i));
	else
		snprintf(out, size, "{\"note\":\"%016llx\"}", (unsigned long long)mixed(i));
	return out;
}

static const char *
text_make(char *out, size_t size, unsigned class, bool ok, const char *user, const char *host)
{
	if (class == OCSF_LOGIN)
		snprintf(out, size, ok ? "%s logged in by publickey" : "%s did not log in: this key is not bound to this user", user);
	else if (class == OCSF_DECISION)
		snprintf(out, size, "%s %s shell on %s as root: %s", user, ok ? "may" : "may not", host, ok ? "ALLOW by rule-7" : "no permit for env=prod");
	else if (class == OCSF_FILE)
		snprintf(out, size, "%s on %s: sftp get /srv/data/1.csv: ok", user, host);
	else if (class == OCSF_READING)
		snprintf(out, size, "%s reads recordings: session ls", user);
	else
		snprintf(out, size, "%s: what happened on %s", user, host);
	return out;
}

static void
event_put(uint64_t i, int64_t t_us)
{
	static const unsigned classes[] = { OCSF_LOGIN, OCSF_DECISION, OCSF_SSH, OCSF_FILE, OCSF_ADMIN, OCSF_READING };
	char user[24], host[24], text[160], detail[400];
	unsigned class = classes[i % 97 < 90 ? i % 4 : i % 6];
	bool ok = mixed(i) % (20 + (uint64_t)(t_us / DAY_US % 7) * 20) != 0;
	struct db_event v = { .t_us = t_us, .mono_us = t_us - FIRST_US, .boot = "9c0ffee0-0000-4000-8000-000000000000", .class_uid = class, .activity = 1,
		.severity = ok ? 1 : 2, .ok = ok, .actor = user, .session = "", .host = host, .src = "192.0.2.7", .text = text, .detail = detail };

	snprintf(user, sizeof(user), "user%llu", (unsigned long long)(mixed(i) % (class == OCSF_ADMIN ? 4 : USERS - 5)));
	snprintf(host, sizeof(host), "host%llu", (unsigned long long)(mixed(i) * 7 % HOSTS));
	(void)text_make(text, sizeof(text), class, ok, user, host);
	(void)detail_make(detail, sizeof(detail), class, i);
	check(db_event_add(db, &v, &e));
}

/* As the store tells of a change: what verify compares the directory with. */
static void
change_put(struct buf *before, struct buf *after, int64_t t_us)
{
	char detail[4096];
	struct db_event v = { .t_us = t_us, .mono_us = t_us - FIRST_US, .boot = "9c0ffee0-0000-4000-8000-000000000000", .class_uid = OCSF_ADMIN, .activity = 1, .severity = 1, .ok = 1,
		.actor = "user0", .session = "", .host = "", .src = "", .text = "user0 changed the directory", .detail = detail };

	snprintf(detail, sizeof(detail), "{\"before\":null,\"after\":%s}", buf_cstr(after));
	check(db_event_add(db, &v, &e));
	buf_clear(before);
	buf_clear(after);
}

static void
policy_put(const char *body, int64_t t_us)
{
	unsigned char h[HASH_BYTES];
	char hex[2 * HASH_BYTES + 1] = "", detail[128];
	struct db_policy p = { .hash = hex, .body = slice_from(body), .actor = "user0", .seen_us = t_us };
	struct db_event v = { .t_us = t_us, .mono_us = t_us - FIRST_US, .boot = "9c0ffee0-0000-4000-8000-000000000000", .class_uid = OCSF_ADMIN, .activity = 3, .severity = 1, .ok = 1,
		.actor = "user0", .session = "", .host = "", .src = "", .text = "the policy was loaded", .detail = detail };

	leaf_sha256(slice_from(body), slice_from(NULL), h);
	for (unsigned i = 0; i < HASH_BYTES; i++)
		snprintf(hex + i * 2, 3, "%02x", h[i]);
	snprintf(detail, sizeof(detail), "{\"policy\":\"%s\"}", hex);
	check(db_policy_seen(db, &p, &e) < 0 ? -1 : 0);
	check(db_event_add(db, &v, &e));
}

/* The directory, and two policies. */
static void
directory_put(void)
{
	static const char *const bodies[] = { "permit :g0, :g1 any on env=dev as root id developers\n",
		"permit :g0, :g1 any on env=dev as root id developers\npermit :g1 shell on env=prod as root id production\nrequire mfa for :g1 shell on env=prod\n" };
	char user[24], host[24], blob[60];
	struct buf before, after;

	buf_init(&before, 65536);
	buf_init(&after, 65536);
	check(db_begin(db, &e));
	for (unsigned i = 0; i < USERS; i++) {
		struct db_user u = { .name = user, .display = "", .groups = i % 3 == 0 ? "g1" : "g0", .attrs = "", .disabled = i % 17 == 16, .created_us = FIRST_US - 200 * DAY_US };
		struct db_key k = { .user = user, .alg = "ssh-ed25519", .blob = slice_of(blob, 51), .comment = "laptop", .added_us = FIRST_US - (int64_t)i * 5 * DAY_US };

		snprintf(user, sizeof(user), "user%u", i);
		memset(blob, (int)i, sizeof(blob));
		check(db_user_put(db, &u, &before, &after, &e));
		change_put(&before, &after, u.created_us);
		check(db_key_put(db, &k, &before, &after, &e));
		change_put(&before, &after, k.added_us);
	}
	for (unsigned i = 0; i < HOSTS; i++) {
		struct db_host h = { .name = host, .addr = "10.0.0.1", .port = 22, .target_kind = 1, .labels = i % 2 == 0 ? "env=dev" : "env=prod", .logins = "root",
			.pins = i % 9 == 0 ? "" : "ssh-ed25519 AAAA", .aliases = "" };

		snprintf(host, sizeof(host), "host%u", i);
		check(db_host_put(db, &h, &before, &after, &e));
		change_put(&before, &after, FIRST_US - 20 * DAY_US);
	}
	for (unsigned i = 0; i < 2; i++)
		policy_put(bodies[i], FIRST_US + ((int64_t)i * 12 - 3) * DAY_US);
	batch_end();
	buf_done(&before);
	buf_done(&after);
}

static void
sign(const char *state)
{
	struct db_checkpoint c = { .t_us = FIRST_US + 30 * DAY_US };
	char path[4096];
	struct buf note, text;
	struct note_key *key;

	buf_init(&note, NOTE_MAX);
	buf_init(&text, NOTE_KEY_MAX);
	key = note_key_new("bastion", &text, &e);
	check(key == NULL);
	snprintf(path, sizeof(path), "%s/keys/checkpoint_ed25519", state);
	check(buf_text(&text, "\n"));
	check(fd_write_file(path, text.p, text.len, 0600, &e));
	snprintf(path, sizeof(path), "%s/keys/checkpoint_ed25519.pub", state);
	buf_clear(&text);
	check(note_key_public(key, &text));
	check(buf_text(&text, "\n"));
	check(fd_write_file(path, text.p, text.len, 0644, &e));
	check(db_tree_edge_root(db, &c.size, c.root, &e));
	check(note_sign(key, c.size, c.root, &note));
	c.note = buf_cstr(&note);
	check(db_checkpoint_add(db, &c, &e));
	buf_done(&note);
	buf_done(&text);
	note_key_free(key);
}

static uint64_t
number(const char *text)
{
	return strtoull(text, NULL, 10);
}

int
main(int argc, char **argv)
{
	uint64_t events = argc == 5 ? number(argv[2]) : 0, sessions = argc == 5 ? number(argv[3]) : 0, all = events + sessions, done = 0;
	char path[4096];

	if (argc != 5) {
		fputs("usage: make_record STATE EVENTS SESSIONS BYTES\n", stderr);
		return 2;
	}
	(void)mkdir(argv[1], 0700);
	snprintf(path, sizeof(path), "%s/keys", argv[1]);
	(void)mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/db", argv[1]);
	(void)mkdir(path, 0700);
	buf_init(&raw, SEGMENT_RAW_MAX);
	buf_init(&packed, SEGMENT_MAX);
	db = db_open_write(path, NULL, &e);
	check(db == NULL);
	directory_put();
	for (uint64_t i = 0; i < all; i++) {
		int64_t t_us = FIRST_US + (int64_t)(i * (uint64_t)(30 * DAY_US / 1000) / all) * 1000;

		if (i % BATCH == 0)
			check(db_begin(db, &e));
		if (done * all < i * sessions)
			session_put(done++, t_us, number(argv[4]));
		else
			event_put(i, t_us);
		if (i % BATCH == BATCH - 1)
			batch_end();
	}
	check(all % BATCH == 0 ? db_begin(db, &e) : 0);
	check(db_tree_flush(db, &e));
	sign(argv[1]);
	batch_end();
	db_close(db);
	segment_done();
	buf_done(&raw);
	buf_done(&packed);
	return 0;
}
