/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * RetainRecordings: the oldest month goes once all of it is older than that.  It is done here and not by a timer that runs the
 * command: it happens wherever recording happens, asks nobody, and comes between two commits.  What is done is what an administrator
 * who erases a month does, step by step, and it is on the record in the same way.
 *
 * It cannot be undone, so it is slow: one month at the start, and one an hour.  And it does not believe a clock that leaps.  What
 * the time has gained over a clock that cannot be set, which each event has beside it and which goes on as long as the machine
 * runs, nobody has seen pass; nor what lies between two boots.  That is added up from life to life, and what a store sees pass is
 * taken off again, a day for a day: a machine that is off at night is believed, one that is started again and again with another
 * date is not.  When more than LEAP_US are unseen, nothing is erased until an administrator says that the time is right.  That it
 * leapt is an event, so the next life knows it too.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "db/keep.h"
#include "msg/ocsf.h"
#include "store/store.h"

#define HOUR_US INT64_C(3600000000)
#define LEAP_US (31 * 24 * HOUR_US)

static void
leapt(struct store *st, wall_t from, wall_t to)
{
	struct msg_event m = { .class_uid = OCSF_SERVICE, .activity = 99, .severity = 4, .ok = 0, .actor = slice_from("store") };
	char text[256], detail[128], was[28], is[28];

	st->retain.doubted = true;
	snprintf(text, sizeof(text), "the clock leapt from %.10s to %.10s: no recording is erased for its age until an administrator says that it is right",
	    clock_print(from, was, sizeof(was)), clock_print(to, is, sizeof(is)));
	snprintf(detail, sizeof(detail), "{\"what\":\"clock\",\"from_us\":%" PRId64 ",\"to_us\":%" PRId64 "}", from.us, to.us);
	m.text = slice_from(text);
	m.detail = slice_from(detail);
	log_warn("store: %s (fortress retention confirm)", text);
	(void)op_add(st, NULL, MSG_EVENT, &m);
}

/* So much has passed, of which so much was seen. */
static void
passed(struct store *st, int64_t wall_us, int64_t seen_us)
{
	struct retain *t = &st->retain;

	t->unseen_us -= seen_us < t->unseen_us ? seen_us : t->unseen_us;
	if (wall_us > seen_us)
		t->unseen_us += wall_us - seen_us;
	if (t->unseen_us <= LEAP_US)
		return;
	leapt(st, (wall_t){ t->wall.us - t->unseen_us }, t->wall);
	t->unseen_us = 0;
}

/* Between the newest event and now: of one boot the other clock has seen it. */
static void
passed_between(struct store *st, const struct db_clock *then)
{
	const struct retain *t = &st->retain;
	bool same = strcmp(then->boot, st->boot) == 0 && t->mono.us >= then->mono_us;

	passed(st, t->wall.us - then->t_us, same ? t->mono.us - then->mono_us : 0);
}

int
retain_start(struct store *st, struct err *e)
{
	struct retain *t = &st->retain;
	struct db_clock newest;
	char why[256];
	int r = db_clock_unseen(st->db, &t->saved_us, e);

	t->unseen_us = t->saved_us;
	t->wall = clock_wall();
	t->mono = t->next = clock_mono();
	if (r == 0)
		r = db_clock_newest(st->db, &newest, e);
	if (r != 0)
		return r == -ENOENT ? 0 : r;
	passed_between(st, &newest);
	r = t->keep_s > 0 && !t->doubted ? db_clock_doubt(st->db, why, sizeof(why), e) : 0;
	t->doubted = t->doubted || r == 1;
	return r < 0 ? r : 0;
}

static void
clock_look(struct store *st)
{
	struct retain *t = &st->retain;
	wall_t wall = t->wall;
	mono_t mono = t->mono;

	t->wall = clock_wall();
	t->mono = clock_mono();
	passed(st, t->wall.us - wall.us, t->mono.us - mono.us);
}

/* What is added up is kept at once, what is taken off now and then. */
int
retain_write(struct store *st, struct err *e)
{
	struct retain *t = &st->retain;
	int64_t off_us = t->saved_us - t->unseen_us;

	t->saving_us = t->believed ? 0 : t->unseen_us;
	if (!t->believed && !st->stopping && off_us >= 0 && off_us < HOUR_US)
		t->saving_us = t->saved_us;
	return t->saving_us == t->saved_us ? 0 : db_clock_unseen_put(st->db, t->saving_us, e);
}

void
retain_done(struct store *st)
{
	struct retain *t = &st->retain;

	t->saved_us = t->saving_us;
	if (!t->believed)
		return;
	t->doubted = false;
	t->unseen_us = 0;
}

static void
erase_ask(struct store *st, const char *file)
{
	struct msg_upkeep m = { .op = MSG_UPKEEP_ERASE, .actor = slice_from("RetainRecordings"), .file = slice_of(file + 4, 7) };

	memcpy(st->retain.asked, file, sizeof(st->retain.asked));
	(void)op_add(st, NULL, MSG_UPKEEP, &m);
}

/* The oldest month, if its time is over. */
static bool
is_due(struct store *st, char file[24])
{
	int64_t keep_us = (int64_t)st->retain.keep_s * 1000000, end;
	struct err e = { 0 };
	int r = db_partition_oldest(st->db, file, &e);

	if (r < 0)
		log_error("store: what is to be erased cannot be looked for: %s", e.text);
	end = r == 1 ? db_partition_end(file) : 0;
	return end != 0 && end + keep_us <= st->retain.wall.us;
}

/* At a quiet moment: when nothing else waits. */
void
retain_tick(struct store *st)
{
	struct retain *t = &st->retain;
	char file[24] = "";

	clock_look(st);
	if (t->keep_s == 0 || t->doubted || st->failing || st->stopping || st->ops != NULL || t->mono.us < t->next.us)
		return;
	t->next.us = t->mono.us + HOUR_US;
	if (is_due(st, file))
		erase_ask(st, file);
}

void
retain_answer(struct store *st, bool ok, const char *text)
{
	if (ok && strcmp(text, MSG_AGAIN) == 0)
		st->retain.next = st->retain.mono;         /* go on at the next tick */
	else if (ok)
		log_info("store: %.7s: its recordings were erased, since their time was over", st->retain.asked + 4);
	else
		log_error("store: %.7s: its recordings are not erased, though their time is over: %s", st->retain.asked + 4, text);
}
