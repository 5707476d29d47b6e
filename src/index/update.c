/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What has been erased goes.  Recordings that were open when they were last seen are gone on with from where they were, or begun
 * anew if they are over; then come those that are new, in the order of their rows; then events.  A recording that cannot be read is
 * counted and left: whether that is right, `fortress audit verify` says.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "db/event.h"
#include "db/frames.h"
#include "index/update.h"
#include "ui/screen.h"

#define CHUNK      262144
#define BATCH      64
#define COMMIT_MS  3000

struct update {
	struct db *db;
	struct index *x;
	struct renderer *renderer;
	struct update_counts *counts;
	struct err *e;
	mono_t begun;                             /* of this transaction */
	struct index_done now;                    /* the recording in hand */
	int64_t mark_session, mark_event;
	struct buf frames;
	bool forgotten;                           /* something was, in this run */
	bool alone;                               /* one recording, for somebody who watches it */
};

/* ---- what the renderer says ---- */

static int
on_line(void *arg, uint64_t t_ms, struct slice text)
{
	struct update *u = arg;
	struct index_line l = { .session = u->now.session, .class_uid = INDEX_SCREEN, .t_ms = t_ms, .text = text };

	u->counts->lines++;
	return index_add(u->x, &l, u->e);
}

static int
on_command(void *arg, const struct command_seen *c)
{
	struct update *u = arg;

	u->counts->lines++;
	return index_add_command(u->x, u->now.session, c, u->e);
}

static int
on_better(void *arg, const struct command_seen *c)
{
	struct update *u = arg;

	return index_better(u->x, u->now.session, c, u->e);
}

static int
on_key(void *arg, const struct frame_screen *k)
{
	struct update *u = arg;

	return index_add_key(u->x, u->now.session, k, u->e);
}

static void
on_slow(void *arg)
{
	struct update *u = arg;

	u->counts->slow++;
	u->now.how = INDEX_SLOW;
}

static int
on_state(void *arg, const struct frame_screen *at)
{
	struct update *u = arg;

	u->now.at = *at;
	return index_set_done(u->x, &u->now, u->e);
}

/* ---- transactions ---- */

static int
begin(struct update *u)
{
	u->begun = clock_mono();
	return index_begin(u->x, u->e);
}

/* Nobody waits for it any more. */
static bool
is_unwanted(const struct update *u)
{
	struct pollfd input = { .fd = STDIN_FILENO };

	return u->alone && poll(&input, 1, 0) == 1 && (input.revents & (POLLHUP | POLLERR)) != 0;
}

static int
breathe(struct update *u)
{
	int r;

	if (clock_ms_since(u->begun) < COMMIT_MS)
		return 0;
	r = index_commit(u->x, u->e);
	r = r == 0 ? begin(u) : r;
	return r == 0 && is_unwanted(u) ? err_set(u->e, -ECANCELED, "broken off") : r;
}

/* ---- one recording ---- */

/* Up to CHUNK bytes of frames.  1, 0 at the end, negative: it cannot be read. */
static int
frames_take(struct update *u, struct db_frames *it, uint64_t *pos)
{
	struct err unread = { 0 };
	struct frame f;
	int r = 1;

	buf_clear(&u->frames);
	while (u->frames.len < CHUNK && (r = db_frames_next(it, &f, pos, &unread)) == 1)
		if (frame_pack(&u->frames, &f) != 0)
			return -ENOMEM;
	return u->frames.len > 0 ? 1 : r;
}

static int
frames_render(struct update *u, struct db_frames *it)
{
	uint64_t pos;
	int r = 0, n;

	while (r == 0 && (n = frames_take(u, it, &pos)) == 1) {
		r = renderer_frames(u->renderer, buf_slice(&u->frames), u->e);
		r = r != 0 ? r : breathe(u);
	}
	if (r == 0 && n < 0) {
		u->counts->unread += n != -ENODATA;
		u->now.over = true;
		u->now.how = n == -ENODATA ? INDEX_ERASED : INDEX_UNREAD;
	}
	return r;
}

static int
exec_line(struct update *u, const struct db_session *s)
{
	struct command_seen c = { .source = COMMAND_EXEC, .sure = COMMAND_SURE, .exit = -1, .text = slice_from(s->command) };

	return s->command[0] != '\0' ? index_add_command(u->x, s->row, &c, u->e) : 0;
}

/* One that was seen while it was open is begun anew at its end: its commands shall depend on nothing but its bytes.  So is one in
 * whose place another stood, in another database. */
static bool
is_to_restart(const struct index_done *d, const struct db_session *s)
{
	return memcmp(d->id, s->id, ID_BYTES) != 0 || (!d->over && s->cols > 0 && strcmp(s->state, "open") != 0);
}

/* Where to go on from; paint keeps the screen there.  What a run that was broken off has left is taken away. */
static int
place_find(struct update *u, const struct db_session *s, struct buf *paint)
{
	struct index_done fresh = { .session = s->row, .at = { .cols = s->cols, .rows = s->rows } };
	int r = index_find_done(u->x, s->row, &u->now, u->e);
	bool is_new = r == -ENOENT || (r == 0 && is_to_restart(&u->now, s));

	memcpy(fresh.id, s->id, ID_BYTES);
	if (is_new)
		u->now = fresh;
	else if (r != 0 || u->now.over)
		return r;
	r = buf_slice_append(paint, u->now.at.paint);
	u->now.at.paint = buf_slice(paint);
	r = r != 0 ? r : index_trim(u->x, &u->now, u->e);
	return r == 0 && is_new ? exec_line(u, s) : r;
}

static int
session_render(struct update *u, const struct db_session *s)
{
	struct db_frames *it = db_frames_open(u->db, s->id, u->e);
	int r;

	if (it == NULL)
		return -EIO;
	u->now.over = strcmp(s->state, "open") != 0;
	db_frames_seek(it, u->now.at.pos);
	r = renderer_begin(u->renderer, &u->now.at, u->e);
	r = r != 0 ? r : frames_render(u, it);
	r = r != 0 ? r : renderer_end(u->renderer, u->e);
	if (r == 0 && u->now.how == INDEX_ERASED)
		r = index_forget(u->x, &u->now, u->e);
	db_frames_close(it);
	u->counts->sessions++;
	return r;
}

static int
session_take(struct update *u, const struct db_session *s)
{
	struct buf paint;
	int r;

	buf_init(&paint, SCREEN_PAINT_MAX);
	r = place_find(u, s, &paint);
	if (r == 0 && !u->now.over)
		r = session_render(u, s);
	buf_done(&paint);
	return r != 0 ? r : breathe(u);
}

/* ---- all of them ---- */

/* Rows are copied out first: what is done with one reads the database itself. */
struct batch { struct db_session s[BATCH]; char command[BATCH][4096], state[BATCH][16]; unsigned n; };

static int
batch_add(void *arg, const struct db_session *s)
{
	struct batch *b = arg;

	b->s[b->n] = (struct db_session){ .row = s->row, .cols = s->cols, .rows = s->rows };
	memcpy(b->s[b->n].id, s->id, ID_BYTES);
	(void)strncat(strcpy(b->command[b->n], ""), s->command, sizeof(b->command[0]) - 1);
	(void)strncat(strcpy(b->state[b->n], ""), s->state, sizeof(b->state[0]) - 1);
	b->s[b->n].command = b->command[b->n];
	b->s[b->n].state = b->state[b->n];
	b->n++;
	return 0;
}

static int
batch_take(struct update *u, const struct batch *b)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < b->n; i++)
		r = session_take(u, &b->s[i]);
	return r;
}

static int
sessions_new(struct update *u, int64_t after)
{
	static struct batch b;
	int r = 0;

	do {
		b.n = 0;
		r = db_session_after(u->db, after, BATCH, batch_add, &b, u->e);
		r = r != 0 ? r : batch_take(u, &b);
		u->mark_session = after = b.n > 0 ? b.s[b.n - 1].row : after;
		r = r != 0 ? r : index_set_mark(u->x, u->mark_session, u->mark_event, u->e);
	} while (r == 0 && b.n > 0);
	return r;
}

struct rows { int64_t row[BATCH * 16]; unsigned n; };

static int
row_add(void *arg, int64_t session)
{
	struct rows *list = arg;

	if (list->n < sizeof(list->row) / sizeof(list->row[0]))
		list->row[list->n++] = session;
	return 0;
}

/* Those that were open.  More than a thousand at once: the others are gone on with the next time. */
static int
sessions_open(struct update *u)
{
	static struct rows list;
	static struct batch b;
	int r;

	list.n = 0;
	r = index_list_open(u->x, row_add, &list, u->e);
	for (unsigned i = 0; r == 0 && i < list.n; i++) {
		b.n = 0;
		r = db_session_after(u->db, list.row[i] - 1, 1, batch_add, &b, u->e);
		r = r != 0 ? r : batch_take(u, &b);
	}
	return r;
}

static int
forget(void *arg, int64_t session)
{
	struct update *u = arg;
	struct index_done d;
	int r = index_find_done(u->x, session, &d, u->e);

	if (r == -ENOENT || (r == 0 && d.how == INDEX_ERASED))
		return 0;
	u->forgotten = true;
	return r != 0 ? r : index_forget(u->x, &d, u->e);
}

static int
erased_forget(struct update *u)
{
	int r = db_session_erased(u->db, forget, u, u->e);

	return r == 0 && u->forgotten ? index_sweep(u->x, u->e) : r;
}

/* ---- events ---- */

static int
event_add(void *arg, const struct db_event *v)
{
	struct update *u = arg;
	struct index_line l = { .class_uid = v->class_uid, .t_ms = (uint64_t)v->id, .text = slice_from(v->text) };
	int r = index_add(u->x, &l, u->e);

	u->counts->events++;
	u->mark_event = v->id;
	r = r != 0 ? r : index_set_mark(u->x, u->mark_session, u->mark_event, u->e);
	return r != 0 ? r : breathe(u);
}

static int
everything(struct update *u)
{
	struct db_event_filter f = { 0 };
	int r = index_find_mark(u->x, &u->mark_session, &u->mark_event, u->e);

	f.after_id = u->mark_event;
	r = r != 0 ? r : erased_forget(u);
	r = r != 0 ? r : sessions_open(u);
	r = r != 0 ? r : sessions_new(u, u->mark_session);
	return r != 0 ? r : db_event_list(u->db, &f, event_add, u, u->e);
}

static int
only(struct update *u, const unsigned char *session)
{
	static struct batch b;
	int r;

	b.n = 0;
	r = db_session_find(u->db, session, batch_add, &b, u->e);
	return r != 0 ? r : batch_take(u, &b);
}

int
update_run(struct db *db, struct index *x, struct renderer *renderer, const unsigned char *session,
    struct update_counts *counts, struct err *e)
{
	struct update u = { .db = db, .x = x, .renderer = renderer, .counts = counts, .e = e,
		.alone = session != NULL };
	const struct renderer_fns fns = { .line = on_line, .command = on_command, .better = on_better, .key = on_key, .slow = on_slow, .state = on_state, .arg = &u };
	int r;

	renderer_set(renderer, &fns);
	buf_init(&u.frames, (size_t)CHUNK * 2);
	r = begin(&u);
	r = r != 0 ? r : session != NULL ? only(&u, session) : everything(&u);
	if (r == 0)
		r = index_commit(x, e);
	else
		index_rollback(x);
	buf_done(&u.frames);
	return r;
}
