/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress-index: brings the index of texts up to what the database holds, then ends.  `fortress audit grep` and `fortress
 * replay` start it; for a replay, of its recording alone, and until standard input is closed.
 *
 * options → directory → database → renderer → sandbox → update.  As root it becomes the owner of the database's directory; it reads
 * that, writes the index's, and hands what hosts wrote to a renderer of its own, which can do neither.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/flags.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "index/update.h"

struct options { const char *db, *index, *renderer, *session; };

static const struct flag flags[] = {
	{ "db", FLAG_TEXT, offsetof(struct options, db), .needed = true },
	{ "index", FLAG_TEXT, offsetof(struct options, index), .needed = true },
	{ "renderer", FLAG_TEXT, offsetof(struct options, renderer), .needed = true },
	{ "session", FLAG_TEXT, offsetof(struct options, session) },
};

/* SQLite's files.  By measurement; fallocate is for an SQLite that is built with it, and by which name the C library stats, reads links
 * and unlinks differs by machine. */
static const int calls[] = {
	SCMP_SYS(openat), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
	SCMP_SYS(getcwd), SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(fchmod), SCMP_SYS(fchown),
	SCMP_SYS(unlink), SCMP_SYS(unlinkat), -1,
};

/* give: to the database's owner.  One at a time: the others wait, for what they wait for is being done.  Of one recording: then
 * nobody needs to. */
static void
dir_prepare(const struct options *o, bool give)
{
	struct stat st;
	int fd;

	if (stat(o->db, &st) != 0)
		fatal("%s: %s", o->db, strerror(errno));
	if (mkdir(o->index, 0700) != 0 && errno != EEXIST)
		fatal("%s: %s", o->index, strerror(errno));
	fd = open(o->index, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || (give && fchown(fd, st.st_uid, st.st_gid) != 0))
		fatal("%s: %s", o->index, strerror(errno));
	if (flock(fd, LOCK_EX | (o->session != NULL ? LOCK_NB : 0)) == 0)
		return;                                  /* held until the end */
	if (o->session != NULL && errno == EWOULDBLOCK)
		exit(0);
	fatal("%s: %s", o->index, strerror(errno));
}

static void
enter_sandbox(const struct options *o, const char *user)
{
	static const unsigned ioctls[] = { TCGETS, 0 };          /* stdio asks whether its output is a terminal */
	const struct sandbox_path paths[] = { { .path = o->db }, { .path = o->index, .writable = true } };
	struct sandbox box = { .name = "index", .user = user, .calls = calls, .ioctls = ioctls, .memory_max = (size_t)2 << 30 };
	struct sandbox_state state;
	struct err e = { 0 };

	if (sandbox_enter(&box, NULL, paths, 2, &state, &e) != 0)
		fatal("%s", e.text);
}

static int
run(const struct options *o, struct db *db, struct renderer *renderer, const unsigned char *session)
{
	struct update_counts n = { 0 };
	struct err e = { 0 };
	struct index *x = index_open(o->index, true, &e);
	int r = x != NULL ? update_run(db, x, renderer, session, &n, &e) : -EIO;

	index_close(x);
	db_close(db);
	renderer_stop(renderer);
	if (r != 0)
		fatal("%s", e.text);
	printf("%" PRIu64 " recordings, %" PRIu64 " lines, %" PRIu64 " events", n.sessions, n.lines, n.events);
	if (n.slow > 0)
		printf("; %" PRIu64 " too slow to render to their end, read without a screen", n.slow);
	if (n.unread > 0)
		printf("; %" PRIu64 " could not be read to their end", n.unread);
	puts("");
	return fflush(stdout) == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct options o = { 0 };
	unsigned char session[ID_BYTES];
	struct renderer *renderer;
	struct err e = { 0 };
	const char *user;
	struct db *db;

	log_open("index", LOG_LEVEL_INFO, 2);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)umask(077);
	if (flags_read(flags, sizeof(flags) / sizeof(flags[0]), &o, argc, argv, &e) != 0)
		fatal("%s", e.text);
	if (o.session != NULL && !id_parse(slice_from(o.session), session))
		fatal("--session: not an id");
	user = sandbox_owner(o.db);
	dir_prepare(&o, user != NULL);
	/* Without a store that runs, its first reader makes the file that readers share. */
	db = db_open_read(o.db, &e);
	renderer = db != NULL ? renderer_start(o.renderer, user, &e) : NULL;
	if (renderer == NULL)
		fatal("%s", e.text);
	enter_sandbox(&o, user);
	return run(&o, db, renderer, o.session != NULL ? session : NULL);
}
