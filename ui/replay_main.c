/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress-replay: a recorded session on this terminal.  `fortress replay` starts it, after
 * it has put on the record that somebody reads.  It reads the database and writes nothing.
 *
 * options → database → terminal → sandbox → frames.  What it reads was written by strangers, so
 * before the first frame it has given up everything but reading below the database's directory
 * and drawing on this terminal: as root also its account, for that of the directory's owner.
 */
#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "db/db.h"
#include "db/frames.h"
#include "db/session.h"
#include "ui/replay.h"

/* SQLite and the segments' files; the terminal. */
static const int calls[] = {
	SCMP_SYS(openat), SCMP_SYS(access), SCMP_SYS(stat), SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(getcwd),
	SCMP_SYS(readlink), SCMP_SYS(ioctl), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(nanosleep), SCMP_SYS(lstat), -1
};

static int
enter_sandbox(void *arg)
{
	const char *dir = arg;
	const struct sandbox_path path = { .path = dir };
	struct sandbox box = { .name = "replay", .calls = calls, .memory_max = (size_t)1 << 30 };
	struct sandbox_state state;
	const struct passwd *owner;
	struct err e = { 0 };
	struct stat st;

	if (geteuid() == 0 && stat(dir, &st) == 0 && st.st_uid != 0 && (owner = getpwuid(st.st_uid)) != NULL)
		box.user = owner->pw_name;
	if (sandbox_enter(&box, NULL, &path, 1, &state, &e) == 0)
		return 0;
	(void)fprintf(stderr, "fortress replay: %s\n", e.text);
	return -EPERM;
}

struct session {
	char user[128], login[128], host[128], state[16];
	wall_t start;
	unsigned cols, rows;
};

static int
on_session(void *arg, const struct db_session *s)
{
	struct session *out = arg;

	(void)text_escaped(slice_from(s->user), out->user, sizeof(out->user));
	(void)text_escaped(slice_from(s->login), out->login, sizeof(out->login));
	(void)text_escaped(slice_from(s->host), out->host, sizeof(out->host));
	(void)snprintf(out->state, sizeof(out->state), "%s", s->state);
	out->start.us = s->start_us;
	out->cols = s->cols;
	out->rows = s->rows;
	return 0;
}

static int
source_next(void *arg, struct frame *f, uint64_t *pos)
{
	return db_frames_next(arg, f, pos, NULL);
}

static void
source_seek(void *arg, uint64_t pos)
{
	db_frames_seek(arg, pos);
}

/* In words, to whom asked for it; 2: it was not understood, 1: it cannot be done. */
_Noreturn static void __attribute__((format(printf, 2, 3)))
fail(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fputs("fortress replay: ", stderr);
	(void)vfprintf(stderr, fmt, ap);
	(void)fputs("\n", stderr);
	va_end(ap);
	exit(status);
}

/* "90", "1:30", "1:00:00" in seconds, minutes, hours. */
static uint64_t
time_parse(const char *text)
{
	uint64_t sum = 0, part;

	for (const char *at = text;; at++) {
		size_t n = strcspn(at, ":");

		if (!text_u64(slice_of(at, n), 1000000, &part))
			fail(2, "--at %s: write seconds, M:SS or H:MM:SS", text);
		sum = sum * 60 + part;
		at += n;
		if (*at == '\0')
			return sum * 1000;
	}
}

static double
number_parse(const char *option, const char *text, double least, double most)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end != '\0' || !(v >= least && v <= most))
		fail(2, "%s %s: write a number from %g to %g", option, text, least, most);
	return v;
}

enum { OPT_DB = 256, OPT_SPEED, OPT_IDLE, OPT_AT, OPT_TEXT };

static const struct option longs[] = {
	{ "db", required_argument, NULL, OPT_DB },     { "speed", required_argument, NULL, OPT_SPEED },
	{ "idle", required_argument, NULL, OPT_IDLE }, { "at", required_argument, NULL, OPT_AT },
	{ "text", no_argument, NULL, OPT_TEXT },       { NULL, 0, NULL, 0 },
};

static int
play(const char *dir, const char *id_text, struct replay_options *o, bool text, bool at)
{
	struct session s = { .state = "" };
	struct replay_info info = { .id = id_text, .user = s.user, .login = s.login, .host = s.host, .state = s.state };
	struct replay_source src = { .next = source_next, .seek = source_seek };
	unsigned char id[ID_BYTES];
	struct err e = { 0 };
	struct db *db = db_open_read(dir, &e);
	struct db_frames *it;
	uint64_t bytes;
	int r;

	if (db == NULL)
		fail(1, "%s", e.text);
	if (!id_parse(slice_from(id_text), id) || db_session_find(db, id, on_session, &s, &e) != 0)
		fail(1, "there is no session %s", id_text);
	it = db_frames_open(db, id, &e);
	if (it == NULL || db_frames_length(it, &src.length_ms, &bytes, &e) != 0)
		fail(1, "%s", e.text);
	db_frames_seek(it, 0);
	src.arg = it;
	src.cols = s.cols;
	src.rows = s.rows;
	info.start = s.start;
	o->enter = enter_sandbox;
	o->enter_arg = (void *)(uintptr_t)dir;
	if (text)
		r = enter_sandbox(o->enter_arg) == 0 ? replay_text(&src, at ? o->at_ms : UINT64_MAX / 2) : -EPERM;
	else
		r = replay_run(&src, &info, o);
	db_frames_close(it);
	db_close(db);
	if (r == -ENOTTY)
		fail(1, "this terminal cannot be drawn on: fortress replay --text %s shows the last screen", id_text);
	return r == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct replay_options o = { .speed = 1, .idle_ms = 2000 };
	const char *dir = NULL;
	bool text = false, at = false;
	int c;

	log_open("replay", LOG_LEVEL_INFO, 2);
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", longs, NULL)) != -1)
		switch (c) {
		case OPT_DB:    dir = optarg; break;
		case OPT_SPEED: o.speed = number_parse("--speed", optarg, 0.25, 16); break;
		case OPT_IDLE:  o.idle_ms = (uint64_t)(number_parse("--idle", optarg, 0, 86400) * 1000); break;
		case OPT_AT:    o.at_ms = time_parse(optarg); at = true; break;
		case OPT_TEXT:  text = true; break;
		case ':':       fail(2, "%s: it needs a value", argv[optind - 1]);
		default:        fail(2, "%s: no such option: there are --speed N, --idle SECONDS, --at TIME and --text", argv[optind - 1]);
		}
	if (dir == NULL || optind + 1 != argc)
		fail(2, "write fortress replay [--speed N] [--idle SECONDS] [--at TIME] [--text] ID");
	return play(dir, argv[optind], &o, text, at);
}
