/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A step is one row, of the change or of the directory:
 *
 *     count   there will be so many hosts: what grows in jumps does so beforehand
 *     copy    a row of the directory comes into the copy
 *     free    names may go from host to host in one change, whichever comes first: before any is looked at, those hosts have
 *             none whose others change
 *     take    a row is looked at, with all that came before it, and taken in
 *     settle  the copy is put in order, in one step of some milliseconds if old and new names stand among each other
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "gate/acceptable.h"
#include "gate/rows.h"
#include "gate/trial.h"

union row {
	unsigned char bytes[256];
	uint64_t align;
	struct msg_dir_user user;
	struct msg_dir_host host;
};

struct trial {
	const struct directory *of;
	struct directory *copy;
	int fd;
	unsigned phase;                /* the place in steps[] */
	struct slice rows, rest;       /* what the file holds, and of that: to come yet in this phase */
	size_t hosts, copied;
	uint32_t row, bad;             /* the last that was looked at; the same, if it does not fit */
};

static int
no_memory(struct err *e)
{
	return err_set(e, -ENOMEM, "the gate is out of memory");
}

struct trial *
trial_new(const struct directory *of, int *fd, struct err *e)
{
	struct trial *t = calloc(1, sizeof(*t));
	int r;

	if (t == NULL || (t->copy = directory_new()) == NULL) {
		free(t);
		(void)no_memory(e);
		return NULL;
	}
	r = fd_map(*fd, MSG_ROWS_MAX, &t->rows);
	if (r != 0) {
		directory_free(t->copy);
		free(t);
		(void)(r == -EFBIG ? err_set(e, r, "more rows than fit (%u MiB)", MSG_ROWS_MAX >> 20) :
		    err_set(e, r, "the rows cannot be read: %s", strerror(-r)));
		return NULL;
	}
	t->of = of;
	t->hosts = directory_hosts(of);
	t->rest = t->rows;
	t->fd = *fd;
	*fd = -1;
	return t;
}

struct directory *
trial_end(struct trial *t)
{
	struct directory *copy = t->copy;

	fd_close(&t->fd);
	fd_unmap(&t->rows);
	free(t);
	return copy;
}

/* 1 and the next row, 0 at the end, -EBADMSG: no row that may come so. */
static int
row_next(struct slice *rows, uint16_t *type, union row *ret)
{
	struct slice row;

	if (rows->n == 0)
		return 0;
	if (!msg_row_take(rows, &row) || !take_u16(&row, type))
		return -EBADMSG;
	if (*type != MSG_DIR_USER && *type != MSG_DIR_GROUP && *type != MSG_DIR_KEY && *type != MSG_DIR_HOST)
		return -EBADMSG;
	if (msg_unpack(*type, row, ret) != 0 || (ret->user.op != MSG_DIR_PUT && ret->user.op != MSG_DIR_DELETE))
		return -EBADMSG;
	return 1;
}

/* --- steps: 1: there is more of this, 0: that was all, or negative with e --- */

/* What is no row ends this, and the next but one; it is said when its turn has come. */
static int
step_count(struct trial *t, struct err *e)
{
	struct slice row;
	uint16_t type;

	(void)e;
	if (msg_row_take(&t->rest, &row) && take_u16(&row, &type)) {
		t->hosts += type == MSG_DIR_HOST;
		return 1;
	}
	t->rest = t->rows;
	directory_expect(t->copy, t->hosts);
	return 0;
}

static int
step_copy(struct trial *t, struct err *e)
{
	if (t->copied == rows_count(t->of)) {
		directory_begin(t->copy);
		return 0;
	}
	return rows_clone(t->of, t->copied++, t->copy) == 0 ? 1 : no_memory(e);
}

static int
step_free(struct trial *t, struct err *e)
{
	const struct dir_host *h;
	struct msg_dir_host m;
	union row row;
	uint16_t type = 0;

	if (row_next(&t->rest, &type, &row) != 1) {
		t->rest = t->rows;
		return 0;
	}
	h = type == MSG_DIR_HOST && row.host.op == MSG_DIR_PUT ? directory_host_named(t->copy, row.host.name) : NULL;
	if (h == NULL || slice_is(row.host.aliases, h->aliases))
		return 1;
	rows_host(h, &m);
	m.aliases = slice_from("");
	return directory_apply(t->copy, MSG_DIR_HOST, &m) == 0 ? 1 : no_memory(e);
}

static int
step_take(struct trial *t, struct err *e)
{
	union row row;
	uint16_t type = 0;
	int r = row_next(&t->rest, &type, &row);

	if (r == 0)
		return 0;
	t->bad = ++t->row;
	if (r < 0)
		return err_set(e, r, "that is no list of rows");
	r = acceptable_row(t->copy, type, &row, e);
	if (r == 0 && (r = directory_apply(t->copy, type, &row)) != 0)
		r = err_set(e, r, "too many rows, or no memory for them");
	if (r != 0)
		return r;
	t->bad = 0;
	return 1;
}

static int
step_settle(struct trial *t, struct err *e)
{
	return directory_settle(t->copy) == 0 ? 0 : no_memory(e);
}

static int (*const steps[])(struct trial *t, struct err *e) = { step_count, step_copy, step_free, step_take, step_settle };
enum { PHASES = sizeof(steps) / sizeof(steps[0]) };

int
trial_work(struct trial *t, mono_t until, struct err *e)
{
	int r = 0;

	do {
		r = steps[t->phase](t, e);
		t->phase += r == 0;
	} while (r >= 0 && t->phase < PHASES && clock_mono().us < until.us);
	return r < 0 ? r : t->phase < PHASES;
}

uint32_t
trial_row(const struct trial *t)
{
	return t->bad;
}

bool
trial_is_empty(const struct trial *t)
{
	return t->rows.n == 0;
}

int
trial_fd(const struct trial *t)
{
	return t->fd;
}
