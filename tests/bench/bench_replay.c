/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * How long a replay takes to go anywhere in a long recording.
 * usage: bench_replay make DB MEGABYTES HOURS        one recording: builds, listings, a full-screen program
 *        bench_replay seek DB INDEX TIMES            each to another place; INDEX "-": without one
 * The peer is a player without keyframes, which renders from the beginning, at some of the same places.
 * replay.py runs it all.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "db/session.h"
#include "db/tree.h"
#include "ui/link.h"
#include "ui/reader.h"

#define SEGMENT   (256u << 10)
#define PEER_MAX  3

static struct err e;

static void
check(int r)
{
	if (r == 0)
		return;
	fprintf(stderr, "bench_replay: %s\n", e.text[0] != '\0' ? e.text : strerror(-r));
	exit(1);
}

/* ---- making ---- */

struct maker {
	struct db *db;
	struct db_session s;
	struct db_segment g;
	struct buf raw, packed;
	uint32_t random;
};

static uint32_t
some(struct maker *m, uint32_t below)
{
	m->random = m->random * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)m->random * below >> 32);
}

static void
segment_put(struct maker *m)
{
	struct segment head = { .no = m->g.no, .pos0 = m->g.pos0 };
	struct slice rest = buf_slice(&m->raw), at = rest, parts[2];
	struct frame f;

	memcpy(head.id, m->s.id, ID_BYTES);
	memcpy(m->g.prev, m->g.hash, HASH_BYTES);
	for (m->g.frames = 0; frame_take(&rest, &f) == 1; at = rest, m->g.frames++)
		leaf_chain(m->g.hash, slice_of(at.p, at.n - rest.n));
	m->g.pos1 = m->g.pos0 + m->raw.len;
	buf_clear(&m->packed);
	check(segment_pack(&m->packed, &head, buf_slice(&m->raw), parts));
	m->g.t0_ms = head.t0_ms;
	m->g.t1_ms = head.t1_ms;
	check(db_segment_add(m->db, &m->s, &m->g, parts, m->s.start_us, &e));
	m->s.frames += m->g.frames;
	m->s.bytes = m->g.pos0 = m->g.pos1;
	m->s.segments = ++m->g.no;
	memcpy(m->s.chain, m->g.hash, HASH_BYTES);
	buf_clear(&m->raw);
}

static void
build_log(struct maker *m, struct buf *b)
{
	for (unsigned i = 0; i < 8 + some(m, 40); i++)
		(void)buf_printf(b, "\033[32m[%3u%%]\033[0m Building C object src/part%u/CMakeFiles/unit%u.dir/file_%u.c.o -O2 -g -Wall\r\n", some(m, 100),
		    some(m, 40), some(m, 400), some(m, 9000));
}

static void
listing(struct maker *m, struct buf *b)
{
	for (unsigned i = 0; i < 4 + some(m, 60); i++)
		(void)buf_printf(b, "-rw-r--r-- 1 root root %8u Nov 24 11:%02u \033[01;34mfile-%x\033[0m\r\n", some(m, 90000000), some(m, 60), some(m, 1u << 30));
	(void)buf_printf(b, "root@web1:/srv# ls -la %u\r\n", some(m, 1000));
}

static void
full_screen(struct maker *m, struct buf *b)
{
	(void)buf_text(b, "\033[?1049h\033[H");
	for (unsigned i = 0; i < 23; i++)
		(void)buf_printf(b, "\033[%u;1H%7u root 20 0 %8u S \033[1m%3u.%u\033[0m process-%u\033[K", i + 1, some(m, 99999), some(m, 9999999), some(m, 100),
		    some(m, 10), some(m, 500));
	(void)buf_text(b, "\033[?1049l");
}

static void
make(const char *dir, uint64_t bytes, uint64_t ms)
{
	static void (*const kinds[])(struct maker *, struct buf *) = { build_log, listing, full_screen };
	struct maker m = { .random = 1, .s = { .user = "bench", .login = "root", .host = "web1", .addr = "", .src = "", .method = "", .channel = "shell",
		.command = "", .term = "xterm", .cols = 120, .rows = 40, .rule = "", .policy = "", .node = "", .boot = "",
		.start_us = 1793491200000000, .state = "closed", .reason = "", .exit = "0" } };
	struct buf out;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		check(-errno);
	m.db = db_open_write(dir, NULL, &e);
	check(m.db != NULL ? 0 : -EIO);
	buf_init(&m.raw, SEGMENT_RAW_MAX);
	buf_init(&m.packed, SEGMENT_MAX);
	buf_init(&out, FRAME_DATA_MAX);
	(void)id_new(m.s.id);
	check(db_begin(m.db, &e));
	check(db_session_open(m.db, &m.s, m.g.hash, &e));
	for (uint64_t done = 0; done < bytes; done += out.len + FRAME_HEAD) {
		struct frame f = { .kind = FRAME_OUT, .t_ms = done * (ms / 1000) / (bytes / 1000) };

		buf_clear(&out);
		kinds[some(&m, 3)](&m, &out);
		f.data = buf_slice(&out);
		check(frame_pack(&m.raw, &f));
		if (m.raw.len >= SEGMENT)
			segment_put(&m);
	}
	segment_put(&m);
	m.s.end_us = m.s.start_us + (int64_t)ms * 1000;
	check(db_session_close(m.db, &m.s, &e));
	check(db_tree_flush(m.db, &e));
	check(db_commit(m.db, &e));
	db_close(m.db);
	buf_done(&m.raw);
	buf_done(&m.packed);
	buf_done(&out);
}

/* ---- seeking ---- */

static int
first_id(void *arg, const struct db_session *s)
{
	memcpy(arg, s->id_text, ID_TEXT);
	return 1;
}

static int
reader_begin(const char *dir, const char *index, pid_t *pid)
{
	struct db *db = db_open_read(dir, &e);
	char id[ID_TEXT] = "";
	const char *ids[DECK_MAX] = { id };
	struct reader *r;
	int pair[2];

	check(db != NULL ? 0 : -EIO);
	(void)db_session_after(db, 0, 1, first_id, id, &e);
	db_close(db);
	check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 ? 0 : -errno);
	*pid = fork();
	if (*pid == 0) {
		(void)close(pair[0]);
		r = reader_open(dir, index, ids, 1, &e);
		check(r != NULL ? 0 : -EIO);
		check(reader_run(r, pair[1], -1, &e));
		_exit(0);
	}
	(void)close(pair[1]);
	return pair[0];
}

/* Of both halves. */
static double
cpu_ms(pid_t reader)
{
	char path[64], text[1024];
	struct rusage u;
	unsigned long user = 0, system = 0;
	FILE *f;

	(void)getrusage(RUSAGE_SELF, &u);
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)reader);
	f = fopen(path, "r");
	if (f != NULL && fgets(text, sizeof(text), f) != NULL)
		(void)sscanf(strrchr(text, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
	if (f != NULL)
		(void)fclose(f);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3 +
	    (double)(user + system) * 1e3 / (double)sysconf(_SC_CLK_TCK);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
seek_one(struct player *p, uint64_t t_ms)
{
	mono_t start = clock_mono();

	player_seek(p, t_ms);
	return (double)(clock_mono().us - start.us) / 1000;
}

/* Renders all from the beginning, as a player without keyframes does. */
static void
peer(const struct replay_source *source, const uint64_t *places, unsigned n, double ours_ms)
{
	struct replay_source plain = *source;
	double sum = 0;

	plain.key = NULL;
	for (unsigned i = 0; i < n && i < PEER_MAX; i++) {
		struct player *p = player_new(&plain);

		plain.seek(plain.arg, 0);
		sum += seek_one(p, places[i]);
		player_free(p);
	}
	printf("peer, from the beginning: %.0f ms (mean of %u); ratio %.0f\n", sum / PEER_MAX, PEER_MAX, sum / PEER_MAX / ours_ms);
}

static void
seek(const char *dir, const char *index, unsigned times)
{
	struct maker random = { .random = 7 };
	uint64_t *places = calloc(times, sizeof(*places));
	double *ms = calloc(times, sizeof(*ms)), sum = 0, cpu;
	struct replay_source source;
	struct link k;
	struct player *p;
	pid_t pid;
	int fd = reader_begin(dir, index, &pid);

	check(places != NULL && ms != NULL ? link_init(&k, fd, 0) : -ENOMEM);
	link_source(&k, &source);
	p = player_new(&source);
	cpu = cpu_ms(pid);
	for (unsigned i = 0; i < times; i++) {
		places[i] = i == 0 ? source.length_ms : some(&random, (uint32_t)source.length_ms);
		ms[i] = seek_one(p, places[i]);
		sum += ms[i];
	}
	cpu = cpu_ms(pid) - cpu;
	printf("the first, to the end: %.1f ms\n", ms[0]);
	qsort(ms, times, sizeof(*ms), compare);
	printf("%u seeks over %.1f h: median %.1f ms, p99 %.1f ms, most %.1f ms; CPU of both halves %.1f ms each\n", times,
	    (double)source.length_ms / 3.6e6, ms[times / 2], ms[times * 99 / 100], ms[times - 1], cpu / times);
	player_free(p);
	peer(&source, places + 1, times - 1, sum / times);
	link_done(&k);
	(void)close(fd);
	(void)waitpid(pid, NULL, 0);
	free(places);
	free(ms);
}

int
main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "make") == 0)
		make(argv[2], strtoull(argv[3], NULL, 10) * 1000000, strtoull(argv[4], NULL, 10) * 3600000);
	else if (argc == 5 && strcmp(argv[1], "seek") == 0)
		seek(argv[2], strcmp(argv[3], "-") == 0 ? NULL : argv[3], (unsigned)strtoul(argv[4], NULL, 10));
	else {
		fputs("usage: bench_replay make DB MEGABYTES HOURS | seek DB INDEX TIMES\n", stderr);
		return 2;
	}
	return 0;
}
