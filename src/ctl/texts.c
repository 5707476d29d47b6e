/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/spawn.h"
#include "ctl/run.h"
#include "ctl/texts.h"

enum { LONG_BYTES = 1 << 20, MADE_MS = 2000, MADE_PAUSE_US = 10000, WORDS = 10 };

struct words { char path[4096], renderer[4096], db[2100], index[2100], *argv[WORDS]; };

const char *
texts_dir(const struct ctl *c, char *path, size_t size)
{
	snprintf(path, size, "%s/index", c->state);
	return path;
}

static int
words_make(const struct ctl *c, struct words *w, char *session)
{
	char *const argv[WORDS] = { w->path, (char *)(uintptr_t)"--db", w->db, (char *)(uintptr_t)"--index", w->index,
		(char *)(uintptr_t)"--renderer", w->renderer,
		session != NULL ? (char *)(uintptr_t)"--session" : NULL, session, NULL };

	snprintf(w->db, sizeof(w->db), "%s/db", c->state);
	(void)texts_dir(c, w->index, sizeof(w->index));
	memcpy(w->argv, argv, sizeof(argv));
	if (spawn_path("fortress-render", w->renderer, sizeof(w->renderer)) != 0)
		return -ENAMETOOLONG;
	return spawn_path("fortress-index", w->path, sizeof(w->path));
}

/* What a program of ours said before it ended, for one line: its last one. */
static const char *
last_line(struct buf *said)
{
	const char *text, *end;

	while (said->len > 0 && said->p[said->len - 1] == '\n')
		said->len--;
	text = buf_cstr(said);
	end = strrchr(text, '\n');
	return end != NULL ? end + 1 : text;
}

int
texts_update(struct ctl *c, struct buf *said)
{
	struct buf all;
	struct words w;
	int r;

	buf_init(&all, 65536);
	r = words_make(c, &w, NULL);
	if (r == 0)
		r = run_program(w.argv, &all, &c->e);
	if (r > 0)
		r = err_set(&c->e, -EIO, "the index of texts: %s", last_line(&all));
	else if (r == 0 && said != NULL)
		r = buf_text(said, last_line(&all));
	buf_done(&all);
	return r;
}

/* ---- in the background ---- */

struct need { struct index *x; bool needed; };

static int
need_look(void *arg, const struct db_session *s)
{
	struct need *n = arg;
	struct err none = { 0 };
	struct index_done d = { .over = false };

	if (strcmp(s->state, "open") != 0 && s->bytes < LONG_BYTES)
		return 0;
	n->needed = n->x == NULL || index_find_done(n->x, s->row, &d, &none) != 0 || !d.over;
	return 0;
}

/* It ends when the write end of its input closes: with this process, or what it becomes.  Its pid, or negative. */
static pid_t
start(const struct ctl *c, const unsigned char id[ID_BYTES])
{
	char session[ID_TEXT];
	int input[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct spawn s = { .nfds = 0 };
	struct err none = { 0 };
	struct words w;
	pid_t pid = -1;

	if (words_make(c, &w, (char *)(uintptr_t)id_print(id, session)) == 0 && pipe(input) == 0) {
		s.path = w.path;
		s.argv = w.argv;
		s.stdio[0] = input[0];
		s.stdio[1] = s.stdio[2] = null;
		pid = spawn_start(&s, &none);
		fd_close(&input[0]);
	}
	fd_close(&null);
	return pid;
}

/* The index, as soon as there is one; NULL: who makes it has ended without. */
static struct index *
made_wait(const char *dir, pid_t maker)
{
	mono_t begun = clock_mono();
	struct err none = { 0 };
	struct index *x = NULL;
	bool ended = maker < 0;

	while ((x = index_open(dir, false, &none)) == NULL && !ended && clock_ms_since(begun) < MADE_MS) {
		(void)usleep(MADE_PAUSE_US);
		ended = waitpid(maker, NULL, WNOHANG) == maker;
	}
	return x;
}

bool
texts_prepare(struct ctl *c, struct db *db, const unsigned char (*ids)[ID_BYTES], unsigned n)
{
	struct need need = { .x = NULL };
	struct err none = { 0 };
	bool started = false;
	pid_t maker = -1;
	char dir[2100];

	(void)texts_dir(c, dir, sizeof(dir));
	need.x = index_open(dir, false, &none);
	for (unsigned i = 0; i < n && !started; i++) {       /* of two the first: they would wait for each other */
		(void)db_session_find(db, ids[i], need_look, &need, &none);
		started = need.needed;
		if (started)
			maker = start(c, ids[i]);
	}
	if (started && need.x == NULL)
		need.x = made_wait(dir, maker);
	index_close(need.x);
	return need.x != NULL;
}
