/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress hold, retention.  Holds and erasing are the store's, by hand and by RetainRecordings; here they are asked for, and what
 * will be erased next is shown.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/conf.h"
#include "ctl/keep.h"
#include "ctl/session.h"
#include "db/keep.h"
#include "msg/msg.h"

enum { MONTHS_MAX = 1000 };

/* A list of the database, all of it. */
static int
table_show(struct ctl *c, int argc, char **argv, const struct out_column *columns, int (*show)(struct ctl *c, struct db *db, struct out *o))
{
	struct db *db;
	struct out *o;
	int r;

	if (ctl_plain(c, argc, argv, 0, 0) != CTL_OK)
		return CTL_USAGE;
	if ((db = ctl_db(c)) == NULL)
		return CTL_FAILED;
	o = ctl_out(c, columns, false);
	r = show(c, db, o);
	db_close(db);
	return out_end(o) == 0 && r == 0 ? CTL_OK : CTL_FAILED;
}

/* --- holds --- */

static const struct out_column hold_columns[] = {
	{ "session", OUT_STRING, 0, OUT_WHOLE }, { "user", OUT_STRING, 0 }, { "host", OUT_STRING, 0 }, { "since", OUT_TIME, 0 },
	{ "by", OUT_STRING, 0 }, { "reason", OUT_STRING, 0 }, { NULL, 0, 0 },
};

static int
hold_show(void *arg, const struct db_hold *h)
{
	struct out *o = arg;

	out_cstr(o, h->session);
	out_cstr(o, h->user);
	out_cstr(o, h->host);
	out_time(o, h->since_us);
	out_cstr(o, h->actor);
	out_cstr(o, h->reason);
	return 0;
}

static int
holds_show(struct ctl *c, struct db *db, struct out *o)
{
	return db_hold_list(db, hold_show, o, &c->e);
}

static int
hold_ls(struct ctl *c, int argc, char **argv)
{
	return table_show(c, argc, argv, hold_columns, holds_show);
}

static int
hold_change(struct ctl *c, unsigned op, const char *session, const char *reason)
{
	struct msg_upkeep m = { .req = 1, .op = op, .text = slice_from(reason) };
	struct db *db = ctl_db(c);
	unsigned char id[ID_BYTES];
	char whole[ID_TEXT] = "";
	int r = db != NULL ? session_find(c, db, session, id, whole) : -ENOENT;

	db_close(db);
	if (r != 0)
		return CTL_FAILED;
	m.session = slice_from(whole);
	return ask_put(c, MSG_UPKEEP, &m);
}

static int
hold_add(struct ctl *c, int argc, char **argv)
{
	const char *reason = "";

	if (ctl_valued(c, argc, argv, "reason", &reason, 1, 1) != CTL_OK)
		return CTL_USAGE;
	if (reason[0] == '\0')
		return ctl_usage(c, "--reason is missing: who asked for it, which case");
	return hold_change(c, MSG_UPKEEP_HOLD, argv[optind], reason);
}

static int
hold_del(struct ctl *c, int argc, char **argv)
{
	return ctl_plain(c, argc, argv, 1, 1) != CTL_OK ? CTL_USAGE : hold_change(c, MSG_UPKEEP_RELEASE, argv[optind], "");
}

/* --- retention --- */

static const struct out_column partition_columns[] = {
	{ "month", OUT_STRING, 0, OUT_WHOLE }, { "sessions", OUT_NUMBER, 0 }, { "held", OUT_NUMBER, 0 }, { "segments", OUT_NUMBER, 0 },
	{ "bytes", OUT_NUMBER, 0 }, { "erased", OUT_TIME, 0 }, { "due", OUT_TIME, 0 }, { NULL, 0, 0 },
};

struct retention { struct out *o; int64_t keep_us; };          /* 0: for ever; negative: not known */

static int64_t
keep_ask(struct ctl *c)
{
	uint64_t s = 0;

	return conf_number(c, "RetainRecordings", &s) ? (int64_t)s * 1000000 : -1;
}

static int
partition_show(void *arg, const struct db_partition *p)
{
	const struct retention *t = arg;
	struct out *o = t->o;
	char month[8];

	snprintf(month, sizeof(month), "%.7s", strlen(p->file) > 4 ? p->file + 4 : p->file);
	out_cstr(o, month);
	out_number(o, p->sessions);
	out_number(o, p->held);
	out_number(o, p->segments);
	out_number(o, p->bytes);
	out_time(o, p->erased_us);
	out_time(o, t->keep_us <= 0 || p->erased_us != 0 ? 0 : db_partition_end(p->file) + t->keep_us);
	return 0;
}

static int
partitions_show(struct ctl *c, struct db *db, struct out *o)
{
	struct retention t = { o, keep_ask(c) };
	char why[256];

	if (t.keep_us > 0 && db_clock_doubt(db, why, sizeof(why), &c->e) == 1)
		ctl_note(c, "%s: fortress retention confirm", why);
	return db_partition_list(db, partition_show, &t, &c->e);
}

static int
retention_ls(struct ctl *c, int argc, char **argv)
{
	return table_show(c, argc, argv, partition_columns, partitions_show);
}

static int
retention_confirm(struct ctl *c, int argc, char **argv)
{
	const struct msg_upkeep m = { .req = 1, .op = MSG_UPKEEP_CLOCK };

	return ctl_plain(c, argc, argv, 0, 0) != CTL_OK ? CTL_USAGE : ask_put(c, MSG_UPKEEP, &m);
}

/* --- for doctor --- */

static int
oldest_find(struct ctl *c, char file[24], char *why, size_t size)
{
	struct db *db = ctl_db(c);
	int r = db != NULL ? db_partition_oldest(db, file, &c->e) : -EIO;

	if (r == 1 && db_clock_doubt(db, why, size, &c->e) < 0)
		r = -EIO;
	db_close(db);
	return r;
}

enum retention_is
retention_look(struct ctl *c, char *text, size_t size)
{
	char file[24] = "", why[256] = "", day[28];
	int64_t keep_us = keep_ask(c), late_us = INT64_C(2 * 86400) * 1000000;
	wall_t due;
	int r = keep_us > 0 ? oldest_find(c, file, why, sizeof(why)) : 0;

	due.us = db_partition_end(file) + keep_us;
	clock_print(due, day, sizeof(day));
	if (keep_us < 0)
		snprintf(text, size, "not looked at: the configuration is not good");
	else if (keep_us == 0)
		snprintf(text, size, "recordings are kept for ever (no RetainRecordings)");
	else if (r < 0)
		snprintf(text, size, "not looked at: %s", c->e.text);
	else if (r == 0)
		snprintf(text, size, "there are no recordings to erase");
	else if (why[0] != '\0')
		snprintf(text, size, "%s", why);
	else
		snprintf(text, size, "the recordings of %.7s are the next to be erased, on %.10s", file + 4, day);
	return keep_us < 0 ? RETENTION_UNSAID : r < 0 ? RETENTION_UNKNOWN : why[0] != '\0' ? RETENTION_DOUBTED :
	    r == 1 && due.us + late_us < clock_wall().us ? RETENTION_LATE : RETENTION_GOOD;
}

/* --- by hand --- */

struct months { const char *before; char list[MONTHS_MAX][8]; unsigned n; };

static int
month_keep(void *arg, const struct db_partition *p)
{
	struct months *m = arg;
	const char *month = strlen(p->file) > 4 ? p->file + 4 : "";

	if (p->erased_us == 0 && strncmp(month, m->before, 7) < 0 && m->n < MONTHS_MAX)
		snprintf(m->list[m->n++], sizeof(m->list[0]), "%.7s", month);
	return 0;
}

static int
months_erase(struct ctl *c, struct months *m)
{
	int r = CTL_OK;

	for (unsigned i = 0; i < m->n && r == CTL_OK; i++) {
		const struct msg_upkeep ask = { .req = 1, .op = MSG_UPKEEP_ERASE, .file = slice_from(m->list[i]) };

		r = ask_put(c, MSG_UPKEEP, &ask);
		if (r == CTL_OK)
			printf("%s: erased\n", m->list[i]);
	}
	if (m->n == 0)
		ctl_note(c, "no recordings are older than %s", m->before);
	return r;
}

static int
retention_erase(struct ctl *c, int argc, char **argv)
{
	static const struct option longs[] = { { "before", required_argument, NULL, 'b' }, { NULL, 0, NULL, 0 } };
	struct months *m = calloc(1, sizeof(*m));
	char file[24];
	struct db *db;
	int o, r = CTL_OK;

	if (m == NULL)
		return ctl_fail(c, "out of memory");
	optind = 0;
	while (r == CTL_OK && (o = ctl_option(c, argc, argv, ":", longs)) != -1)
		r = o == 'b' ? (m->before = optarg, CTL_OK) : CTL_USAGE;
	if (r == CTL_OK)
		r = ctl_words(c, argc, argv, 0, 0);
	if (r == CTL_OK && m->before == NULL)
		r = ctl_usage(c, "--before YYYY-MM is missing");
	if (r == CTL_OK && !db_partition_name(m->before, file))
		r = ctl_bad(c, "--before %s: write a month as 2026-01", m->before);
	if (r == CTL_OK) {
		db = ctl_db(c);
		r = db != NULL && db_partition_list(db, month_keep, m, &c->e) == 0 ? CTL_OK : CTL_FAILED;
		db_close(db);
	}
	if (r == CTL_OK)
		r = months_erase(c, m);
	free(m);
	return r;
}

const struct command commands_keep[] = {
	{ "hold", "add", "SESSION --reason TEXT", "keep the recording of a session, however old it gets", hold_add },
	{ "hold", "del", "SESSION", "let go of it", hold_del },
	{ "hold", "ls", "", "list what is held", hold_ls },
	{ "retention", "ls", "", "list recordings by month, and when they will be erased", retention_ls },
	{ "retention", "erase", "--before YYYY-MM", "erase the recordings of months that are over; their rows and proofs stay", retention_erase },
	{ "retention", "confirm", "", "the clock leapt and is right: erase on", retention_confirm },
	{ NULL, NULL, NULL, NULL, NULL },
};
