/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A change in bulk holds up nobody who logs in or asks meanwhile:
 *
 *     tried   on a copy of the directory (trial.h), a slice in each turn of the loop.  A plan was made against one version of
 *             the directory and is taken for that version alone: another change, or that its client goes, ends it without a trace
 *     sent    it is with the store, and only the store's answer ends it, whether or not its client is still there.  Others may
 *             change single rows: what they ask for comes after it, there and here
 *
 * With the store's yes the copy becomes the directory, between one question and the next: nobody sees a part of the change.  The
 * one that is not needed any more, this or that, goes in slices, too.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/log.h"
#include "gate/again.h"
#include "gate/batch.h"
#include "gate/puts.h"
#include "gate/trial.h"

enum { SLICE_US = 2000 };

struct batch {
	struct trial *trial;
	struct client *client;         /* who waits for it; while it is sent puts.h knows */
	uint32_t req;
	uint64_t state;                /* the version that it is for */
	bool sent;
	struct loop_timer timer;
};

static int
answer(struct client *c, uint32_t req, uint32_t at, const char *refusal)
{
	struct msg_dir_done m = { .req = req, .ok = refusal == NULL, .at = at, .text = slice_from(refusal != NULL ? refusal : "") };

	return chan_send(c->chan, MSG_DIR_DONE, &m);
}

/* --- what is not needed any more --- */

static void
left_work(void *arg)
{
	struct gate *g = arg;
	mono_t until = { clock_mono().us + SLICE_US };

	while (directory_shed(g->left))
		if (clock_mono().us >= until.us) {
			loop_timer_start(g->loop, &g->left_timer, 0, left_work, g);
			return;
		}
	directory_free(g->left);
	g->left = NULL;
}

/* left: the directory that it leaves behind. */
static void
batch_end(struct gate *g, struct directory *left)
{
	struct batch *b = g->batch;

	directory_free(g->left);                 /* what an earlier one left is long gone */
	g->left = left;
	loop_timer_start(g->loop, &g->left_timer, 0, left_work, g);
	g->batch = NULL;
	loop_timer_stop(&b->timer);
	free(b);
}

void
batch_forget(struct client *c)
{
	struct batch *b = c->gate->batch;

	if (b != NULL && !b->sent && b->client == c)
		batch_end(c->gate, trial_end(b->trial));
}

void
batch_close(struct gate *g)
{
	if (g->batch != NULL)
		batch_end(g, trial_end(g->batch->trial));
	loop_timer_stop(&g->left_timer);
	directory_free(g->left);
	g->left = NULL;
}

/* --- with the store --- */

static void
batch_done(struct gate *g, struct client *c, uint32_t req, bool ok, struct slice text)
{
	bool good = g->state == g->batch->state;     /* it is, unless the store has let a row go before */
	struct directory *copy = trial_end(g->batch->trial), *old = g->dir;
	char why[512];

	(void)slice_copy(text, why, sizeof(why));
	if (ok && good) {
		g->dir = copy;
		directory_succeed(g->dir, old);
		g->state++;
		again_directory(g, old);
	} else if (ok) {
		snprintf(why, sizeof(why), "kept by the store but not in memory: restart the bastion");
		log_error("bulk change: %s", why);
	}
	batch_end(g, g->dir == copy ? old : copy);
	if (c != NULL)
		(void)answer(c, req, 0, ok && good ? NULL : why);
}

static int
batch_send(struct gate *g, struct batch *b, struct err *e)
{
	struct msg_dir_apply out = { .actor = slice_from(b->client->actor) };
	int fd = trial_fd(b->trial), r = puts_wait(g, b->client, b->req, batch_done, &out.req);

	if (r != 0)
		return err_set(e, r, "too many changes wait for the store: try again");
	r = chan_send_fds(g->store, MSG_DIR_APPLY, &out, &fd, 1);
	if (r == 0)
		return 0;
	puts_forget(g, out.req);
	return err_set(e, r, "the store does not take it");
}

/* --- tried --- */

static int
check_state(const struct gate *g, uint64_t state, struct err *e)
{
	return state == g->state && puts_rows(g->puts) == 0 ? 0 : err_set(e, -ESTALE, "the directory has changed meanwhile: plan again");
}

static void
batch_work(void *arg)
{
	struct gate *g = arg;
	struct batch *b = g->batch;
	mono_t until = { clock_mono().us + SLICE_US };
	struct err e = { 0 };
	int r = check_state(g, b->state, &e);

	if (r == 0)
		r = trial_work(b->trial, until, &e);
	if (r > 0) {
		loop_timer_start(g->loop, &b->timer, 0, batch_work, g);
		return;
	}
	if (r == 0 && !trial_is_empty(b->trial)) {
		r = batch_send(g, b, &e);
		b->sent = r == 0;
	}
	if (b->sent)
		return;
	(void)answer(b->client, b->req, r != 0 ? trial_row(b->trial) : 0, r != 0 ? e.text : NULL);
	batch_end(g, trial_end(b->trial));
}

static struct batch *
batch_new(struct client *c, const struct msg_dir_apply *m, int *fd, struct err *e)
{
	struct batch *b = calloc(1, sizeof(*b));

	if (b == NULL) {
		(void)err_set(e, -ENOMEM, "the gate is out of memory");
		return NULL;
	}
	*b = (struct batch){ .trial = trial_new(c->gate->dir, fd, e), .client = c, .req = m->req, .state = m->state };
	if (b->trial != NULL)
		return b;
	free(b);
	return NULL;
}

int
batch_take(struct client *c, struct chan_in *in)
{
	const struct msg_dir_apply *m = in->message;
	struct gate *g = c->gate;
	struct err e = { 0 };

	if (g->batch != NULL)
		(void)err_set(&e, -EBUSY, "another change in bulk is on its way: try again");
	else if (!fd_is_sealed(in->fds[0]))
		(void)err_set(&e, -EINVAL, "that is no file that is sealed");
	else if (check_state(g, m->state, &e) == 0)
		g->batch = batch_new(c, m, &in->fds[0], &e);
	if (e.code != 0)
		return answer(c, m->req, 0, e.text);
	batch_work(g);
	return 0;
}
