/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * See commands.h.  Nothing is rendered here: an export of ten thousand sessions has no time for that, and whoever makes the index is
 * confined.  What the index does not have, a sheet of its own says, session by session.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/commands.h"
#include "ctl/session.h"
#include "ctl/texts.h"

enum { SHOWN = 4 * COMMAND_TEXT_MAX };

static const char *const columns[] = { "session", "time", "at", "user", "login", "host", "command", "source", "confidence", "proof", "exit", "rule" };
static const char *const missing[] = { "session", "time", "user", "login", "host", "why" };
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]), MISSING = sizeof(missing) / sizeof(missing[0]) };

struct sheet {
	struct evidence *v;
	struct err *e;
	struct index *x;                     /* NULL: there is none */
	const struct db_sheet_row *shell;    /* the session in hand: DB_SHEET_SHELLS */
	char text[SHOWN];
};

static struct db_sheet_row
row_make(const char *const *names, unsigned n)
{
	struct db_sheet_row row = { .n = n };

	for (unsigned i = 0; i < n; i++)
		row.name[i] = names[i];
	return row;
}

static struct db_cell
cell_of(const char *text)
{
	return (struct db_cell){ .kind = DB_TEXT, .text = slice_from(text) };
}

/* ---- what the index has ---- */

static bool
cell_is(const struct sheet *s, unsigned column, const char *text)
{
	return slice_eq(s->shell->cell[column].text, slice_from(text));
}

static bool
is_terminal(const struct sheet *s)
{
	return s->shell->cell[DB_SHELL_COLS].number > 0;
}

/* False: nothing of this session. */
static bool
done_find(const struct sheet *s, struct index_done *d)
{
	struct err none = { 0 };
	char id[ID_TEXT];

	return s->x != NULL && index_find_done(s->x, s->shell->cell[DB_SHELL_ROW].number, d, &none) == 0 &&
	    slice_eq(slice_from(id_print(d->id, id)), s->shell->cell[DB_SHELL_SESSION].text);
}

/* Why not all commands of this session are known; NULL: they are, as far as any can be. */
static const char *
why_missing(struct sheet *s)
{
	struct index_done d = { .over = false };
	char at[40];

	if (!is_terminal(s))
		return cell_is(s, DB_SHELL_CHANNEL, "shell") ? "a shell without a terminal: what it read is in the recording, as input" : NULL;
	if (!done_find(s, &d))
		return "not in the index of texts: fortress audit index";
	if (d.how == INDEX_ERASED)
		return "the recording was erased";
	if (d.how == INDEX_UNREAD)
		return "the recording could not be read to its end";
	if (d.how == INDEX_SLOW)
		return "slow to render: its end was only read";
	if (d.over)
		return NULL;
	snprintf(s->text, sizeof(s->text), "open when it was indexed, up to %s", clock_print_at(d.at.t_ms, at, sizeof(at)));
	return s->text;
}

/* ---- the sheets ---- */

static int
command_row(struct sheet *s, struct db_cell time, const char *at, struct db_cell text, const struct command_seen *c)
{
	const struct db_cell *from = s->shell->cell;
	struct db_sheet_row row = row_make(columns, COLUMNS);
	struct db_cell *to = row.cell;
	bool exec = c->source == COMMAND_EXEC;

	*to++ = from[DB_SHELL_SESSION];
	*to++ = time;
	*to++ = cell_of(at);
	*to++ = from[DB_SHELL_USER];
	*to++ = from[DB_SHELL_LOGIN];
	*to++ = from[DB_SHELL_HOST];
	*to++ = text;
	*to++ = cell_of(command_source_name(c->source));
	*to++ = cell_of(command_sure_name(c->sure));
	*to++ = cell_of(exec ? "session" : "derived");
	*to++ = exec ? from[DB_SHELL_EXIT] : (struct db_cell){ .kind = c->exit >= 0 ? DB_NUMBER : DB_NOTHING, .number = c->exit };
	*to++ = from[DB_SHELL_RULE];
	return evidence_row(s->v, &row, s->e);
}

static int
exec_row(struct sheet *s)
{
	const struct command_seen c = { .source = COMMAND_EXEC, .sure = COMMAND_SURE, .exit = -1 };

	return command_row(s, s->shell->cell[DB_SHELL_TIME], "0:00:00.000", s->shell->cell[DB_SHELL_COMMAND], &c);
}

/* Of an exec the session's own row is surer than the index. */
static int
found_row(void *arg, const struct command_seen *c)
{
	struct sheet *s = arg;
	char time[40], at[40];
	int64_t us = s->shell->cell[DB_SHELL_START_US].number + (int64_t)c->t_ms * 1000;

	if (c->source == COMMAND_EXEC)
		return 0;
	(void)clock_print_second((wall_t){ us }, time, sizeof(time));
	(void)clock_print_at(c->t_ms, at, sizeof(at));
	return command_row(s, cell_of(time), at, cell_of(text_cleaned(c->text, s->text, sizeof(s->text))), c);
}

static int
session_rows(void *arg, const struct db_sheet_row *shell)
{
	struct sheet *s = arg;
	struct index_done d;
	int r = 0;

	s->shell = shell;
	if (cell_is(s, DB_SHELL_CHANNEL, "exec"))
		r = exec_row(s);
	if (r == 0 && is_terminal(s) && done_find(s, &d))
		r = index_list_commands(s->x, shell->cell[DB_SHELL_ROW].number, found_row, s, s->e);
	return r;
}

static int
missing_row(void *arg, const struct db_sheet_row *shell)
{
	static const unsigned from[MISSING - 1] = { DB_SHELL_SESSION, DB_SHELL_TIME, DB_SHELL_USER, DB_SHELL_LOGIN, DB_SHELL_HOST };
	struct db_sheet_row row = row_make(missing, MISSING);
	struct sheet *s = arg;
	const char *why;

	s->shell = shell;
	why = why_missing(s);
	if (why == NULL)
		return 0;
	for (unsigned i = 0; i + 1 < MISSING; i++)
		row.cell[i] = shell->cell[from[i]];
	row.cell[MISSING - 1] = cell_of(why);
	return evidence_row(s->v, &row, s->e);
}

static int
sheet_make(struct sheet *s, const char *name, struct db_sheet_row head, db_sheet_fn *fn)
{
	int r = evidence_begin(s->v, name, &head, s->e);

	r = r != 0 ? r : db_sheet_list(s->v->db, DB_SHEET_SHELLS, &s->v->period, fn, s, s->e);
	return r != 0 ? r : evidence_end(s->v, s->e);
}

int
commands_sheets(struct evidence *v, struct err *e)
{
	struct sheet s = { .v = v, .e = e };
	struct err none = { 0 };
	int r;

	s.x = index_open(v->index, false, &none);
	r = sheet_make(&s, "commands", row_make(columns, COLUMNS), session_rows);
	r = r != 0 ? r : sheet_make(&s, "commands-missing", row_make(missing, MISSING), missing_row);
	index_close(s.x);
	return r;
}

/* ---- of one session ---- */

static const struct out_column list_columns[] = {
	{ "at", OUT_STRING, 0, OUT_WHOLE }, { "source", OUT_STRING, 0, OUT_WHOLE }, { "confidence", OUT_STRING, 0 }, { "exit", OUT_NUMBER, 0 },
	{ "command", OUT_STRING, 0 }, { "t_ms", OUT_NUMBER, 1 }, { NULL, 0, 0, 0 },
};

static int
list_row(void *arg, const struct command_seen *c)
{
	struct out *o = arg;
	char at[40];

	out_cstr(o, clock_print_at(c->t_ms, at, sizeof(at)));
	out_cstr(o, command_source_name(c->source));
	out_cstr(o, command_sure_name(c->sure));
	if (c->exit >= 0)
		out_number(o, c->exit);
	else
		out_raw(o, slice_from(""));
	out_text(o, c->text);
	out_number(o, (int64_t)c->t_ms);
	return 0;
}

static int
row_keep(void *arg, const struct db_session *v)
{
	*(int64_t *)arg = v->row;
	return 0;
}

static int
list_run(struct ctl *c, struct db *db, const unsigned char id[ID_BYTES])
{
	char dir[2100];
	int64_t row = 0;
	struct index *x;
	struct out *o;
	int r = db_session_find(db, id, row_keep, &row, &c->e);

	x = r == 0 ? index_open(texts_dir(c, dir, sizeof(dir)), false, &c->e) : NULL;
	if (x == NULL)
		return -ENOENT;
	o = ctl_out(c, list_columns, false);
	r = index_list_commands(x, row, list_row, o, &c->e);
	index_close(x);
	return out_end(o) == 0 ? r : -EIO;
}

int
session_commands(struct ctl *c, int argc, char **argv)
{
	static const struct option longs[] = { { "offline", no_argument, NULL, 'O' }, { NULL, 0, NULL, 0 } };
	unsigned char id[ID_BYTES];
	char whole[ID_TEXT];
	bool offline = false;
	struct db *db;
	int o, r;

	optind = 0;
	while ((o = ctl_option(c, argc, argv, ":", longs)) != -1) {
		if (o != 'O')
			return CTL_USAGE;
		offline = true;
	}
	if (ctl_words(c, argc, argv, 1, 1) != CTL_OK)
		return CTL_USAGE;
	db = ctl_db(c);
	if (db == NULL)
		return CTL_FAILED;
	r = session_find(c, db, argv[optind], id, whole);
	r = r == 0 && !offline ? ask_view(c, whole, "commands") : r;
	r = r != 0 ? r : texts_update(c, NULL);
	r = r != 0 ? r : list_run(c, db, id);
	db_close(db);
	return r == 0 ? CTL_OK : CTL_FAILED;
}
