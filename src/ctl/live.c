/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What is asked here the bastion does and puts on the record.  Looking needs one thing more: the gate's answer comes with a
 * way to the session, which fortress-replay gets with the record.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/live.h"
#include "ctl/replay.h"

static const struct out_column live_columns[] = {
	{ "id", OUT_STRING, 0, OUT_WHOLE }, { "user", OUT_STRING, 0 }, { "login", OUT_STRING, 0, 4 }, { "host", OUT_STRING, 0 },
	{ "channel", OUT_STRING, 0, 2 }, { "start", OUT_TIME, 0 }, { "idle", OUT_NUMBER, 0, 5 }, { "bytes", OUT_NUMBER, 0 },
	{ "watchers", OUT_NUMBER, 0, 2 }, { "held", OUT_STRING, 0 }, { "command", OUT_STRING, 0 }, { "source", OUT_STRING, 1 },
	{ NULL, 0, 0 },
};

/* ---- lists ---- */

static bool
list_take(void *arg, unsigned type, const void *message)
{
	struct ask_rows *l = arg;
	struct slice rows;
	struct msg_live_row r;

	if (type != MSG_LIVE_ROWS)
		return false;
	rows = ((const struct msg_live_rows *)message)->rows;
	for (; msg_live_row_take(&rows, &r) == 1; l->n++) {
		out_text(l->out, r.id);
		out_text(l->out, r.user);
		out_text(l->out, r.login);
		out_text(l->out, r.host);
		out_text(l->out, r.channel);
		out_time(l->out, (int64_t)r.start_us);
		out_number(l->out, (int64_t)(r.idle_ms / 1000));
		out_number(l->out, (int64_t)r.bytes);
		out_number(l->out, (int64_t)r.viewers);
		out_text(l->out, r.state);
		out_text(l->out, r.command);
		out_text(l->out, r.src);
	}
	return true;
}

int
live_ls(struct ctl *c)
{
	struct msg_live_ask m = { .req = 1 };

	return ask_print(c, live_columns, false, MSG_LIVE_ASK, &m, list_take, "no session runs");
}

/* ---- one ---- */

struct doing { struct ctl *c; bool ok; char id[64], done[64]; };

static bool
done_take(void *arg, unsigned type, const void *message)
{
	struct doing *d = arg;
	const struct msg_live_done *m = message;
	char text[1200];

	if (type != MSG_LIVE_DONE)
		return false;
	d->ok = m->ok == 1;
	(void)text_cleaned(m->text, text, sizeof(text));
	(void)text_cleaned(m->session, d->id, sizeof(d->id));
	(void)snprintf(d->done, sizeof(d->done), "%.60s", text);
	if (!d->ok)
		(void)err_set(&d->c->e, -EINVAL, "%s: %s", d->id, text);
	return true;
}

/* From here on it is the viewing program's process. */
static int
show(struct ctl *c, char *id, const char *how, int fd)
{
	char *const options[] = { (char *)(uintptr_t)how, (char *)(uintptr_t)"--live", (char *)(uintptr_t)"3", NULL };

	if ((fd != 3 && dup2(fd, 3) < 0) || fcntl(3, F_SETFD, 0) != 0)
		return ctl_fail(c, "it cannot be shown: %s", strerror(errno));
	return replay_exec(c, options, &id, 1);
}

static int
do_it(struct ctl *c, struct msg_live_do *m, const char *how)
{
	struct doing d = { .c = c };
	struct ask *a = ask_open(c);
	int r = a != NULL ? ask_wait(a, MSG_LIVE_DO, m, done_take, &d) : -EPIPE, fd = r == 0 && d.ok ? ask_take_fd(a) : -1;

	if (r == 0 && d.ok && how == NULL && c->format == OUT_TEXT)
		printf("%s: %s\n", d.done, d.id);
	if (r == 0 && d.ok && how != NULL && fd >= 0)
		return show(c, d.id, how, fd);
	ask_close(a);
	return r == 0 && d.ok ? CTL_OK : CTL_FAILED;
}

static int
live_run(struct ctl *c, int argc, char **argv, enum msg_live_op op)
{
	struct msg_live_do m = { .req = 1, .op = op };
	bool looks = op == MSG_LIVE_WATCH || op == MSG_LIVE_JOIN;
	const char *reason = "";

	if (ctl_valued(c, argc, argv, "reason", &reason, 1, op == MSG_LIVE_HAND ? 2 : 1) != CTL_OK)
		return CTL_USAGE;
	if (looks && (isatty(0) == 0 || isatty(1) == 0))
		return ctl_fail(c, "a session is looked at in a terminal: fortress session print ID shows the recording as text");
	m.session = slice_from(argv[optind]);
	m.reason = slice_from(reason);
	if (argc - optind > 1)
		m.to = slice_from(argv[optind + 1]);
	return do_it(c, &m, !looks ? NULL : op == MSG_LIVE_JOIN ? "--join" : "--watch");
}

int
live_watch(struct ctl *c, int argc, char **argv)
{
	return live_run(c, argc, argv, MSG_LIVE_WATCH);
}

int
live_join(struct ctl *c, int argc, char **argv)
{
	return live_run(c, argc, argv, MSG_LIVE_JOIN);
}

int
live_pause(struct ctl *c, int argc, char **argv)
{
	return live_run(c, argc, argv, MSG_LIVE_PAUSE);
}

int
live_resume(struct ctl *c, int argc, char **argv)
{
	return live_run(c, argc, argv, MSG_LIVE_RESUME);
}

int
live_lock(struct ctl *c, int argc, char **argv)
{
	return live_run(c, argc, argv, MSG_LIVE_LOCK);
}

int
live_unlock(struct ctl *c, int argc, char **argv)
{
	return live_run(c, argc, argv, MSG_LIVE_UNLOCK);
}

int
live_hand(struct ctl *c, int argc, char **argv)
{
	return live_run(c, argc, argv, MSG_LIVE_HAND);
}
