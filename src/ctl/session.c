/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Recordings: list, show, end. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/commands.h"
#include "ctl/known.h"
#include "ctl/live.h"
#include "ctl/replay.h"
#include "ctl/session.h"
#include "db/session.h"

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 1000000, END_MS = 6000, END_PAUSE_US = 50000 };

static const struct out_column list_columns[] = {
	{ "id", OUT_STRING, 0, OUT_WHOLE }, { "start", OUT_TIME, 0 }, { "seconds", OUT_NUMBER, 0, 5 }, { "user", OUT_STRING, 0 },
	{ "login", OUT_STRING, 0, 4 }, { "host", OUT_STRING, 0 }, { "channel", OUT_STRING, 0, 2 }, { "state", OUT_STRING, 0, 3 },
	{ "exit", OUT_NUMBER, 0 }, { "signal", OUT_STRING, 1 }, { "command", OUT_STRING, 0 }, { "bytes", OUT_NUMBER, 1 },
	{ "source", OUT_STRING, 1 }, { "reason", OUT_STRING, 1 }, { "end", OUT_TIME, 1 }, { "connection", OUT_NUMBER, 1 }, { NULL, 0, 0 },
};

static int64_t
seconds_of(const struct db_session *s)
{
	int64_t end = s->end_us != 0 ? s->end_us : clock_wall().us;

	return end > s->start_us ? (end - s->start_us) / 1000000 : 0;
}

struct listing { struct out *out; unsigned n; };

static int
list_row(void *arg, const struct db_session *s)
{
	struct listing *l = arg;
	struct out *o = l->out;

	l->n++;
	out_cstr(o, s->id_text);
	out_time(o, s->start_us);
	out_number(o, seconds_of(s));
	out_cstr(o, s->user);
	out_cstr(o, s->login);
	out_cstr(o, s->host);
	out_cstr(o, s->channel);
	out_cstr(o, s->state);
	out_exit(o, s->exit);
	out_cstr(o, s->command);
	out_number(o, (int64_t)s->bytes);
	out_cstr(o, s->src);
	out_cstr(o, s->reason);
	out_time(o, s->end_us);
	out_number(o, (int64_t)s->conn);
	return 0;
}

static int
filter_parse(struct ctl *c, struct db_session_filter *f, bool *live, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "user", required_argument, NULL, 'u' }, { "host", required_argument, NULL, 'h' },
		{ "since", required_argument, NULL, 's' }, { "limit", required_argument, NULL, 'l' },
		{ "state-is", required_argument, NULL, 't' }, { "live", no_argument, NULL, 'L' }, { NULL, 0, NULL, 0 },
	};
	uint64_t v = LIMIT_DEFAULT;
	int o;

	optind = 0;
	while ((o = ctl_option(c, argc, argv, ":", longs)) != -1)
		switch (o) {
		case 'L': *live = true; break;
		case 'u': f->user = optarg; break;
		case 'h': f->host = optarg; break;
		case 't':
			f->state = optarg;
			if (strcmp(optarg, "open") != 0 && strcmp(optarg, "closed") != 0 && strcmp(optarg, "lost") != 0)
				return ctl_bad(c, "--state-is %s: the states are open, closed and lost", optarg);
			break;
		case 's':
			if (!ctl_parse_time(optarg, &f->since_us))
				return ctl_bad(c, "--since %s: " CTL_TIMES, optarg);
			break;
		case 'l':
			if (!text_u64(slice_from(optarg), LIMIT_MAX, &v))
				return ctl_bad(c, "--limit %s: not a number up to %d", optarg, LIMIT_MAX);
			break;
		default:
			return CTL_USAGE;
		}
	f->max = (unsigned)v;
	return ctl_words(c, argc, argv, 0, 0);
}

static int
session_ls(struct ctl *c, int argc, char **argv)
{
	struct db_session_filter f = { 0 };
	bool live = false;
	int r = filter_parse(c, &f, &live, argc, argv);
	struct db *db = r == CTL_OK && !live ? ctl_db(c) : NULL;
	struct listing l = { 0 };

	if (r == CTL_OK && live)
		return f.user == NULL && f.host == NULL && f.state == NULL && f.since_us == 0 ? live_ls(c) :
		    ctl_usage(c, "--live lists all that run, without other options");
	if (db == NULL)
		return r != CTL_OK ? r : CTL_FAILED;
	l.out = ctl_out(c, list_columns, false);
	r = db_session_list(db, &f, list_row, &l, &c->e);
	if (r == 0 && l.n == 0)
		r = known_check(c, db, f.user, f.host);
	if (r == 0 && l.n == 0)
		ctl_note(c, "no sessions%s", f.user != NULL || f.host != NULL || f.state != NULL || f.since_us != 0 ? " like that" : " yet");
	db_close(db);
	return out_end(l.out) == 0 && r == 0 ? CTL_OK : CTL_FAILED;
}

/* --- one --- */

struct found { unsigned char id[ID_BYTES]; char text[ID_TEXT]; unsigned n; };

static int
found_add(void *arg, const struct db_session *s)
{
	struct found *f = arg;

	memcpy(f->id, s->id, ID_BYTES);
	memcpy(f->text, s->id_text, ID_TEXT);
	f->n++;
	return 0;
}

int
session_find(struct ctl *c, struct db *db, const char *text, unsigned char id[ID_BYTES], char whole[ID_TEXT])
{
	struct db_session_filter filter = { .id_prefix = text, .max = 2 };
	struct found f = { 0 };
	char shown[64];

	if (text[0] == '\0' || strlen(text) >= ID_TEXT ||
	    strspn(text, "0123456789abcdefghjkmnpqrstvwxyzABCDEFGHJKMNPQRSTVWXYZ") != strlen(text))
		return err_set(&c->e, -EINVAL, "\"%s\" is not the id of a session: fortress session ls shows them",
		    text_escaped(slice_from(text), shown, sizeof(shown)));
	if (db_session_list(db, &filter, found_add, &f, &c->e) != 0)
		return c->e.code;
	if (f.n == 1) {
		memcpy(id, f.id, ID_BYTES);
		memcpy(whole, f.text, ID_TEXT);
		return 0;
	}
	return err_set(&c->e, -ENOENT, f.n == 0 ? "there is no session %s" : "more than one session begins with %s", text);
}

static const struct out_column show_columns[] = {
	{ "id", OUT_STRING, 0 }, { "state", OUT_STRING, 0 }, { "start", OUT_TIME, 0 }, { "end", OUT_TIME, 0 },
	{ "seconds", OUT_NUMBER, 0 }, { "user", OUT_STRING, 0 }, { "login", OUT_STRING, 0 }, { "host", OUT_STRING, 0 },
	{ "address", OUT_STRING, 0 }, { "source", OUT_STRING, 0 }, { "method", OUT_STRING, 0 }, { "channel", OUT_STRING, 0 },
	{ "command", OUT_STRING, 0 }, { "term", OUT_STRING, 0 }, { "cols", OUT_NUMBER, 0 }, { "rows", OUT_NUMBER, 0 },
	{ "exit", OUT_NUMBER, 0 }, { "signal", OUT_STRING, 1 }, { "reason", OUT_STRING, 0 }, { "rule", OUT_STRING, 0 }, { "policy", OUT_STRING, 0 },
	{ "node", OUT_STRING, 0 }, { "bytes", OUT_NUMBER, 0 }, { "frames", OUT_NUMBER, 0 }, { "segments", OUT_NUMBER, 0 },
	{ NULL, 0, 0 },
};

static int
show_row(void *arg, const struct db_session *s)
{
	struct out *o = arg;

	out_cstr(o, s->id_text);
	out_cstr(o, s->state);
	out_time(o, s->start_us);
	out_time(o, s->end_us);
	out_number(o, seconds_of(s));
	out_cstr(o, s->user);
	out_cstr(o, s->login);
	out_cstr(o, s->host);
	out_cstr(o, s->addr);
	out_cstr(o, s->src);
	out_cstr(o, s->method);
	out_cstr(o, s->channel);
	out_cstr(o, s->command);
	out_cstr(o, s->term);
	out_number(o, s->cols);
	out_number(o, s->rows);
	out_exit(o, s->exit);
	out_cstr(o, s->reason);
	out_cstr(o, s->rule);
	out_cstr(o, s->policy);
	out_cstr(o, s->node);
	out_number(o, (int64_t)s->bytes);
	out_number(o, (int64_t)s->frames);
	out_number(o, s->segments);
	return 0;
}

static int
session_show(struct ctl *c, int argc, char **argv)
{
	unsigned char id[ID_BYTES];
	char whole[ID_TEXT];
	struct db *db;
	struct out *o;
	int r;

	if (ctl_plain(c, argc, argv, 1, 1) != CTL_OK)
		return CTL_USAGE;
	db = ctl_db(c);
	if (db == NULL)
		return CTL_FAILED;
	r = session_find(c, db, argv[optind], id, whole);
	if (r == 0) {
		o = ctl_out(c, show_columns, true);
		r = db_session_find(db, id, show_row, o, &c->e);
		if (out_end(o) != 0 && r == 0)
			r = -EIO;
	}
	db_close(db);
	return r == 0 ? CTL_OK : CTL_FAILED;
}

/* --- end --- */

struct ending { uint64_t conn; bool open; char what[200]; };

static int
ending_row(void *arg, const struct db_session *s)
{
	struct ending *x = arg;

	x->conn = s->conn;
	x->open = strcmp(s->state, "open") == 0;
	snprintf(x->what, sizeof(x->what), "%.60s's %.20s on %.60s", s->user, s->channel, s->host);
	return 0;
}

/* Asked for; the record tells when it is over. */
static int
ending_wait(struct ctl *c, struct db *db, const unsigned char id[ID_BYTES], struct ending *x)
{
	mono_t start = clock_mono();
	int r = 0;

	while (r == 0 && x->open && clock_ms_since(start) < END_MS) {
		(void)usleep(END_PAUSE_US);
		r = db_session_find(db, id, ending_row, x, &c->e);
	}
	return r == 0 && x->open ? err_set(&c->e, -ETIMEDOUT, "it was told to end, and is still open: fortress session show tells") : r;
}

static int
end_run(struct ctl *c, struct db *db, const char *text, const char *reason)
{
	unsigned char id[ID_BYTES];
	char whole[ID_TEXT];
	struct ending x = { 0 };
	struct msg_session_end m = { .req = 1, .reason = slice_from(reason) };
	int r = session_find(c, db, text, id, whole);

	if (r == 0)
		r = db_session_find(db, id, ending_row, &x, &c->e);
	if (r == 0 && !x.open)
		r = err_set(&c->e, -ESRCH, "%s is over already", whole);
	m.conn = x.conn;
	m.session = slice_from(whole);
	if (r == 0)
		r = ask_put(c, MSG_SESSION_END, &m) == CTL_OK ? ending_wait(c, db, id, &x) : -EPERM;
	if (r == 0 && c->format == OUT_TEXT)
		printf("ended: %s\n", x.what);
	return r;
}

static int
session_end(struct ctl *c, int argc, char **argv)
{
	const char *reason = "";
	struct db *db;
	int r;

	if (ctl_valued(c, argc, argv, "reason", &reason, 1, 1) != CTL_OK)
		return CTL_USAGE;
	db = ctl_db(c);
	r = db != NULL ? end_run(c, db, argv[optind], reason) : -ENOENT;
	db_close(db);
	return r == 0 ? CTL_OK : CTL_FAILED;
}

const struct command commands_session[] = {
	{ "session", "ls", "[--user U] [--host H] [--since TIME] [--state-is STATE] [--limit N] | --live",
	    "list recorded sessions, newest first; with --live those that run, with who watches them", session_ls },
	{ "session", "show", "ID", "everything about one session; ID may be shortened", session_show },
	{ "session", "commands", "ID [--offline]", "its commands: an exec's, and those that its terminal showed; see fortress-replay(1)", session_commands },
	{ "session", "print", "ID [--raw[=out|err|in] | --cast] [--offline]",
	    "its output as escaped text, one stream as bytes (not to a terminal), or as asciicast v2", session_print },
	{ "session", "watch", "ID [--reason TEXT]", "look at a session while it runs", live_watch },
	{ "session", "join", "ID [--reason TEXT]", "the same, and type into it", live_join },
	{ "session", "pause", "ID [--reason TEXT]", "nothing goes in or out of it until resume", live_pause },
	{ "session", "resume", "ID [--reason TEXT]", "it goes on", live_resume },
	{ "session", "lock", "ID [--reason TEXT]", "nothing that is typed goes in until unlock", live_lock },
	{ "session", "unlock", "ID [--reason TEXT]", "what is typed goes in again", live_unlock },
	{ "session", "hand", "ID [USER] [--reason TEXT]", "USER, who has joined it, alone types; without one, its own user again", live_hand },
	{ "session", "end", "ID [--reason TEXT]", "end a session that is open; its user is told", session_end },
	{ "replay", NULL, "[--offline] [--speed N] [--idle TIME] [--at TIME] [--follow] [--exact] [--text]\n[--export FORM [-o FILE]] ID [ID]",
	    "replay a recorded session in this terminal, or two side by side, or export one; see fortress-replay(1)", replay_run },
	{ NULL, NULL, NULL, NULL, NULL },
};
