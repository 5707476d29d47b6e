/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The evidence of a period: each sheet of db/sheet.h, the commands, the access review and the policies' history as CSV and JSON
 * Lines, and of each the number of rows and the first few, for the report.
 */
#ifndef CTL_EVIDENCE_H
#define CTL_EVIDENCE_H

#include <stdio.h>

#include "ctl/pack.h"
#include "db/sheet.h"

#define EVIDENCE_SHEETS 32
#define EVIDENCE_SHOWN  10               /* rows of a sheet that the report shows */

struct evidence_sheet {
	const char *name;
	uint64_t rows;
	struct buf head, shown;          /* cells end with a tab, rows with a newline; neither is in a cell */
};

struct evidence {
	struct db *db;
	char index[2100];                /* where the index of texts is */
	struct db_period period;
	struct evidence_sheet sheets[EVIDENCE_SHEETS];
	unsigned n;
	char no_access[512];              /* why there is no access review; empty: there is one */
	/* while it is made */
	struct pack *pack;               /* NULL: for a report alone */
	FILE *spool;                     /* the sheet's JSON Lines, until its CSV is written */
	struct buf line;
};

/* period, db, index: set; the rest zeroed.  0 or negative and e. */
int evidence_make(struct evidence *v, struct pack *pack, struct err *e);
void evidence_done(struct evidence *v);
const struct evidence_sheet *evidence_find(const struct evidence *v, const char *name);    /* NULL: there is none */

/* For those that make a sheet of their own: begin with the columns, rows, end. */
int evidence_begin(struct evidence *v, const char *name, const struct db_sheet_row *columns, struct err *e);
int evidence_row(struct evidence *v, const struct db_sheet_row *row, struct err *e);
int evidence_end(struct evidence *v, struct err *e);

/* access.c: who can reach what, by which rule, in the policy that is in force. */
int access_review(struct evidence *v, struct err *e);
/* history.c: what changed from one policy to the next, as a unified diff, appended to out. */
int history_diff(struct evidence *v, struct buf *out, struct err *e);

#endif
