/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress audit ls: the events of the audit log, oldest first.  --follow goes on with what comes: for people a line each,
 * JSON as one object a line, CSV as it is.  audit stream is the same for machines: all of them, or those after one that was
 * read before, in a form of siem.h.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/audit.h"
#include "ctl/known.h"
#include "ctl/siem.h"
#include "db/event.h"

enum { LIMIT_DEFAULT = 100, LIMIT_FOLLOW = 10, LIMIT_MAX = 1000000, POLL_MS = 250 };

static const struct out_column columns[] = {
	{ "id", OUT_NUMBER, 1 }, { "time", OUT_TIME, 0 }, { "class", OUT_STRING, 0, 2 }, { "ok", OUT_BOOL, 0 }, { "actor", OUT_STRING, 0 },
	{ "host", OUT_STRING, 0, 4 }, { "source", OUT_STRING, 0, 3 }, { "text", OUT_STRING, 0 }, { "session", OUT_STRING, 1 },
	{ "class_uid", OUT_NUMBER, 1 }, { "activity", OUT_NUMBER, 1 }, { "severity", OUT_NUMBER, 1 }, { "detail", OUT_STRING, 1 },
	{ NULL, 0, 0 },
};

struct listing {
	struct ctl *c;
	struct db_event_filter filter;
	bool follow;
	struct out *out;                     /* of all rows; NULL when each stands for itself */
	siem_write_fn *write;                /* NULL: as ls shows them */
	struct buf line;
	char node[256];
	unsigned n;
};

static void
row_put(struct out *o, const struct db_event *v)
{
	out_number(o, v->id);
	out_time(o, v->t_us);
	out_cstr(o, siem_class(v->class_uid));
	out_bool(o, v->ok != 0);
	out_cstr(o, v->actor);
	out_cstr(o, v->host);
	out_cstr(o, v->src);
	out_cstr(o, v->text);
	out_cstr(o, v->session);
	out_number(o, v->class_uid);
	out_number(o, v->activity);
	out_number(o, v->severity);
	out_raw(o, slice_from(v->detail));
}

static void
line_print(const struct db_event *v)
{
	char at[32] = "", actor[128], src[128];
	time_t t = (time_t)(v->t_us / 1000000);
	struct tm tm;
	struct buf text;

	if (localtime_r(&t, &tm) != NULL)
		(void)strftime(at, sizeof(at), "%Y-%m-%d %H:%M:%S", &tm);
	buf_init(&text, 1 << 20);
	(void)text_escape(&text, slice_from(v->text));
	printf("%s  %-8s  %-6s  %s%s%s: %s\n", at, siem_class(v->class_uid), v->ok ? "ok" : "FAILED",
	    text_escaped(slice_from(v->actor), actor, sizeof(actor)), v->src[0] != '\0' ? " from " : "",
	    text_escaped(slice_from(v->src), src, sizeof(src)), buf_cstr(&text));
	buf_done(&text);
}

static int
event_write(struct listing *l, const struct db_event *v)
{
	int r;

	buf_clear(&l->line);
	r = l->write(&l->line, v, l->node);
	if (r != 0)
		return err_set(&l->c->e, r, "event %lld is too long", (long long)v->id);
	return fwrite(l->line.p, 1, l->line.len, stdout) == l->line.len ? 0 : -EIO;
}

static int
event_show(void *arg, const struct db_event *v)
{
	struct listing *l = arg;
	struct out *one;

	l->n++;
	l->filter.after_id = v->id;
	if (l->write != NULL) {
		if (event_write(l, v) != 0)
			return -EIO;
	} else if (l->out != NULL) {
		row_put(l->out, v);
	} else if (l->c->format == OUT_TEXT) {
		line_print(v);
	} else {
		one = ctl_out(l->c, columns, true);
		row_put(one, v);
		if (out_end(one) != 0)
			return -EIO;
	}
	return l->follow && fflush(stdout) != 0 ? -EIO : 0;
}

/* Waits for what may come.  False: whoever reads has gone. */
static bool
reader_stays(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO };

	return poll(&p, 1, POLL_MS) <= 0 || (p.revents & (POLLERR | POLLNVAL)) == 0;
}

/* Until nobody reads any more, or a signal ends it. */
static int
follow(struct listing *l, struct db *db)
{
	int r = 0;

	l->filter.newest = 0;
	while (r == 0 && reader_stays())
		r = db_event_list(db, &l->filter, event_show, l, &l->c->e);
	return r;
}

/* A position that this record has not come to is an older record's, or another's: what comes next would be passed over. */
static int
position_check(struct listing *l, struct db *db)
{
	int64_t newest;
	int r = db_event_newest(db, &newest, &l->c->e);

	return r != 0 || l->filter.after_id <= newest ? r : err_set(&l->c->e, -ERANGE, "--after %lld: the newest event is %lld: this record "
	    "is older than what was read, or another: begin anew, without --after", (long long)l->filter.after_id, (long long)newest);
}

int
audit_class_parse(struct ctl *c, const char *text, const char *more, unsigned *uid)
{
	char names[200];
	uint64_t v;

	*uid = siem_class_find(text);
	if (*uid != 0)
		return CTL_OK;
	snprintf(names, sizeof(names), "%s", more);
	siem_class_names(names + strlen(names), sizeof(names) - strlen(names));
	if (!text_u64(slice_from(text), 999999, &v) || v == 0)
		return ctl_bad(c, "--class %s: one of%s, or a number of OCSF's", text, names);
	*uid = (unsigned)v;
	return CTL_OK;
}

static int
format_parse(struct listing *l, const char *text)
{
	l->write = siem_format(text);
	return l->write != NULL ? CTL_OK : ctl_bad(l->c, "--format %s: one of %s", text, siem_formats);
}

static int
after_parse(struct listing *l, const char *text)
{
	uint64_t v;

	if (!text_u64(slice_from(text), INT64_MAX, &v))
		return ctl_bad(l->c, "--after %s: not the id of an event", text);
	l->filter.after_id = (int64_t)v;
	return CTL_OK;
}

static int
option_take(struct listing *l, int o)
{
	struct db_event_filter *f = &l->filter;
	uint64_t v;

	switch (o) {
	case 'u': f->actor = optarg; return CTL_OK;
	case 'h': f->host = optarg; return CTL_OK;
	case 'F': f->failed_only = true; return CTL_OK;
	case 'w': l->follow = true; return CTL_OK;
	case 'c': return audit_class_parse(l->c, optarg, "", &f->class_uid);
	case 'o': return format_parse(l, optarg);
	case 'a': return after_parse(l, optarg);
	case 'f':
	case 't':
		return ctl_parse_time(optarg, o == 'f' ? &f->from_us : &f->until_us) ? CTL_OK :
		    ctl_bad(l->c, "--%s %s: " CTL_TIMES, o == 'f' ? "from" : "to", optarg);
	case 'l':
		if (!text_u64(slice_from(optarg), LIMIT_MAX, &v) || v == 0)
			return ctl_bad(l->c, "--limit %s: not a number from 1 to %d", optarg, LIMIT_MAX);
		f->newest = (unsigned)v;
		return CTL_OK;
	default:  return CTL_USAGE;
	}
}

static int
options_parse(struct listing *l, bool all, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "from", required_argument, NULL, 'f' }, { "to", required_argument, NULL, 't' },
		{ "user", required_argument, NULL, 'u' }, { "host", required_argument, NULL, 'h' },
		{ "class", required_argument, NULL, 'c' }, { "failed", no_argument, NULL, 'F' },
		{ "limit", required_argument, NULL, 'l' }, { "follow", no_argument, NULL, 'w' },
		{ "format", required_argument, NULL, 'o' }, { "after", required_argument, NULL, 'a' }, { NULL, 0, NULL, 0 },
	};
	int o, r = CTL_OK;

	optind = 0;
	while (r == CTL_OK && (o = ctl_option(l->c, argc, argv, ":", longs)) != -1)
		r = option_take(l, o);
	if (l->filter.newest == 0 && !all && l->filter.after_id == 0)
		l->filter.newest = l->follow ? LIMIT_FOLLOW : LIMIT_DEFAULT;
	return r == CTL_OK ? ctl_words(l->c, argc, argv, 0, 0) : r;
}

static int
list(struct listing *l)
{
	struct ctl *c = l->c;
	unsigned limit = l->filter.newest;
	struct db *db = ctl_db(c);
	int r;

	if (db == NULL)
		return CTL_FAILED;
	if (position_check(l, db) != 0) {
		db_close(db);
		return CTL_FAILED;
	}
	if (l->write == NULL && (!l->follow || c->format == OUT_CSV))
		l->out = ctl_out(c, columns, false);
	r = db_event_list(db, &l->filter, event_show, l, &c->e);
	if (r == 0 && l->n == 0)
		r = known_check(c, db, l->filter.actor, l->filter.host);
	if (r == 0 && l->follow)
		r = follow(l, db);
	else if (r == 0 && l->write == NULL && limit != 0 && l->n == limit)
		ctl_note(c, "the newest %u; --limit N shows more", limit);
	db_close(db);
	return (l->out == NULL || out_end(l->out) == 0) && r == 0 && fflush(stdout) == 0 ? CTL_OK : CTL_FAILED;
}

static int
listing_run(struct ctl *c, bool all, siem_write_fn *write, int argc, char **argv)
{
	struct listing l = { .c = c, .write = write };
	int r = options_parse(&l, all, argc, argv);

	if (gethostname(l.node, sizeof(l.node) - 1) != 0)
		l.node[0] = '\0';
	buf_init(&l.line, 4 << 20);
	if (r == CTL_OK)
		r = list(&l);
	buf_done(&l.line);
	return r;
}

int
audit_ls(struct ctl *c, int argc, char **argv)
{
	return listing_run(c, false, NULL, argc, argv);
}

int
audit_stream(struct ctl *c, int argc, char **argv)
{
	return listing_run(c, true, siem_format("ocsf"), argc, argv);
}
