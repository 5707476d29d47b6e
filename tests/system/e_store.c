/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The store, whole, as a process: a day's work; kill -9; a full disk; a read-only one; the directory in bulk.
 * usage: e_store work|kill|full|readonly|bulk
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/id.h"
#include "db/directory.h"
#include "db/event.h"
#include "db/frames.h"
#include "db/verify.h"
#include "tests/system/store_peer.h"
#include "tests/tap.h"

#ifdef SANITIZE
#define EVENTS_KB_MAX 700000L            /* the sanitizers keep what was freed for a while */
#else
#define EVENTS_KB_MAX 90000L
#endif

static char dir[] = "/tmp/e_store.XXXXXX";
static struct err e;

static const char *
db_path(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/db", dir);
	return path;
}

static int
verify(struct db_verify *v)
{
	struct db *db = db_open_read(db_path(), &e);
	struct note_key *key = NULL;
	char path[64];
	struct buf text;
	int r = -EIO;

	buf_init(&text, 65536);
	snprintf(path, sizeof(path), "%s/key.pub", dir);
	if (db != NULL && fd_read_file(path, NOTE_KEY_MAX, &text, &e) == 0)
		key = note_key_parse(buf_slice(&text), &e);
	if (key != NULL)
		r = db_verify(db, key, slice_from(NULL), v, &e);
	note_key_free(key);
	buf_done(&text);
	db_close(db);
	return r;
}

struct seen {
	char state[16], reason[64];
	uint64_t bytes;
};

static int
see(void *arg, const struct db_session *s)
{
	struct seen *v = arg;

	snprintf(v->state, sizeof(v->state), "%s", s->state);
	snprintf(v->reason, sizeof(v->reason), "%s", s->reason);
	v->bytes = s->bytes;
	return 0;
}

static void
session_see(const unsigned char id[ID_BYTES], struct seen *v)
{
	struct db *db = db_open_read(db_path(), &e);

	memset(v, 0, sizeof(*v));
	if (db != NULL)
		(void)db_session_find(db, id, see, v, &e);
	db_close(db);
}

/* Does the recording hold the lines 0, 1, 2… up to position pos and not a byte less? */
static bool
lines_are_there(const unsigned char id[ID_BYTES], uint64_t pos)
{
	struct db *db = db_open_read(db_path(), &e);
	struct db_frames *it = db == NULL ? NULL : db_frames_open(db, id, &e);
	uint64_t at = 0, end = 0;
	unsigned n = 0;
	struct frame f;
	char line[32];
	bool good = true;

	while (it != NULL && good && db_frames_next(it, &f, &at, &e) == 1) {
		snprintf(line, sizeof(line), "line %u\n", n++);
		good = slice_is(f.data, line);
		end = at + FRAME_HEAD + f.data.n;
	}
	db_frames_close(it);
	db_close(db);
	return good && end >= pos;
}

static int
send_line(struct front *f, uint32_t rec, uint64_t *pos, unsigned n)
{
	char line[32];

	snprintf(line, sizeof(line), "line %u\n", n);
	return front_data(f, rec, pos, n, line, strlen(line));
}

static void
test_directory(struct peer *p)
{
	struct msg_dir_user u = { .req = 5, .op = MSG_DIR_PUT, .actor = slice_from("admin"), .name = slice_from("alice"),
		.groups = slice_from("ops") };
	struct msg_dir_load load = { .req = 6 };

	ok(chan_send(p->gate, MSG_DIR_USER, &u) == 0 && chan_wait(p->gate, PEER_WAIT_MS) == 0 && p->dir_ok == 1, "a user is put %s",
	    p->text);
	u.op = MSG_DIR_DELETE;
	u.name = slice_from("nobody");
	ok(chan_send(p->gate, MSG_DIR_USER, &u) == 0 && chan_wait(p->gate, PEER_WAIT_MS) == 0 && p->dir_ok == 0,
	    "who is not there is not deleted");
	is(p->text, "there is no user nobody", "and says so");
	p->dir_done = 0;
	(void)chan_send(p->gate, MSG_DIR_LOAD, &load);
	while (p->dir_done == 0 && chan_wait(p->gate, PEER_WAIT_MS) == 0)
		;
	ok(p->dir_rows == 1, "the directory loads");
}

static void
test_event(struct peer *p)
{
	struct msg_event ev = { .req = 9, .class_uid = 3002, .activity = 1, .ok = 0, .actor = slice_of("al\xffice\0", 7),
		.text = slice_from("no"), .detail = slice_from("{broken") };

	ok(chan_send(p->gate, MSG_EVENT, &ev) == 0 && chan_wait(p->gate, PEER_WAIT_MS) == 0 && p->event_done == 1,
	    "an event with foreign bytes is durable");
}

static void
test_work(void)
{
	unsigned char id[3][ID_BYTES];
	struct front f, lost, bad;
	struct db_verify v = { 0 };
	uint64_t pos = 0, pos2 = 0, pos3 = 0;
	struct seen s;
	struct peer p;
	int status;

	for (int i = 0; i < 3; i++)
		(void)id_new(id[i]);
	ok(peer_start(&p, dir, NULL) == 0, "the store is ready");
	ok(front_start(&p, &f, NULL) == 0 && front_open(&f, 7, id[0], "alice") == 1, "a recording opens %s", f.text);
	for (unsigned n = 0; n < 5000; n++)
		if (send_line(&f, 7, &pos, n) != 0)
			break;
	ok(front_wait_ack(&f, 7, pos, PEER_WAIT_MS) == 0, "all of it is durable, %u acknowledgements", f.acks);
	ok(lines_are_there(id[0], pos), "and readable while it goes on: %s", e.text);
	ok(front_open(&f, 8, id[0], "alice") == 0, "the same id twice is refused: %s", f.text);
	ok(front_close(&f, 7, pos) == 0, "the first session is closed");
	ok(front_start(&p, &lost, NULL) == 0 && front_open(&lost, 1, id[1], "bob") == 1, "another is opened");
	(void)send_line(&lost, 1, &pos2, 0);
	ok(front_wait_ack(&lost, 1, pos2, PEER_WAIT_MS) == 0, "and is durable so far");
	front_stop(&lost);
	ok(front_start(&p, &bad, NULL) == 0 && front_open(&bad, 1, id[2], "eve") == 1, "a front with a gap");
	pos3 = 77;
	(void)send_line(&bad, 1, &pos3, 0);
	while (!bad.over && chan_wait(bad.chan, PEER_WAIT_MS) == 0)
		;
	ok(bad.over, "is hung up on");
	front_stop(&bad);
	test_directory(&p);
	test_event(&p);
	front_stop(&f);
	status = peer_stop(&p);
	ok(status == 0, "stops: %x", (unsigned)status);
	session_see(id[0], &s);
	ok(strcmp(s.state, "closed") == 0 && s.bytes == pos, "the first is closed: %s", s.reason);
	session_see(id[1], &s);
	ok(strcmp(s.state, "lost") == 0 && s.bytes == pos2, "the second is lost: %s", s.reason);
	session_see(id[2], &s);
	ok(strcmp(s.state, "lost") == 0, "the third too: %s", s.reason);
	status = verify(&v);
	ok(status == 0 && v.sessions == 3 && v.signed_size == v.leaves, "all holds and is signed: %s", status ? e.text : "");
}

#define KILL_FRONTS 4
#define KILL_ROUNDS 6

/* Under load, killed at a moment that the acknowledgements choose; what was acknowledged is there. */
static void
kill_round(unsigned round)
{
	unsigned char id[KILL_FRONTS][ID_BYTES];
	struct front f[KILL_FRONTS];
	uint64_t pos[KILL_FRONTS] = { 0 };
	unsigned n[KILL_FRONTS] = { 0 }, whole = 0, lost = 0;
	struct db_verify v = { 0 };
	struct seen s;
	struct peer p;
	int r;

	ok(peer_start(&p, dir, NULL) == 0, "round %u: ready", round);
	for (int i = 0; i < KILL_FRONTS; i++) {
		(void)id_new(id[i]);
		if (front_start(&p, &f[i], NULL) != 0 || front_open(&f[i], 1, id[i], "alice") != 1)
			ok(false, "a recording opens");
	}
	while (f[0].acks < 4 + round * 7)
		for (int i = 0; i < KILL_FRONTS; i++) {
			for (int k = 0; k < 50; k++)
				(void)send_line(&f[i], 1, &pos[i], n[i]++);
			(void)chan_wait(f[i].chan, 0);
		}
	peer_kill(&p);
	ok(peer_start(&p, dir, NULL) == 0, "round %u: ready after kill -9", round);
	for (int i = 0; i < KILL_FRONTS; i++) {
		while (chan_wait(f[i].chan, 0) == 0)
			;
		whole += lines_are_there(id[i], f[i].acked[1]);
		session_see(id[i], &s);
		lost += strcmp(s.state, "lost") == 0 && s.bytes >= f[i].acked[1];
		front_stop(&f[i]);
	}
	ok(whole == KILL_FRONTS, "round %u: nothing acknowledged is lost (of %u lines)", round, n[0]);
	ok(lost == KILL_FRONTS, "round %u: the recordings are closed and marked", round);
	ok(peer_stop(&p) == 0, "round %u: stops", round);
	r = verify(&v);
	ok(r == 0, "round %u: %d leaves hold: %s", round, (int)v.leaves, r != 0 ? e.text : "");
}

static void
limit_files(void)
{
	/* What a full disk is to a process: no file may grow beyond this. */
	struct rlimit r = { 700000, RLIM_INFINITY };

	(void)signal(SIGXFSZ, SIG_IGN);
	(void)setrlimit(RLIMIT_FSIZE, &r);
}

static long
memory_kb(pid_t pid)
{
	char path[64], line[256];
	long kb = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		(void)sscanf(line, "VmRSS: %ld", &kb);
	if (f != NULL)
		fclose(f);
	return kb;
}

/* A change of the directory: 1 made, 0 refused (as each is while nothing can be written), or no answer. */
static int
put_zoe(struct peer *p)
{
	struct msg_dir_user u = { .req = 5, .op = MSG_DIR_PUT, .actor = slice_from("admin"), .name = slice_from("zoe") };
	int r = chan_send(p->gate, MSG_DIR_USER, &u);

	r = r == 0 ? chan_wait(p->gate, PEER_WAIT_MS) : r;
	return r == 0 ? (int)p->dir_ok : r;
}

/* Whoever knocks while the disk is full makes events; they are kept as far as there is room, and what is beyond is counted. */
static void
events_while_full(struct peer *p)
{
	struct msg_event ev = { .class_uid = 3002, .activity = 1, .actor = slice_from("eve"), .text = slice_from("eve could not log in: no") };
	unsigned char id[ID_BYTES];
	unsigned taken = 0;
	long kb;

	for (int i = 0; i < 2000; i++)
		(void)chan_send(p->gate, MSG_EVENT, &ev);
	ok(put_zoe(p) == 0, "after 2,000 events of the gate it still answers: %s", p->text);
	(void)id_new(id);
	for (int n = 0; n < 600; n++) {
		struct front f;

		if (front_start(p, &f, NULL) != 0)
			break;
		for (int i = 0; i < 200; i++)
			(void)chan_send(f.chan, MSG_EVENT, &ev);
		taken += front_open(&f, 1, id, "eve") == 0;              /* who is answered has been read as far as that */
		front_stop(&f);
	}
	kb = memory_kb(p->pid);
	ok(taken == 600 && kb > 0 && kb < EVENTS_KB_MAX, "%u events that cannot be written take %ld kB", taken * 200, kb);
}

struct gap { unsigned kept; bool told; };

static int
see_gap(void *arg, const struct db_event *v)
{
	struct gap *g = arg;

	g->kept += strcmp(v->text, "eve could not log in: no") == 0;
	g->told |= strstr(v->text, "events were lost") != NULL;
	return 0;
}

static void
test_full(void)
{
	static unsigned char noise[30000];
	unsigned char id[ID_BYTES], other[ID_BYTES];
	struct db_verify v = { 0 };
	uint64_t pos = 0, durable;
	struct front f, g;
	struct peer p;
	struct gap gap = { 0 };
	struct db *db;
	uint32_t x = 1;
	int r = 0;

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (unsigned char)((x = x * 1664525 + 1013904223) >> 24);
	(void)id_new(id);
	(void)id_new(other);
	ok(peer_start(&p, dir, limit_files) == 0, "ready on a small disk");
	ok(front_start(&p, &f, NULL) == 0 && front_open(&f, 1, id, "alice") == 1, "a recording opens %s", f.text);
	for (unsigned n = 0; n < 100 && r == 0; n++) {
		(void)front_data(&f, 1, &pos, n, noise, sizeof(noise));
		while ((r = front_wait_ack(&f, 1, pos, 100)) == -ETIMEDOUT && put_zoe(&p) == 1)
			;
	}
	durable = f.acked[1];
	ok(r == -ETIMEDOUT && durable > 0 && durable < pos, "the disk fills: no acknowledgement beyond %d", (int)durable);
	ok(front_start(&p, &g, NULL) == 0 && front_open(&g, 1, other, "bob") == 0, "nobody else starts: %s", g.text);
	events_while_full(&p);
	(void)prlimit(p.pid, RLIMIT_FSIZE, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY }, NULL);
	for (int i = 0; i < 600 && put_zoe(&p) == 0; i++)
		(void)poll(NULL, 0, 100);
	ok(p.dir_ok == 1, "with room again it writes: %s", p.text);
	(void)prlimit(p.pid, RLIMIT_FSIZE, &(struct rlimit){ 4096, RLIM_INFINITY }, NULL);
	front_stop(&f);
	front_stop(&g);
	r = peer_stop(&p);
	ok(WIFEXITED(r) && WEXITSTATUS(r) == 1, "it stops and says that it could not write all: %x", (unsigned)r);
	ok(peer_start(&p, dir, NULL) == 0, "with room again it starts");
	ok(peer_stop(&p) == 0, "and stops");
	r = verify(&v);
	db = db_open_read(db_path(), &e);
	if (db != NULL)
		(void)db_event_list(db, &(struct db_event_filter){ 0 }, see_gap, &gap, &e);
	db_close(db);
	ok(gap.kept >= 10000 && gap.told, "%u of the events are there, and how many are not", gap.kept);
	ok(r == 0 && v.bytes >= durable, "what was acknowledged is there and holds: %s", r != 0 ? e.text : "");
}

static void
test_readonly(void)
{
	struct peer p;
	int r;

	if (geteuid() == 0 && mount("none", dir, "tmpfs", MS_RDONLY, NULL) != 0) {
		tap_skip("cannot mount");
		return;
	}
	(void)chmod(dir, 0500);
	r = peer_start(&p, dir, NULL);
	ok(r != 0, "it does not start on a read-only disk");
	peer_kill(&p);
	if (geteuid() == 0)
		(void)umount(dir);
	(void)chmod(dir, 0700);
}

/* --- the directory in bulk --- */

enum { BULK = 40000 };
#define STEP "a step of somebody else's session"

static void
row_put(struct buf *rows, enum msg_type type, const void *row)
{
	struct buf one;

	buf_init(&one, MSG_MAX);
	if (msg_pack(&one, type, row) != 0 || buf_u32(rows, (uint32_t)one.len) != 0 || buf_slice_append(rows, buf_slice(&one)) != 0)
		ok(false, "a row fits");
	buf_done(&one);
}

static void
hosts_put(struct buf *rows, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		char name[32];
		struct msg_dir_host h = { .op = MSG_DIR_PUT, .addr = slice_from("10.0.0.1"), .port = 22, .target_kind = MSG_TARGET_SSHD,
			.labels = slice_from("env=prod"), .logins = slice_from("root") };

		snprintf(name, sizeof(name), "host-%06u", i);
		h.name = slice_from(name);
		row_put(rows, MSG_DIR_HOST, &h);
	}
}

static int
count_host(void *arg, const struct db_host *h)
{
	(void)h;
	++*(unsigned *)arg;
	return 0;
}

/* How many somebody sees who only reads; -EAGAIN (as r): he has to come again. */
static int
hosts_seen(unsigned *n)
{
	struct db *db = db_open_read(db_path(), &e);
	int r = db == NULL ? -EIO : 0;

	*n = 0;
	if (r == 0)
		r = db_host_list(db, count_host, n, &e);
	db_close(db);
	return r == 0 ? 0 : e.code;
}

/* The longest wait of the others, in rows: what came in between two of their steps. */
struct waits { unsigned steps, now, longest; bool left_out; };

static int
see_wait(void *arg, const struct db_event *v)
{
	struct waits *w = arg;
	bool step = strcmp(v->text, STEP) == 0;

	w->steps += step;
	w->now = step ? 0 : w->now + 1;
	w->longest = w->now > w->longest ? w->now : w->longest;
	w->left_out |= strstr(v->text, "was left out") != NULL;
	return 0;
}

static void
waits_see(struct waits *w)
{
	struct db *db = db_open_read(db_path(), &e);

	*w = (struct waits){ 0 };
	if (db != NULL)
		(void)db_event_list(db, &(struct db_event_filter){ 0 }, see_wait, w, &e);
	db_close(db);
}

static void
bulk_beside_others(struct peer *p, struct slice rows)
{
	struct msg_dir_user u = { .req = 5, .op = MSG_DIR_PUT, .actor = slice_from("admin"), .name = slice_from("zoe") };
	unsigned n, halves = 0, refused = 0;
	struct front f;
	struct waits w;
	int r;

	ok(front_start(p, &f, NULL) == 0 && front_event(&f, STEP) == 0 && peer_apply(p, rows) == 0, "%d rows are on their way", BULK);
	ok(chan_send(p->gate, MSG_DIR_USER, &u) == 0, "and a single one after them");
	while (p->dir_done == 0 && front_event(&f, STEP) == 0) {
		r = hosts_seen(&n);
		refused += r == -EAGAIN;
		halves += r == 0 && n != 0 && n != BULK;
		(void)chan_wait(p->gate, 0);
	}
	ok(p->dir_ok == 1, "they are taken: %s", p->text);
	waits_see(&w);
	ok(w.longest <= BULK / 2, "others go on meanwhile: %u steps, at most %u rows between two", w.steps, w.longest);
	ok(halves == 0, "nobody who reads sees a part of them (%u times he had to come again)", refused);
	r = hosts_seen(&n);
	ok(r == 0 && n == BULK, "and then all: %u", n);
	while (p->dir_done < 2 && chan_wait(p->gate, PEER_WAIT_MS) == 0)
		;
	ok(p->dir_done == 2 && p->dir_ok == 1, "the single one comes after them: %s", p->text);
	front_stop(&f);
}

static int
apply_wait(struct peer *p, struct slice rows)
{
	int r = peer_apply(p, rows);

	return r == 0 ? peer_done(p, PEER_WAIT_MS) : r;
}

static void
bulk_refused(struct peer *p, struct slice rows)
{
	struct buf bad;
	unsigned n;
	int r;

	buf_init(&bad, MSG_ROWS_MAX);
	hosts_put(&bad, 3000);
	bad.p[0]++;
	r = apply_wait(p, buf_slice(&bad));
	ok(r == 0 && p->dir_ok == 0 && p->dir_at == 1, "the first row is none: %u, %s", p->dir_at, p->text);
	bad.p[0]--;
	(void)buf_append(&bad, "\7\0\0\0abc", 7);
	r = apply_wait(p, buf_slice(&bad));
	ok(r == 0 && p->dir_ok == 0 && p->dir_at == 3001, "the last row is none: %u, %s", p->dir_at, p->text);
	r = hosts_seen(&n);
	ok(r == 0 && n == 0, "nothing of them is there: %u", n);
	ok(peer_apply(p, rows) == 0 && peer_apply(p, rows) == 0 && peer_done(p, PEER_WAIT_MS) == 0 && p->dir_ok == 0, "of two at once the second is refused: %s", p->text);
	p->dir_done = 0;
	ok(peer_done(p, PEER_WAIT_MS) == 0 && p->dir_ok == 1, "and the first is taken: %s", p->text);
	buf_done(&bad);
}

static void
dir_empty(void)
{
	char cmd[64];

	snprintf(cmd, sizeof(cmd), "rm -rf %s/db", dir);
	ok(system(cmd) == 0, "begun anew");
}

/* Killed after so many steps of somebody else: all of it is there afterwards, or nothing. */
static void
bulk_killed(unsigned steps, struct slice rows)
{
	struct db_verify v = { 0 };
	struct front f;
	struct peer p;
	unsigned n = 1;
	int r;

	dir_empty();
	ok(peer_start(&p, dir, NULL) == 0 && front_start(&p, &f, NULL) == 0 && peer_apply(&p, rows) == 0, "rows are on their way");
	for (unsigned i = 0; i < steps && front_event(&f, STEP) == 0; i++)
		;
	peer_kill(&p);
	front_stop(&f);
	ok(peer_start(&p, dir, NULL) == 0, "killed after %u steps, it starts", steps);
	r = hosts_seen(&n);
	ok(r == 0 && (n == 0 || n == BULK), "all or nothing: %u", n);
	ok(apply_wait(&p, rows) == 0 && p.dir_ok == 1, "and they can come again");
	r = hosts_seen(&n);
	ok(r == 0 && n == BULK && peer_stop(&p) == 0, "%u are there", n);
	r = verify(&v);
	ok(r == 0, "%d leaves hold, and the directory is as they say: %s", (int)v.leaves, r != 0 ? e.text : "");
}

/* What a gate that tries them first never sends. */
static void
bulk_impossible(void)
{
	struct msg_dir_key k = { .op = MSG_DIR_PUT, .user = slice_from("nobody"), .alg = slice_from("x"), .blob = slice_from("y") };
	struct db_verify v = { 0 };
	struct buf rows;
	struct waits w;
	struct peer p;
	unsigned n;
	int r;

	dir_empty();
	buf_init(&rows, MSG_ROWS_MAX);
	row_put(&rows, MSG_DIR_KEY, &k);
	hosts_put(&rows, 10);
	ok(peer_start(&p, dir, NULL) == 0 && peer_apply(&p, buf_slice(&rows)) == 0, "a row that cannot be");
	while (chan_wait(p.monitor, PEER_WAIT_MS) == 0)
		;
	ok(peer_stop(&p) != 0, "ends the store");
	ok(peer_start(&p, dir, NULL) == 0, "it starts");
	r = hosts_seen(&n);
	ok(r == 0 && n == 10, "the others stand: %u", n);
	waits_see(&w);
	ok(w.left_out, "and the record says that it was left out");
	ok(peer_stop(&p) == 0, "it stops");
	r = verify(&v);
	ok(r == 0, "all holds: %s", r != 0 ? e.text : "");
	buf_done(&rows);
}

static void
test_bulk(void)
{
	static const unsigned steps[] = { 1, 5, 20, 60 };
	struct buf rows;
	struct peer p;

	buf_init(&rows, MSG_ROWS_MAX);
	hosts_put(&rows, BULK);
	ok(peer_start(&p, dir, NULL) == 0, "the store is ready");
	bulk_beside_others(&p, buf_slice(&rows));
	ok(peer_stop(&p) == 0, "it stops");
	dir_empty();
	ok(peer_start(&p, dir, NULL) == 0, "ready again");
	bulk_refused(&p, buf_slice(&rows));
	ok(peer_stop(&p) == 0, "it stops");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		bulk_killed(steps[i], buf_slice(&rows));
	bulk_impossible();
	buf_done(&rows);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "work";
	char cmd[64];

	if (mkdtemp(dir) == NULL)
		return 1;
	(void)signal(SIGPIPE, SIG_IGN);
	if (strcmp(what, "kill") == 0)
		for (unsigned i = 0; i < KILL_ROUNDS; i++)
			kill_round(i);
	else if (strcmp(what, "full") == 0)
		test_full();
	else if (strcmp(what, "readonly") == 0)
		test_readonly();
	else if (strcmp(what, "bulk") == 0)
		test_bulk();
	else
		test_work();
	if (getenv("KEEP") != NULL)
		return tap_done();
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) == 0 ? tap_done() : 1;
}
