/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What the record shows of a period, as tables for people: failed logins, transfers, accounts …  A sheet is a name and a
 * query; a figure is one too, whose rows are a label and a number to plot.  Rows that come from events name the event, so
 * that they can be proved.
 */
#ifndef DB_SHEET_H
#define DB_SHEET_H

#include "base/id.h"
#include "db/db.h"

#define DB_SHEET_COLUMNS 24

struct db_period {
	int64_t from_us, until_us;               /* from <= t < until; until 0: all */
	int64_t as_of_us;                        /* ages count to here */
	const char *user, *host;                 /* NULL: all */
	uint64_t leaves;                         /* only what the tree of so many leaves holds */
};

struct db_cell {
	enum { DB_NOTHING, DB_TEXT, DB_NUMBER, DB_BYTES, DB_SESSION } kind;      /* SESSION: an id, as text */
	struct slice text;                       /* TEXT, SESSION; BYTES */
	int64_t number;
	char id[ID_TEXT];
};

struct db_sheet_row {
	unsigned n;                              /* columns */
	const char *name[DB_SHEET_COLUMNS];
	struct db_cell cell[DB_SHEET_COLUMNS];
};

typedef int db_sheet_fn(void *arg, const struct db_sheet_row *row);

/* Ended by NULL. */
extern const char *const db_sheets[], *const db_figures[];

/* A sheet that is not one of them: the sessions whose commands are to be known, for who makes the sheet of commands. */
#define DB_SHEET_SHELLS "shells"
enum { DB_SHELL_ROW, DB_SHELL_SESSION, DB_SHELL_START_US, DB_SHELL_TIME, DB_SHELL_USER, DB_SHELL_LOGIN, DB_SHELL_HOST, DB_SHELL_CHANNEL,
	DB_SHELL_COMMAND, DB_SHELL_EXIT, DB_SHELL_RULE, DB_SHELL_COLS, DB_SHELL_STATE, DB_SHELL_COLUMNS };

/* Rows of one of db_sheets or db_figures; fn's first non-zero ends it.  -EINVAL: there is no such sheet. */
int db_sheet_list(struct db *db, const char *name, const struct db_period *p, db_sheet_fn *fn, void *arg, struct err *e);
/* Its columns' names alone, in a row without cells. */
int db_sheet_columns(struct db *db, const char *name, struct db_sheet_row *row, struct err *e);
/* When the newest event was. */
int db_newest_us(struct db *db, int64_t *us, struct err *e);

#endif
