/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A plan was made against one version of the directory, and is taken for that version alone.  While it is with the store
 * others may change single rows: what they ask for comes after it, there and here.
 */
#include <errno.h>
#include <stdio.h>

#include "base/fd.h"
#include "base/log.h"
#include "gate/acceptable.h"
#include "gate/again.h"
#include "gate/batch.h"
#include "gate/puts.h"
#include "gate/rows.h"

union row {
	unsigned char bytes[256];
	uint64_t align;
	struct msg_dir_user user;
	struct msg_dir_host host;
};

void
batch_init(struct gate *g)
{
	buf_init(&g->batch, MSG_ROWS_MAX);
}

static int
answer(struct client *c, uint32_t req, uint32_t at, const char *refusal)
{
	struct msg_dir_done m = { .req = req, .ok = refusal == NULL, .at = at, .text = slice_from(refusal != NULL ? refusal : "") };

	return chan_send(c->chan, MSG_DIR_DONE, &m);
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

/* Names may go from host to host in one change, whichever comes first: before any is looked at, those hosts have none whose
 * others change. */
static void
names_free(struct directory *copy, struct slice rows)
{
	struct msg_dir_host m;
	const struct dir_host *h;
	union row row;
	uint16_t type = 0;

	while (row_next(&rows, &type, &row) == 1) {
		h = type == MSG_DIR_HOST && row.host.op == MSG_DIR_PUT ? directory_host_named(copy, row.host.name) : NULL;
		if (h == NULL || slice_is(row.host.aliases, h->aliases))
			continue;
		rows_host(h, &m);
		m.aliases = slice_from("");
		(void)directory_apply(copy, MSG_DIR_HOST, &m);
	}
}

/* On a copy.  0, or negative with e; *at: which one. */
static int
rows_try(const struct directory *d, struct slice rows, uint32_t *at, struct err *e)
{
	struct directory *copy = rows_clone(d);
	union row row;
	uint16_t type = 0;
	int r = copy != NULL ? 1 : err_set(e, -ENOMEM, "the gate is out of memory");

	if (copy != NULL) {
		directory_begin(copy);
		names_free(copy, rows);
	}
	for (*at = 0; r == 1; ++*at) {
		r = row_next(&rows, &type, &row);
		if (r < 0)
			r = err_set(e, r, "that is no list of rows");
		if (r != 1)
			break;
		r = acceptable_row(copy, type, &row, e);
		if (r == 0 && (r = directory_apply(copy, type, &row)) != 0)
			r = err_set(e, r, "too many rows, or no memory for them");
		r = r == 0 ? 1 : r;
	}
	directory_free(copy);
	return r;
}

static void
batch_done(struct gate *g, struct client *c, uint32_t req, bool ok, struct slice text)
{
	struct slice rows = buf_slice(&g->batch);
	char why[512];
	union row row;
	uint16_t type = 0;
	int r = 0;

	directory_begin(g->dir);
	while (ok && r == 0 && row_next(&rows, &type, &row) == 1) {
		r = directory_apply(g->dir, type, &row);
		again_taken(g, type, &row);
	}
	directory_settle(g->dir);
	buf_done(&g->batch);
	batch_init(g);
	if (ok) {
		g->state++;
		again_all(g, "the directory was changed in bulk");
	}
	(void)slice_copy(text, why, sizeof(why));
	if (r != 0) {
		snprintf(why, sizeof(why), "kept by the store but not in memory: restart the bastion");
		log_error("bulk change: %s", why);
	}
	if (c != NULL)
		(void)answer(c, req, 0, ok && r == 0 ? NULL : why);
}

static const char *
refusal(const struct gate *g, const struct msg_dir_apply *m, int fd)
{
	if (g->batch.len > 0)
		return "another change in bulk is on its way: try again";
	if (m->state != g->state || puts_rows(g->puts) > 0)
		return "the directory has changed meanwhile: plan again";
	return fd_is_sealed(fd) ? NULL : "that is no file that is sealed";
}

static int
batch_send(struct client *c, const struct msg_dir_apply *m, int fd, struct err *e)
{
	struct msg_dir_apply out = { .actor = slice_from(c->actor) };
	int r = puts_wait(c->gate, c, m->req, batch_done, &out.req);

	if (r != 0)
		return err_set(e, r, "too many changes wait for the store: try again");
	r = chan_send_fds(c->gate->store, MSG_DIR_APPLY, &out, &fd, 1);
	if (r == 0)
		return 0;
	puts_forget(c->gate, out.req);
	return err_set(e, r, "the store does not take it");
}

int
batch_take(struct client *c, const struct chan_in *in)
{
	const struct msg_dir_apply *m = in->message;
	struct gate *g = c->gate;
	const char *no = refusal(g, m, in->fds[0]);
	struct err e = { 0 };
	uint32_t at = 0;
	int r;

	if (no != NULL)
		return answer(c, m->req, 0, no);
	r = fd_read_all(in->fds[0], &g->batch);
	if (r != 0)
		(void)err_set(&e, r, "more rows than fit (%u MiB)", MSG_ROWS_MAX >> 20);
	else
		r = rows_try(g->dir, buf_slice(&g->batch), &at, &e);
	if (r == 0 && g->batch.len > 0) {
		r = batch_send(c, m, in->fds[0], &e);
		at = 0;
		if (r == 0)
			return 0;
	}
	buf_done(&g->batch);
	batch_init(g);
	return answer(c, m->req, r != 0 ? at : 0, r != 0 ? e.text : NULL);
}
