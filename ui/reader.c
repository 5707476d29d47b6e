/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * It reads SQLite and the segments and hands frames on; the terminal, and what renders, is in the other half.  As root
 * it becomes the owner of the database's directory.  Over ssh the gate hears from it what was handed out.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sandbox.h"
#include "db/frames.h"
#include "db/index.h"
#include "msg/chan.h"
#include "ui/link.h"
#include "ui/reader.h"

struct tape {
	unsigned char id[ID_BYTES];
	int64_t row;
	struct facts facts;
	struct db_frames *frames;
	bool open;
	uint64_t read_ms;                         /* handed out up to here … */
	uint64_t told_ms;                         /* … and the gate knows up to here */
};

struct reader {
	char *dir;
	struct db *db;
	struct index *index;                      /* NULL: none */
	struct tape tapes[DECK_MAX];
	unsigned n;
	struct buf answer;
};

/* ---- facts ---- */

static int
facts_count(struct facts *f, const char *name, int64_t v)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)v);
	return facts_add(f, name, text, true);
}

static int
on_session(void *arg, const struct db_session *s)
{
	struct tape *t = arg;
	struct facts *f = &t->facts;
	const struct { const char *name, *text; int64_t number; } rows[] = {
		{ "id", s->id_text, 0 }, { "user", s->user, 0 }, { "login", s->login, 0 }, { "host", s->host, 0 },
		{ "addr", s->addr, 0 }, { "source", s->src, 0 }, { "method", s->method, 0 }, { "channel", s->channel, 0 },
		{ "command", s->command, 0 }, { "term", s->term, 0 }, { "cols", NULL, s->cols }, { "rows", NULL, s->rows },
		{ "rule", s->rule, 0 }, { "policy", s->policy, 0 }, { "node", s->node, 0 }, { "start_us", NULL, s->start_us },
		{ "state", s->state, 0 }, { "end_us", NULL, s->end_us }, { "reason", s->reason, 0 }, { "exit", s->exit, 0 },
		{ "bytes", NULL, (int64_t)s->bytes }, { "frames", NULL, (int64_t)s->frames },
	};
	int r = 0;

	t->row = s->row;
	t->open = strcmp(s->state, "open") == 0;
	buf_clear(&f->bytes);
	for (size_t i = 0; r == 0 && i < sizeof(rows) / sizeof(rows[0]); i++)
		r = rows[i].text != NULL ? facts_add(f, rows[i].name, rows[i].text, false) :
		    facts_count(f, rows[i].name, rows[i].number);
	return r;
}

static int
tape_open(struct reader *r, struct tape *t, const char *id, struct err *e)
{
	uint64_t bytes, length;
	int n;

	buf_init(&t->facts.bytes, 1 << 20);
	if (!id_parse(slice_from(id), t->id) || db_session_find(r->db, t->id, on_session, t, e) != 0)
		return err_set(e, -ENOENT, "there is no session %s", id);
	t->frames = db_frames_open(r->db, t->id, e);
	if (t->frames == NULL)
		return -EIO;
	n = db_frames_length(t->frames, &length, &bytes, e);
	db_frames_seek(t->frames, 0);
	return n == 0 ? facts_count(&t->facts, "length_ms", (int64_t)length) : n;
}

struct reader *
reader_open(const char *dir, const char *index_dir, const char *const ids[DECK_MAX], unsigned n, struct err *e)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (r == NULL || (r->dir = strdup(dir)) == NULL) {
		(void)err_set(e, -ENOMEM, "out of memory");
		reader_close(r);
		return NULL;
	}
	buf_init(&r->answer, LINK_MAX);
	r->index = index_dir != NULL ? index_open(index_dir, false, &(struct err){ 0 }) : NULL;
	r->db = db_open_read(dir, e);
	for (r->n = 0; r->db != NULL && r->n < n; r->n++)
		if (tape_open(r, &r->tapes[r->n], ids[r->n], e) != 0) {
			r->n++;
			reader_close(r);
			return NULL;
		}
	if (r->db == NULL) {
		reader_close(r);
		return NULL;
	}
	return r;
}

void
reader_close(struct reader *r)
{
	if (r == NULL)
		return;
	for (unsigned i = 0; i < r->n; i++) {
		db_frames_close(r->tapes[i].frames);
		buf_done(&r->tapes[i].facts.bytes);
	}
	index_close(r->index);
	db_close(r->db);
	buf_done(&r->answer);
	free(r->dir);
	free(r);
}

/* ---- answers: LINK_OK, LINK_NONE, or negative with e ---- */

static int
answer_frames(struct reader *r, struct tape *t, uint64_t pos, struct err *e)
{
	struct frame f;
	int n = 1;

	db_frames_seek(t->frames, pos);
	while (r->answer.len < LINK_CHUNK && (n = db_frames_next(t->frames, &f, &pos, e)) == 1) {
		if ((n = frame_pack(&r->answer, &f)) != 0)
			return n;
		t->read_ms = f.t_ms > t->read_ms ? f.t_ms : t->read_ms;
	}
	return r->answer.len > 0 ? LINK_OK : n == 0 ? LINK_NONE : n;
}

static int
answer_key(struct reader *r, struct tape *t, uint64_t t_ms)
{
	struct frame_screen k;
	struct err none = { 0 };
	int n;

	if (r->index == NULL || index_find_key(r->index, t->row, t_ms, &k, &none) != 0)
		return LINK_NONE;
	n = frame_screen_pack(&r->answer, &k);
	return n != 0 ? n : buf_slice_append(&r->answer, k.paint);
}

/* Every frame before it is gone through for the terminal's size, but none is rendered. */
static int
answer_tail(struct reader *r, struct tape *t, uint64_t want, struct err *e)
{
	struct frame_screen at = { .cols = (uint32_t)facts_number(&t->facts, "cols"), .rows = (uint32_t)facts_number(&t->facts, "rows") };
	uint64_t length, bytes;
	struct frame f;
	int n = db_frames_length(t->frames, &length, &bytes, e);

	if (n != 0 || want == 0 || bytes / 4 < want)
		return n != 0 ? n : LINK_NONE;
	db_frames_seek(t->frames, 0);
	while ((n = db_frames_next(t->frames, &f, &at.pos, e)) == 1 && at.pos < bytes - want)
		(void)frame_size(&f, &at.cols, &at.rows);
	if (n != 1)
		return n == 0 ? LINK_NONE : n;
	at.t_ms = f.t_ms;
	return frame_screen_pack(&r->answer, &at);
}

static int
answer_length(struct reader *r, struct tape *t, struct err *e)
{
	uint64_t length, bytes;
	int n = db_session_find(r->db, t->id, on_session, t, e);

	n = n != 0 ? n : db_frames_length(t->frames, &length, &bytes, e);
	n = n != 0 ? n : buf_u64(&r->answer, length);
	return n != 0 ? n : buf_u8(&r->answer, t->open);
}

static int
answer(struct reader *r, uint8_t what, struct tape *t, uint64_t arg, struct err *e)
{
	buf_clear(&r->answer);
	switch (what) {
	case LINK_FACTS:  return buf_slice_append(&r->answer, buf_slice(&t->facts.bytes));
	case LINK_FRAMES: return answer_frames(r, t, arg, e);
	case LINK_KEY:    return answer_key(r, t, arg);
	case LINK_LENGTH: return answer_length(r, t, e);
	case LINK_TAIL:   return answer_tail(r, t, arg, e);
	default:          return LINK_NONE;
	}
}

/* Before it is handed out.  What the gate does not take is told with the next. */
static void
gate_tell(struct reader *r, struct chan *gate)
{
	if (gate != NULL)
		(void)chan_flush(gate, 0);
	for (unsigned i = 0; gate != NULL && i < r->n; i++) {
		struct tape *t = &r->tapes[i];
		struct msg_replay_read m = { i, t->read_ms };

		if (t->read_ms > t->told_ms && chan_send(gate, MSG_REPLAY_READ, &m) == 0)
			t->told_ms = t->read_ms;
	}
}

static int
serve(struct reader *r, int fd, struct slice request, struct chan *gate)
{
	struct err e = { 0 };
	uint8_t what, which;
	uint64_t arg;
	struct buf head;
	int n;

	if (!take_u8(&request, &what) || !take_u8(&request, &which) || !take_u64(&request, &arg) || which >= r->n)
		return -EPROTO;
	n = answer(r, what, &r->tapes[which], arg, &e);
	gate_tell(r, gate);
	if (n < 0) {
		buf_clear(&r->answer);
		(void)buf_text(&r->answer, e.text[0] != '\0' ? e.text : strerror(-n));
	}
	buf_init(&head, 8);
	if (buf_u32(&head, n < 0 ? LINK_BROKEN : (uint32_t)n) != 0 || buf_u32(&head, (uint32_t)r->answer.len) != 0)
		return -ENOMEM;
	n = fd_write_full(fd, head.p, head.len);
	buf_done(&head);
	return n == 0 && r->answer.len > 0 ? fd_write_full(fd, r->answer.p, r->answer.len) : n;
}

/* SQLite and the segments' files. */
static int
give_up(const struct reader *r, struct err *e)
{
	static const int calls[] = {
		SCMP_SYS(openat), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(readlink),
		SCMP_SYS(readlinkat), SCMP_SYS(getcwd), SCMP_SYS(ftruncate), SCMP_SYS(fallocate), -1,
	};
	const struct sandbox_path path = { .path = r->dir };
	const struct sandbox box = { .name = "replay's reader", .user = sandbox_owner(r->dir), .calls = calls, .memory_max = (size_t)1 << 30 };
	struct sandbox_state state;

	return sandbox_enter(&box, NULL, &path, 1, &state, e);
}

/* From here on it says nothing to anybody but the other half. */
static int
leave_terminal(int null, struct err *e)
{
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) < 0)
			return err_set(e, -errno, "/dev/null: %s", strerror(errno));
	return 0;
}

/* The gate says nothing: that its end is ready means that it is closed. */
static bool
is_wanted(int fd, int gate)
{
	struct pollfd ends[] = { { .fd = fd, .events = POLLIN }, { .fd = gate, .events = POLLIN } };
	int n;

	do
		n = poll(ends, 2, -1);
	while (n < 0 && errno == EINTR);
	return n > 0 && ends[1].revents == 0;
}

static void
on_gate(void *arg, struct chan *chan, struct chan_in *in)
{
	(void)arg, (void)chan, (void)in;                 /* nothing is read from it */
}

int
reader_run(struct reader *r, int fd, int gate_fd, struct err *e)
{
	unsigned char request[LINK_REQUEST];
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), n = give_up(r, e);
	struct chan *gate = gate_fd >= 0 ? chan_new(NULL, gate_fd, LINK_READER_OF_GATE, on_gate, NULL) : NULL;

	if (n == 0 && gate_fd >= 0 && gate == NULL)
		n = err_set(e, -ENOMEM, "out of memory");
	if (n == 0)
		n = leave_terminal(null, e);
	fd_close(&null);
	while (n == 0 && is_wanted(fd, gate_fd) && fd_read_full(fd, request, sizeof(request)) == (ssize_t)sizeof(request))
		n = serve(r, fd, slice_of(request, sizeof(request)), gate);
	chan_free(gate);
	return n == -EPIPE ? 0 : n;
}
