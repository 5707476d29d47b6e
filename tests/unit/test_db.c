/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Rows, recordings, tree and verification in a directory of its own; and every kind of damage. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "db/directory.h"
#include "db/event.h"
#include "db/frames.h"
#include "db/journal.h"
#include "db/keep.h"
#include "db/tree.h"
#include "db/verify.h"
#include "tests/tap.h"

static char dir[] = "/tmp/test_db.XXXXXX";
static struct note_key *key;
static struct err e;

static void
add_event(struct db *db, const char *text)
{
	struct db_event v = { .t_us = 1000, .boot = "b", .class_uid = 3002, .activity = 1, .severity = 1, .ok = 1,
		.actor = "alice", .session = "", .host = "", .src = "127.0.0.1", .text = text, .detail = "{\"a\":1}" };

	if (db_event_add(db, &v, &e) != 0)
		printf("# %s\n", e.text);
}

static void
add_segment(struct db *db, struct db_session *s, struct db_segment *g, const char *text)
{
	struct segment head = { .no = g->no, .pos0 = g->pos0 };
	struct frame f = { .kind = FRAME_OUT, .t_ms = g->no * 10, .data = slice_from(text) };
	struct slice parts[2];
	struct buf raw, packed;

	buf_init(&raw, 4096);
	buf_init(&packed, SEGMENT_MAX);
	memcpy(head.id, s->id, ID_BYTES);
	frame_pack(&raw, &f);
	memcpy(g->prev, g->hash, HASH_BYTES);
	leaf_chain(g->hash, buf_slice(&raw));
	g->frames = 1;
	g->pos1 = g->pos0 + raw.len;
	g->t0_ms = g->t1_ms = f.t_ms;
	ok(segment_pack(&packed, &head, buf_slice(&raw), parts) == 0 &&
	    db_segment_add(db, s, g, parts, 1000, &e) == 0, "segment %u", g->no);
	s->bytes = g->pos0 = g->pos1;
	s->segments = ++g->no;
	s->frames++;
	memcpy(s->chain, g->hash, HASH_BYTES);
	buf_done(&raw);
	buf_done(&packed);
}

static void
checkpoint(struct db *db)
{
	struct db_checkpoint c = { .t_us = 5 };
	struct buf text;

	buf_init(&text, NOTE_MAX);
	ok(db_tree_edge_root(db, &c.size, c.root, &e) == 0 && note_sign(key, c.size, c.root, &text) == 0, "the tree's root is signed");
	c.note = buf_cstr(&text);
	ok(db_checkpoint_add(db, &c, &e) == 0, "checkpoint");
	buf_done(&text);
}

static void
test_write(unsigned char id[ID_BYTES])
{
	struct db_session s = { .user = "alice", .login = "root", .host = "web1", .addr = "", .src = "", .method = "",
		.channel = "shell", .command = "", .term = "xterm", .rule = "", .policy = "", .node = "n", .boot = "b",
		.start_us = 1000, .state = "closed", .end_us = 2000, .reason = "exit", .exit = "0" };
	struct db_segment g = { 0 };
	struct db *db = db_open_write(dir, NULL, &e);

	ok(db != NULL, "a new database %s", e.text);
	if (db == NULL)
		exit(1);
	id_new(id);
	memcpy(s.id, id, ID_BYTES);
	ok(db_begin(db, &e) == 0, "a transaction begins");
	for (int i = 0; i < 600; i++)
		add_event(db, "alice came in");
	ok(db_session_open(db, &s, g.hash, &e) == 0, "a session opens %s", e.text);
	add_segment(db, &s, &g, "hello ");
	add_segment(db, &s, &g, "world");
	ok(db_session_close(db, &s, &e) == 0, "and closes %s", e.text);
	ok(db_tree_flush(db, &e) == 0, "the tree is written");
	checkpoint(db);
	ok(db_commit(db, &e) == 0, "commits %s", e.text);
	ok(db_begin(db, &e) == 0, "another transaction begins");
	add_event(db, "not to be");
	db_rollback(db);
	ok(db_begin(db, &e) == 0 && (add_event(db, "after a rollback"), db_tree_flush(db, &e) == 0) &&
	    db_commit(db, &e) == 0, "and on after a rollback %s", e.text);
	db_close(db);
}

static int
verify(void)
{
	struct db_verify v;
	struct db *db = db_open_read(dir, &e);
	int r = db == NULL ? -EIO : db_verify(db, key, slice_from(NULL), &v, &e);

	db_close(db);
	return r;
}

static void
test_read(const unsigned char id[ID_BYTES])
{
	struct db *db = db_open_read(dir, &e);
	struct db_frames *it = db == NULL ? NULL : db_frames_open(db, id, &e);
	struct merkle_proof p;
	unsigned char root[HASH_BYTES], leaf[HASH_BYTES];
	uint64_t size = 0, pos;
	struct frame f;

	ok(it != NULL, "reads %s", e.text);
	if (it == NULL)
		return;
	ok(db_frames_next(it, &f, &pos, &e) == 1 && slice_is(f.data, "hello ") && pos == 0, "first frame %s", e.text);
	ok(db_frames_next(it, &f, &pos, &e) == 1 && slice_is(f.data, "world"), "second frame");
	ok(db_frames_next(it, &f, &pos, &e) == 0, "and no third one");
	ok(db_frames_seek_ms(it, 5, &e) == 0 && db_frames_next(it, &f, &pos, &e) == 1 && f.t_ms == 10, "seeks by time");
	db_frames_close(it);
	ok(db_tree_size(db, &size, &e) == 0 && size == 605, "leaves: %d", (int)size);
	ok(db_tree_root(db, size, root, &e) == 0 && db_tree_leaf(db, 300, leaf, &e) == 0 &&
	    db_tree_inclusion(db, 300, size, &p, &e) == 0 && merkle_inclusion_holds(leaf, 300, size, &p, root),
	    "an inclusion proof out of tiles");
	db_close(db);
}

/* Changes the file as an intruder with a copy of sqlite3 would. */
static void
tamper(const char *what, const char *sql, const char *back)
{
	char path[64];
	sqlite3 *q;
	int r;

	snprintf(path, sizeof(path), "%s/" DB_FILE, dir);
	sqlite3_open(path, &q);
	r = sqlite3_exec(q, sql, NULL, NULL, NULL);
	if (r != SQLITE_OK)
		printf("# %s\n", sqlite3_errmsg(q));
	ok(r == SQLITE_OK && verify() == -EBADMSG, "%s: %s", what, e.text);
	sqlite3_exec(q, back, NULL, NULL, NULL);
	sqlite3_close(q);
	ok(verify() == 0, "and put back: %s", e.text);
}

static void
test_flip(void)
{
	char path[64], c;
	int fd;

	snprintf(path, sizeof(path), "%s/rec-1970-01.seg", dir);
	fd = open(path, O_RDWR);
	ok(fd >= 0 && pread(fd, &c, 1, 80) == 1, "the partition file");
	c ^= 1;
	ok(pwrite(fd, &c, 1, 80) == 1 && verify() == -EBADMSG, "a flipped byte: %s", e.text);
	c ^= 1;
	ok(pwrite(fd, &c, 1, 80) == 1 && verify() == 0, "and put back");
	close(fd);
}

static void
test_directory(void)
{
	struct db_user u = { .name = "bob", .display = "Bob", .groups = "ops", .attrs = "" };
	struct db_code c = { .user = "bob", .hash = slice_of("0123456789abcdef0123456789abcdef", 32) };
	struct db *db = db_open_write(dir, NULL, &e);
	struct buf before, after;

	buf_init(&before, 65536);
	buf_init(&after, 65536);
	ok(db_begin(db, &e) == 0 && db_user_put(db, &u, &before, &after, &e) == 0 && before.len == 0 && after.len > 0,
	    "a user is put");
	ok(db_code_put(db, &c, &before, &after, &e) == 0, "a code %s", e.text);
	ok(db_code_delete(db, &c, &before, &e) == 0, "used once %s", e.text);
	buf_clear(&before);
	ok(db_code_delete(db, &c, &before, &e) == -ENOENT, "not twice");
	ok(db_commit(db, &e) == 0, "which is committed");
	buf_done(&before);
	buf_done(&after);
	db_close(db);
}

static int
see_user(void *arg, const struct db_user *u)
{
	ok(strcmp(u->name, "old") == 0 && u->disabled && u->created_us == 5 && u->expires_us == 0 && u->attrs[0] == '\0', "a user of then, who never ends");
	++*(int *)arg;
	return 0;
}

static int
see_key(void *arg, const struct db_key *k)
{
	ok(strcmp(k->user, "old") == 0 && slice_is(k->blob, "blob") && k->added_us == 6 && k->expires_us == 0, "and a key");
	++*(int *)arg;
	return 0;
}

/* A database of schema 1, as the first release made it, is brought up to date when it is opened. */
static void
test_migration(void)
{
	static const char *const schema[] = {
#include "db/schema.inc"
	};
	struct db_user u = { .name = "old", .display = "", .groups = "", .attrs = "team=pay", .expires_us = 99 };
	char path[64], place[80];
	struct buf before, after;
	sqlite3 *old;
	struct db *db;
	int seen = 0;

	snprintf(path, sizeof(path), "%s/old", dir);
	snprintf(place, sizeof(place), "%s/" DB_FILE, path);
	buf_init(&before, 4096);
	buf_init(&after, 4096);
	ok(mkdir(path, 0700) == 0 && sqlite3_open(place, &old) == SQLITE_OK && sqlite3_exec(old, schema[0], NULL, NULL, NULL) == SQLITE_OK &&
	    sqlite3_exec(old, "INSERT INTO user VALUES('old','','',1,5); INSERT INTO key VALUES('old','a',CAST('blob' AS BLOB),'',6);"
	    "PRAGMA application_id=1179931219; PRAGMA user_version=1", NULL, NULL, NULL) == SQLITE_OK, "schema 1");
	sqlite3_close(old);
	ok(db_open_read(path, &e) == NULL, "is not read as it is: %s", e.text);
	db = db_open_write(path, NULL, &e);
	ok(db != NULL && db_user_list(db, see_user, &seen, &e) == 0 && db_key_list(db, see_key, &seen, &e) == 0 && seen == 2,
	    "is brought up to date: %s", e.text);
	ok(db_begin(db, &e) == 0 && db_user_put(db, &u, &before, &after, &e) == 0 && db_commit(db, &e) == 0 &&
	    strstr(buf_cstr(&before), "expires_us") == NULL && strstr(buf_cstr(&after), "\"expires_us\":99") != NULL &&
	    strstr(buf_cstr(&before), "attrs") == NULL && strstr(buf_cstr(&after), "\"attrs\":\"team=pay\"") != NULL,
	    "and what a user's end was is on the record");
	db_close(db);
	db = db_open_read(path, &e);
	ok(db != NULL, "then it is read: %s", e.text);
	db_close(db);
	buf_done(&before);
	buf_done(&after);
}

/* Are all frames of the WAL in the database?  A reader that began before some of them forbids it. */
static bool
wal_is_taken(sqlite3 *q)
{
	int frames = -1, taken = -2;

	return sqlite3_wal_checkpoint_v2(q, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &taken) == SQLITE_OK && frames > 0 && frames == taken;
}

/* One that verifies again and again, so that it is at it whatever the writer does. */
static pid_t
verify_for_ever(int *tells)
{
	int pipes[2];
	pid_t pid;
	char c = 0;

	if (pipe(pipes) != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		close(pipes[0]);
		while (verify() == 0 && write(pipes[1], "v", 1) == 1)
			continue;
		dprintf(1, "# %s\n", e.text);
		_exit(1);
	}
	close(pipes[1]);
	*tells = pipes[0];
	return read(pipes[0], &c, 1) == 1 ? pid : -1;
}

/* A verification leaves the writer and its WAL alone: records come while it goes on, and it takes no notice. */
static void
test_verify_while_writing(void)
{
	struct db *db = db_open_write(dir, NULL, &e);
	char path[64];
	unsigned taken = 0, rounds = 0;
	bool good = db != NULL && db_begin(db, &e) == 0;
	int tells = -1, status = 0;
	int64_t quarter;
	mono_t start;
	bool now;
	sqlite3 *q;
	pid_t pid;

	for (int i = 0; i < 20000 && good; i++)
		add_event(db, "one of many");
	good = good && db_tree_flush(db, &e) == 0 && db_commit(db, &e) == 0;
	snprintf(path, sizeof(path), "%s/" DB_FILE, dir);
	good = good && sqlite3_open(path, &q) == SQLITE_OK &&
	    sqlite3_exec(q, "SELECT * FROM tree", NULL, NULL, NULL) == SQLITE_OK;      /* it then knows of the WAL */
	start = clock_mono();
	good = good && verify() == 0;
	quarter = (clock_mono().us - start.us) / 4;
	pid = verify_for_ever(&tells);
	ok(good && pid > 0, "a writer, and one that verifies");
	for (; rounds < 12 && good; rounds++) {
		good = db_begin(db, &e) == 0;
		add_event(db, "while it goes on");
		good = good && db_tree_flush(db, &e) == 0 && db_commit(db, &e) == 0;
		start = clock_mono();
		while (!(now = wal_is_taken(q)) && clock_mono().us - start.us < quarter)
			(void)usleep(200);
		taken += now;
	}
	ok(good && taken > rounds * 3 / 4, "the WAL is taken over within a quarter of a verification: %u times of %u", taken, rounds);
	(void)kill(pid, SIGTERM);
	ok(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status), "and all verifications held");
	close(tells);
	sqlite3_close(q);
	db_close(db);
	ok(verify() == 0, "so does the last one: %s", e.text);
}

/* Bytes that were put before their transaction: what may become of them meanwhile. */
static void
test_put(void)
{
	static const char file[] = "rec-1970-01.seg";
	struct slice parts[2] = { slice_from("head"), slice_from("body") };
	struct db *db = db_open_write(dir, NULL, &e);
	struct db_session s = { .row = 1, .id_text = "x" };
	struct db_segment g = { 0 }, later = { 0 };
	struct db_partition p;

	ok(db != NULL && !db_segment_is_put(db, &g), "a segment that nobody put");
	if (db == NULL)
		return;
	ok(db_segment_put(db, &g, parts, 1000, &e) == 0 && db_segment_is_put(db, &g) && strcmp(g.place, file) == 0 && g.len == 8, "put: %s", e.text);
	ok(db_begin(db, &e) == 0 && (db_rollback(db), !db_segment_is_put(db, &g)), "it goes with a transaction that fails");
	ok(db_begin(db, &e) == 0 && db_segment_name(db, &s, &g, &e) == -ESTALE, "and cannot be named: %s", e.text);
	db_rollback(db);
	ok(db_segment_put(db, &g, parts, 1000, &e) == 0 && db_segment_put(db, &later, parts, INT64_C(2764800000000), &e) == 0 &&
	    strcmp(later.place, "rec-1970-02.seg") == 0 && db_segment_is_put(db, &g), "another month takes nothing from it: %s", e.text);
	ok(db_begin(db, &e) == 0 && db_partition_erase(db, file, 5, &p, &e) == 0 && p.segments == 2 && !db_segment_is_put(db, &g),
	    "the erasure of its file does: %s", e.text);
	ok(db_segment_put(db, &g, parts, 1000, &e) == 0 && strcmp(g.place, "rec-1970-02.seg") == 0,
	    "a clock that was set back into an erased month writes into the next one: %s", g.place);
	ok(db_segment_put(db, &g, parts, INT64_C(5443200000000), &e) == 0 && strcmp(g.place, "rec-1970-03.seg") == 0 &&
	    db_segment_put(db, &g, parts, 1000, &e) == 0 && strcmp(g.place, "rec-1970-02.seg") == 0, "each time: %s", g.place);
	db_rollback(db);
	ok(db_segment_put(db, &g, parts, 1000, &e) == 0 && strcmp(g.place, file) == 0, "what was not erased after all is written again: %s", g.place);
	db_close(db);
}

int
main(void)
{
	unsigned char id[ID_BYTES];
	struct buf secret;
	char cmd[64];

	buf_init(&secret, NOTE_KEY_MAX);
	if (mkdtemp(dir) == NULL)
		return 1;
	key = note_key_new("test", &secret, &e);
	test_write(id);
	ok(verify() == 0, "all holds: %s", e.text);
	test_read(id);
	tamper("a changed event", "DROP TRIGGER event_no_update; UPDATE event SET actor='bob' WHERE id=7",
	    "UPDATE event SET actor='alice' WHERE id=7");
	tamper("an event lost its row", "DROP TRIGGER event_no_delete; CREATE TABLE keep AS SELECT * FROM event WHERE id=9;"
	    "DELETE FROM event WHERE id=9", "INSERT INTO event SELECT * FROM keep");
	tamper("another user", "DROP TRIGGER session_closes_once; UPDATE session SET user='bob'",
	    "UPDATE session SET user='alice'");
	tamper("another end", "UPDATE session SET exit='1'", "UPDATE session SET exit='0'");
	tamper("a cut tail", "CREATE TABLE k2 AS SELECT * FROM tree; UPDATE tree SET size=500", "UPDATE tree SET size=605");
	test_flip();
	test_verify_while_writing();
	test_directory();
	test_migration();
	test_put();
	note_key_free(key);
	buf_done(&secret);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) == 0 ? tap_done() : 1;
}
