/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* See store_peer.h.  Waits for messages, never for time. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/frame.h"
#include "tests/system/store_peer.h"

static void
peer_in(void *arg, struct chan *c, struct chan_in *in)
{
	struct peer *p = arg;
	const struct msg_dir_done *done = in->message;

	(void)c;
	p->ready += in->type == MSG_READY;
	p->dir_rows += in->type >= MSG_DIR_USER && in->type <= MSG_DIR_CODE;
	p->event_done += in->type == MSG_EVENT_DONE;
	if (in->type != MSG_DIR_DONE && in->type != MSG_DIR_END)
		return;
	p->dir_done++;
	if (in->type == MSG_DIR_DONE) {
		p->dir_ok = done->ok;
		p->dir_at = done->at;
		(void)slice_copy(done->text, p->text, sizeof(p->text));
	}
}

static void
child_run(const struct peer *p, int monitor, int gate, void (*before_exec)(void))
{
	char db[260], key[260];

	monitor = dup2(monitor, 50);
	gate = dup2(gate, 51);
	if (dup2(monitor, 3) != 3 || dup2(gate, 4) != 4)
		_exit(126);
	for (int fd = 5; fd < 60; fd++)
		(void)close(fd);
	snprintf(db, sizeof(db), "%s/db", p->dir);
	snprintf(key, sizeof(key), "%s/key", p->dir);
	if (before_exec != NULL)
		before_exec();
	if (p->user[0] != '\0')
		execl(p->program, "fortress-store", "--db", db, "--key", key, "--user", p->user, (char *)NULL);
	else
		execl(p->program, "fortress-store", "--db", db, "--key", key, (char *)NULL);
	_exit(127);
}

int
peer_start(struct peer *p, const char *dir, void (*before_exec)(void))
{
	const char *top = getenv("top_builddir");
	int m[2], g[2];

	memset(p, 0, sizeof(*p));
	if (getenv("STORE_USER") != NULL && geteuid() == 0)
		snprintf(p->user, sizeof(p->user), "%s", getenv("STORE_USER"));
	snprintf(p->dir, sizeof(p->dir), "%s", dir);
	snprintf(p->program, sizeof(p->program), "%s/fortress-store", top != NULL ? top : ".");
	if (fd_pair(m) != 0 || fd_pair(g) != 0 || (p->pid = fork()) < 0)
		return -1;
	if (p->pid == 0)
		child_run(p, m[1], g[1], before_exec);
	(void)close(m[1]);
	(void)close(g[1]);
	p->monitor = chan_new(NULL, m[0], LINK_MONITOR_OF_STORE, peer_in, p);
	p->gate = chan_new(NULL, g[0], LINK_GATE_OF_STORE, peer_in, p);
	return p->monitor != NULL && p->gate != NULL && chan_wait(p->monitor, PEER_WAIT_MS) == 0 && p->ready == 1 ? 0 : -1;
}

static int
peer_end(struct peer *p)
{
	int status = 0;

	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	chan_free(p->monitor);
	chan_free(p->gate);
	p->monitor = p->gate = NULL;
	return status;
}

int
peer_stop(struct peer *p)
{
	struct msg_stop stop = { .reason = slice_from("test") };

	(void)chan_send(p->monitor, MSG_STOP, &stop);
	return peer_end(p);
}

void
peer_kill(struct peer *p)
{
	(void)kill(p->pid, SIGKILL);
	(void)peer_end(p);
}

static void
front_in(void *arg, struct chan *c, struct chan_in *in)
{
	const struct msg_rec_opened *opened = in->message;
	const struct msg_rec_ack *ack = in->message;
	struct front *f = arg;

	(void)c;
	if (in->type == 0)
		f->over = true;
	if (in->type == MSG_REC_OPENED) {
		f->opened++;
		f->open_ok = opened->ok;
		(void)slice_copy(opened->text, f->text, sizeof(f->text));
	}
	if (in->type == MSG_REC_ACK) {
		f->acks++;
		f->acked[ack->rec % 16] = ack->pos;
	}
	f->closed += in->type == MSG_REC_CLOSED;
	f->event_done += in->type == MSG_EVENT_DONE;
}

int
front_start(struct peer *p, struct front *f, struct loop *loop)
{
	struct msg_client_new m = { .conn = 1, .kind = MSG_CLIENT_FRONT };
	int pair[2], r;

	memset(f, 0, sizeof(*f));
	if (fd_pair(pair) != 0)
		return -1;
	r = chan_send_fds(p->monitor, MSG_CLIENT_NEW, &m, &pair[1], 1);
	(void)close(pair[1]);
	f->chan = chan_new(loop, pair[0], LINK_FRONT_OF_STORE, front_in, f);
	return r == 0 && f->chan != NULL ? 0 : -1;
}

void
front_stop(struct front *f)
{
	chan_free(f->chan);
	f->chan = NULL;
}

int
front_open(struct front *f, uint32_t rec, const unsigned char id[16], const char *user)
{
	struct msg_rec_open m = { .rec = rec, .conn = 1, .id = slice_of(id, 16), .user = slice_from(user),
		.login = slice_from("root"), .host = slice_from("web1"), .channel = slice_from("shell"),
		.cols = 80, .rows = 24 };
	uint32_t before = f->opened;

	if (chan_send(f->chan, MSG_REC_OPEN, &m) != 0)
		return -1;
	while (f->opened == before)
		if (chan_wait(f->chan, PEER_WAIT_MS) != 0)
			return -1;
	return (int)f->open_ok;
}

int
front_data(struct front *f, uint32_t rec, uint64_t *pos, uint64_t t_ms, const void *p, size_t n)
{
	struct frame frame = { .kind = FRAME_OUT, .t_ms = t_ms, .data = slice_of(p, n) };
	struct msg_rec_data m = { .rec = rec, .pos = *pos };
	struct buf b;
	int r;

	buf_init(&b, 65536);
	r = frame_pack(&b, &frame);
	m.frames = buf_slice(&b);
	if (r == 0)
		r = chan_send(f->chan, MSG_REC_DATA, &m);
	if (r == 0)
		*pos += b.len;
	buf_done(&b);
	return r;
}

int
front_event(struct front *f, const char *text)
{
	struct msg_event m = { .req = 1, .class_uid = 4007, .activity = 1, .ok = 1, .actor = slice_from("alice"), .text = slice_from(text) };
	uint32_t before = f->event_done;
	int r = chan_send(f->chan, MSG_EVENT, &m);

	while (f->event_done == before && r == 0)
		r = chan_wait(f->chan, PEER_WAIT_MS);
	return r;
}

int
front_wait_ack(struct front *f, uint32_t rec, uint64_t pos, int timeout_ms)
{
	int r = 0;

	while (f->acked[rec % 16] < pos && r == 0)
		r = chan_wait(f->chan, timeout_ms);
	return r;
}

int
peer_apply(struct peer *p, struct slice rows)
{
	struct msg_dir_apply m = { .req = 8, .actor = slice_from("admin") };
	int fd = fd_seal("rows", rows), r;

	if (fd < 0)
		return fd;
	p->dir_done = 0;
	r = chan_send_fds(p->gate, MSG_DIR_APPLY, &m, &fd, 1);
	fd_close(&fd);
	return r;
}

int
peer_done(struct peer *p, int timeout_ms)
{
	int r = 0;

	while (p->dir_done == 0 && r == 0)
		r = chan_wait(p->gate, timeout_ms);
	return p->dir_done > 0 ? 0 : r;
}

int
front_close(struct front *f, uint32_t rec, uint64_t pos)
{
	struct msg_rec_close m = { .rec = rec, .pos = pos, .reason = slice_from("exit"), .exit = slice_from("0") };
	uint32_t before = f->closed;
	int r = chan_send(f->chan, MSG_REC_CLOSE, &m);

	while (f->closed == before && r == 0)
		r = chan_wait(f->chan, PEER_WAIT_MS);
	return r;
}
