/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The store under load, beside the plainest thing that is as durable.
 * usage: bench_store [SENDERS [SECONDS]]     N senders, one 200-byte chunk a second each
 *        bench_store bulk [MEGABYTES]        one exec stream as fast as it is acknowledged
 * The peer is one process that inserts a row a chunk, commits every 50 ms, then acknowledges; it reads one
 * socket instead of one a sender, and neither checks, chains nor seals: its CPU is a floor, not a rival.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/frame.h"
#include "base/id.h"
#include "base/secret.h"
#include "tests/system/store_peer.h"

#define CHUNK  200
#define TURN   5                          /* ms between bursts of the generator */
#define WINDOW (3u << 20)

struct sender {
	struct bench *bench;
	struct front front;                   /* its channel is replaced by one with a loop */
	struct chan *chan;
	uint64_t pos, acked;
	mono_t sent;
	bool waits;
};

struct bench {
	struct loop *loop;
	struct loop_timer timer;
	struct sender *list;
	unsigned n, next, opened;
	mono_t start;
	int64_t ms;
	uint32_t *us;
	size_t count, max, skipped;
};

static int
by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double
cpu_seconds(pid_t pid)
{
	unsigned long user = 0, sys = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (f != NULL && fscanf(f, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &sys) != 2)
		user = sys = 0;
	if (f != NULL)
		fclose(f);
	return (double)(user + sys) / (double)sysconf(_SC_CLK_TCK);
}

static void
latency(struct bench *b, mono_t sent)
{
	if (b->count < b->max)
		b->us[b->count++] = (uint32_t)(clock_mono().us - sent.us);
}

/* p99 in ms. */
static double
report(const char *what, struct bench *b, double cpu, double seconds)
{
	if (b->count == 0)
		return 0;
	qsort(b->us, b->count, sizeof(*b->us), by_value);
	printf("%-8s %6u senders %8zu chunks  %5.1f %% CPU  to durable p50 %6.1f ms  p99 %6.1f ms  max %6.1f ms"
	    "  late %zu\n", what, b->n, b->count, 100 * cpu / seconds, b->us[b->count / 2] / 1000.0,
	    b->us[b->count * 99 / 100] / 1000.0, b->us[b->count - 1] / 1000.0, b->skipped);
	return b->us[b->count * 99 / 100] / 1000.0;
}

/* --- The store --- */

static void
sender_in(void *arg, struct chan *c, struct chan_in *in)
{
	struct sender *s = arg;
	const struct msg_rec_ack *ack = in->message;

	(void)c;
	if (in->type == MSG_REC_OPENED && ++s->bench->opened == s->bench->n)
		loop_stop(s->bench->loop, 0);
	if (in->type != MSG_REC_ACK)
		return;
	s->acked = ack->pos;
	if (s->waits && ack->pos >= s->pos) {
		s->waits = false;
		latency(s->bench, s->sent);
	}
}

static void
sender_send(struct sender *s, const unsigned char *chunk)
{
	struct frame f = { .kind = FRAME_OUT, .t_ms = (uint64_t)clock_ms_since(s->bench->start),
		.data = slice_of(chunk, CHUNK) };
	struct msg_rec_data m = { .rec = 1, .pos = s->pos };
	struct buf b;

	if (s->waits) {
		s->bench->skipped++;
		return;
	}
	buf_init(&b, 4096);
	(void)frame_pack(&b, &f);
	m.frames = buf_slice(&b);
	s->sent = clock_mono();
	s->waits = true;
	s->pos += b.len;
	(void)chan_send(s->chan, MSG_REC_DATA, &m);
	buf_done(&b);
}

static void
burst(void *arg)
{
	static unsigned char chunk[CHUNK] = "drwxr-xr-x  2 root root  4096 Nov 24 10:38 some-file-name.txt\r\n";
	struct bench *b = arg;
	int64_t ms = clock_ms_since(b->start);
	uint64_t due = (uint64_t)ms * b->n / 1000;

	for (; b->next < due; b->next++)
		sender_send(&b->list[b->next % b->n], chunk);
	if (ms >= b->ms)
		loop_stop(b->loop, 0);
	else
		loop_timer_start(b->loop, &b->timer, TURN, burst, b);
}

static int
sender_start(struct peer *p, struct sender *s)
{
	struct msg_client_new m = { .conn = 1, .kind = MSG_CLIENT_FRONT };
	unsigned char id[ID_BYTES];
	struct msg_rec_open o = { .rec = 1, .id = slice_of(id, ID_BYTES), .user = slice_from("alice"),
		.login = slice_from("root"), .host = slice_from("web1"), .channel = slice_from("shell") };
	int pair[2], r;

	if (fd_pair(pair) != 0 || id_new(id) != 0)
		return -1;
	while ((r = chan_send_fds(p->monitor, MSG_CLIENT_NEW, &m, &pair[1], 1)) == -EAGAIN)
		(void)chan_wait(p->monitor, 10);
	(void)close(pair[1]);
	s->chan = chan_new(s->bench->loop, pair[0], LINK_FRONT_OF_STORE, sender_in, s);
	return r != 0 || s->chan == NULL ? -1 : chan_send(s->chan, MSG_REC_OPEN, &o);
}

static void
queue_drain(struct peer *p)
{
	while (chan_queued(p->monitor) > 0)
		(void)chan_wait(p->monitor, 5);
}

static int
bench_store(struct bench *b, const char *dir, double *p99)
{
	struct peer p;
	double cpu, wall;

	if (peer_start(&p, dir, NULL) != 0)
		return -1;
	for (unsigned i = 0; i < b->n; i++) {
		b->list[i] = (struct sender){ .bench = b };
		if (sender_start(&p, &b->list[i]) != 0)
			return -1;
		if (i % 50 == 49)
			queue_drain(&p);
	}
	queue_drain(&p);
	(void)loop_run(b->loop);
	printf("# %u recordings are open\n", b->opened);
	b->start = clock_mono();
	cpu = cpu_seconds(p.pid);
	loop_timer_start(b->loop, &b->timer, TURN, burst, b);
	(void)loop_run(b->loop);
	wall = (double)clock_ms_since(b->start) / 1000;
	*p99 = report("store", b, cpu_seconds(p.pid) - cpu, wall);
	for (unsigned i = 0; i < b->n; i++)
		chan_free(b->list[i].chan);
	return peer_stop(&p) == 0 ? 0 : -1;
}

/* --- The plain writer --- */

struct row {
	uint32_t sender;
	int64_t t_us;
	unsigned char data[CHUNK];
};

static int
plain_commit(sqlite3 *db, int sock, struct row *rows, unsigned n)
{
	if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		return -1;
	for (unsigned i = 0; i < n; i++)
		while (write(sock, &rows[i], 16) < 0 && errno == EAGAIN)
			(void)poll(&(struct pollfd){ .fd = sock, .events = POLLOUT }, 1, 1000);
	return sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

static void
plain_run(const char *dir, int sock)
{
	static struct row rows[16384];
	struct pollfd p = { .fd = sock, .events = POLLIN };
	sqlite3_stmt *s = NULL;
	sqlite3 *db = NULL;
	mono_t last = clock_mono();
	unsigned n = 0;
	char path[300];

	snprintf(path, sizeof(path), "%s/plain.db", dir);
	if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
	    "CREATE TABLE chunk(session INT,t INT,data BLOB);CREATE INDEX i ON chunk(session,t);BEGIN", NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, "INSERT INTO chunk VALUES(?,?,?)", -1, &s, NULL) != SQLITE_OK)
		_exit(1);
	for (;;) {
		ssize_t got = poll(&p, 1, 5) > 0 ? read(sock, &rows[n], sizeof(rows[n])) : -1;

		if (got == 0)
			_exit(0);
		if (got == (ssize_t)sizeof(rows[n])) {
			sqlite3_bind_int64(s, 1, rows[n].sender);
			sqlite3_bind_int64(s, 2, rows[n].t_us);
			sqlite3_bind_blob(s, 3, rows[n].data, CHUNK, SQLITE_STATIC);
			if (sqlite3_step(s) != SQLITE_DONE || sqlite3_reset(s) != SQLITE_OK)
				_exit(1);
			n++;
		}
		if (n > 0 && (n == 16384 || clock_ms_since(last) >= 50)) {
			if (plain_commit(db, sock, rows, n) != 0)
				_exit(1);
			n = 0;
			last = clock_mono();
		}
	}
}

struct plain {
	struct bench *bench;
	int sock;
};

static void
plain_ack(void *arg, int fd, uint32_t events)
{
	struct plain *p = arg;
	struct row r;

	(void)events;
	while (read(fd, &r, 16) == 16)
		latency(p->bench, (mono_t){ r.t_us });
}

static void
plain_burst(void *arg)
{
	struct plain *p = arg;
	struct bench *b = p->bench;
	int64_t ms = clock_ms_since(b->start);
	uint64_t due = (uint64_t)ms * b->n / 1000;
	struct row r = { 0 };

	for (; b->next < due; b->next++) {
		r.sender = b->next % b->n;
		r.t_us = clock_mono().us;
		if (write(p->sock, &r, sizeof(r)) < 0)
			b->skipped++;
	}
	if (ms >= b->ms)
		loop_stop(b->loop, 0);
	else
		loop_timer_start(b->loop, &b->timer, TURN, plain_burst, p);
}

static int
bench_plain(struct bench *b, const char *dir, double *p99)
{
	struct plain p = { .bench = b };
	int pair[2], status;
	double cpu;
	pid_t pid;

	if (fd_pair(pair) != 0 || (pid = fork()) < 0)
		return -1;
	if (pid == 0) {
		(void)close(pair[0]);
		plain_run(dir, pair[1]);
	}
	(void)close(pair[1]);
	p.sock = pair[0];
	(void)loop_add(b->loop, p.sock, EPOLLIN, plain_ack, &p);
	b->start = clock_mono();
	cpu = cpu_seconds(pid);
	loop_timer_start(b->loop, &b->timer, TURN, plain_burst, &p);
	(void)loop_run(b->loop);
	*p99 = report("plain", b, cpu_seconds(pid) - cpu, (double)clock_ms_since(b->start) / 1000);
	loop_del(b->loop, p.sock);
	(void)close(p.sock);
	(void)waitpid(pid, &status, 0);
	return 0;
}

/* --- Bulk --- */

static int
bench_bulk(const char *dir, unsigned megabytes, bool noise)
{
	static unsigned char data[FRAME_DATA_MAX];
	uint64_t pos = 0, total = (uint64_t)megabytes << 20;
	unsigned char id[ID_BYTES];
	struct front f;
	struct peer p;
	mono_t start;
	double cpu, s;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)"0123456789 some text of a log file, again and again\n"[i * 7 / 5 % 51];
	if (noise)
		(void)secret_random(data, sizeof(data));
	if (id_new(id) != 0 || peer_start(&p, dir, NULL) != 0 || front_start(&p, &f, NULL) != 0 ||
	    front_open(&f, 1, id, "alice") != 1)
		return -1;
	start = clock_mono();
	cpu = cpu_seconds(p.pid);
	while (pos < total) {
		if (front_data(&f, 1, &pos, 1, data, sizeof(data)) != 0 ||
		    (pos > WINDOW && front_wait_ack(&f, 1, pos - WINDOW, 30000) != 0))
			return -1;
	}
	if (front_wait_ack(&f, 1, pos, 60000) != 0 || front_close(&f, 1, pos) != 0)
		return -1;
	s = (double)clock_ms_since(start) / 1000;
	printf("bulk     %s %u MB in %.2f s: %.0f MB/s durable, %.0f %% CPU\n", noise ? "noise" : "text ", megabytes, s,
	    (double)total / 1e6 / s, 100 * (cpu_seconds(p.pid) - cpu) / s);
	front_stop(&f);
	return peer_stop(&p);
}

static int
bench_senders(const char *dir, unsigned n, unsigned seconds)
{
	struct bench b = { .n = n, .ms = (int64_t)seconds * 1000 };
	struct rlimit files = { 20000, 20000 };
	double ours = 0, plain = 0;
	int r;

	(void)setrlimit(RLIMIT_NOFILE, &files);
	b.max = (size_t)n * (seconds + 1);
	b.us = calloc(b.max, sizeof(*b.us));
	b.list = calloc(n, sizeof(*b.list));
	b.loop = loop_new();
	if (b.us == NULL || b.list == NULL || b.loop == NULL)
		return -1;
	r = bench_store(&b, dir, &ours);
	b.count = b.skipped = b.next = 0;
	if (r == 0)
		r = bench_plain(&b, dir, &plain);
	if (r == 0 && plain > 0)
		printf("ratio    p99 of the store to the plain writer's: %.2f\n", ours / plain);
	loop_free(b.loop);
	free(b.list);
	free(b.us);
	return r;
}

int
main(int argc, char **argv)
{
	char dir[] = "/tmp/bench_store.XXXXXX", cmd[64];
	bool bulk = argc > 1 && strcmp(argv[1], "bulk") == 0;
	unsigned n = argc > 1 && !bulk ? (unsigned)atoi(argv[1]) : 5000;
	unsigned m = argc > 2 ? (unsigned)atoi(argv[2]) : bulk ? 512 : 20;
	int r;

	(void)signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(dir) == NULL || n == 0 || n > 9000)
		return 1;
	r = bulk ? bench_bulk(dir, m, true) : bench_senders(dir, n, m);
	if (bulk && r == 0)
		r = bench_bulk(dir, m, false);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	if (r != 0)
		printf("bench_store: failed\n");
	return system(cmd) == 0 && r == 0 ? 0 : 1;
}
