/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress-store: the one process that writes the database: recordings, events, the
 * audit tree, the directory.  It trusts no length that it did not check, and says that
 * something is recorded only when it is on the disk.
 *
 * options → descriptors → key → sandbox → database → READY → loop → exit
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/flags.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "db/journal.h"
#include "db/keep.h"
#include "db/merkle.h"
#include "db/tree.h"
#include "store/store.h"

#define FD_MONITOR 3
#define FD_GATE    4

#define RETAIN_MAX_S  (UINT64_C(36525) * 86400)
#define LOCK_TRIES    1200                /* a minute: its disk may be slow */
#define LOCK_PAUSE_US 50000

struct options {
	const char *db, *key, *user, *outside, *syslog;
	uint64_t log_level, retain_s;
};

/* SQLite's files, the partitions, the checkpoint written by rename.  By measurement, over all that the tests do to it; readlink and
 * getcwd are for a state that is named by a link, or from where one stands, by somebody who is not root. */
static const int calls[] = {
	SCMP_SYS(openat), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd),
	SCMP_SYS(ftruncate), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(pwritev), SCMP_SYS(sync_file_range), SCMP_SYS(fadvise64),
	SCMP_SYS(fchmod), SCMP_SYS(fchown), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat), -1,
};

static const struct flag flags[] = {
	{ "db", FLAG_TEXT, offsetof(struct options, db), .needed = true },
	{ "key", FLAG_TEXT, offsetof(struct options, key), .needed = true },
	{ "user", FLAG_TEXT, offsetof(struct options, user) },
	{ "checkpoint-to", FLAG_TEXT, offsetof(struct options, outside) },
	{ "checkpoint-syslog", FLAG_TEXT, offsetof(struct options, syslog) },
	{ "retain", FLAG_NUMBER, offsetof(struct options, retain_s), .max = RETAIN_MAX_S },
	{ "log-level", FLAG_WORD, offsetof(struct options, log_level), .words = log_words },
};

/* Files of a time when it ran as somebody else.  Names are not followed. */
static void
files_give(int fd, const struct passwd *pw)
{
	int copy = dup(fd);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *f;
	struct stat s;

	while (d != NULL && (f = readdir(d)) != NULL)
		if (fstatat(fd, f->d_name, &s, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(s.st_mode) && s.st_nlink == 1 &&
		    fchownat(fd, f->d_name, pw->pw_uid, pw->pw_gid, AT_SYMLINK_NOFOLLOW) != 0)
			fatal("store: %s: %s", f->d_name, strerror(errno));
	if (d != NULL)
		closedir(d);
}

static void
dir_give(const char *dir, int fd, const struct options *o)
{
	const struct passwd *pw;

	if (o->user == NULL || geteuid() != 0)
		return;
	pw = getpwnam(o->user);
	if (pw == NULL)
		fatal("store: there is no account %s: create it, or run without root", o->user);
	if (fchown(fd, pw->pw_uid, pw->pw_gid) != 0)
		fatal("store: %s: %s", dir, strerror(errno));
	files_give(fd, pw);
}

/* A store that has lost its monitor finishes what it has first: it is waited for. */
static bool
dir_lock(int fd)
{
	for (int i = 0; i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
		if (i == 0)
			log_info("store: waits for another store that works here to end");
		(void)usleep(LOCK_PAUSE_US);
	}
	return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* The directory is ours alone: its lock is held until the process ends. */
static void
dir_prepare(const struct options *o)
{
	int fd;

	if (mkdir(o->db, 0700) != 0 && errno != EEXIST)
		fatal("store: %s: %s", o->db, strerror(errno));
	fd = open(o->db, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fatal("store: %s: %s", o->db, strerror(errno));
	if (!dir_lock(fd))
		fatal("store: %s: another store works here", o->db);
	dir_give(o->db, fd, o);
}

static void
store_prepare(struct store *st, const struct options *o)
{
	struct err e = { 0 };

	st->ops_last = &st->ops;
	buf_init(&st->journal, JOURNAL_MAX);
	buf_init(&st->packed, SEGMENT_MAX);
	buf_init(&st->note, NOTE_MAX);
	if (gethostname(st->node, sizeof(st->node) - 1) != 0 || st->node[0] == '\0')
		snprintf(st->node, sizeof(st->node), "bastion");
	clock_boot_id(st->boot);
	/* Before there is a key that it could hold. */
	if ((o->outside != NULL || o->syslog != NULL) && (st->outside = outside_start(o->outside, o->syslog, o->user, &e)) == NULL)
		fatal("store: %s", e.text);
	if (checkpoint_key(st, o->key, geteuid(), &e) != 0)
		fatal("store: %s", e.text);
	st->loop = loop_new();
	if (st->loop == NULL)
		fatal("store: event loop: %s", strerror(errno));
}

/* What libcrypto loads on first use must be loaded while there are files. */
static void
crypto_warm(struct store *st)
{
	unsigned char h[HASH_BYTES] = { 0 };

	merkle_leaf(slice_from(NULL), h);
	(void)note_sign(st->key, 0, h, &st->note);
	buf_clear(&st->note);
}

static bool
enter(const struct options *o, bool *root)
{
	const struct sandbox box = { .name = "store", .user = o->user, .calls = calls, .files_max = 65536 };
	bool as_root = geteuid() == 0 && o->user != NULL;
	const struct sandbox_path path = { as_root ? "/" : o->db, true };
	struct sandbox_state state = { 0 };
	struct err e = { 0 };

	if (sandbox_enter(&box, as_root ? o->db : NULL, &path, 1, &state, &e) != 0)
		fatal("%s", e.text);
	*root = state.root;
	return sandbox_holds(&state);
}

static int
checkpoint_last(void *arg, const struct db_checkpoint *c)
{
	((struct store *)arg)->signed_size = c->size;
	return 0;
}

/* The key is made with the first database: an empty one under an older key says that what was there is gone. */
static void
tell_begun_anew(struct store *st, const char *shown)
{
	log_warn("store: %s: begun anew: what was recorded before is not there: if nobody moved it away, compare with the "
	    "checkpoints that were kept outside", shown);
	store_event(st, 99, false, "", "the database was begun anew, under a checkpoint key that is older");
}

static void
database_open(struct store *st, const char *dir, const char *shown)
{
	struct err e = { 0 };
	int r;

	st->db = db_open_write(dir, shown, &e);
	if (st->db == NULL)
		fatal("store: %s", e.text);
	r = db_checkpoint_last(st->db, checkpoint_last, st, &e);
	if (r == -ENOENT && !st->key_is_new)
		tell_begun_anew(st, shown);
	if (r == 0 || r == -ENOENT)
		r = retain_start(st, &e);
	if (r == 0)
		r = recover(st, &e);
	if (r == 0)
		r = db_partition_sweep(st->db, &e);
	if (r == 0)
		r = bulk_resume(st, &e);
	if (r != 0)
		fatal("store: %s", e.text);
	store_event(st, 3, true, "", "the store started");
	do {                                      /* the gate loads a directory that is whole */
		if (commit_now(st) != 0)
			fatal("store: %s", st->why);
	} while (st->bulk != NULL);
}

static void
ignore(void *arg, int signo)
{
	(void)arg;
	(void)signo;
}

/* Ctrl-C goes to the whole foreground group: the monitor says when to stop. */
static void
signals(struct store *st)
{
	(void)loop_signal(st->loop, SIGINT, ignore, NULL);
	(void)loop_signal(st->loop, SIGTERM, ignore, NULL);
	(void)loop_signal(st->loop, SIGHUP, ignore, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
}

static int
finish(struct store *st)
{
	int r;

	st->stopping = true;
	for (struct client *c = st->clients; c != NULL; c = c->next)
		ingest_lost(c, "the bastion stopped");
	store_event(st, 4, true, "", "the store stopped");
	r = commit_now(st);
	for (struct client *c = st->clients; c != NULL; c = c->next) {
		chan_free(c->chan);
		c->chan = NULL;
	}
	bulk_free(st->bulk);
	commit_drop(st);
	st->sweep = true;
	clients_sweep(st);
	outside_finish(st->outside);
	db_close(st->db);
	note_key_free(st->key);
	segment_done();
	buf_done(&st->journal);
	buf_done(&st->packed);
	while (st->spares_n > 0)
		buf_done(&st->spares[--st->spares_n]);
	buf_done(&st->note);
	loop_free(st->loop);
	return r == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct options o = { .log_level = LOG_LEVEL_INFO };
	struct err e = { 0 };
	struct store st = { 0 };
	struct msg_ready ready;
	bool root = false;
	int r;

	sandbox_title_init(argc, argv);
	log_open("store", LOG_LEVEL_INFO, STDERR_FILENO);
	if (flags_read(flags, sizeof(flags) / sizeof(flags[0]), &o, argc, argv, &e) != 0)
		fatal("%s", e.text);
	log_set_level((enum log_level)o.log_level);
	umask(077);
	dir_prepare(&o);
	st.retain.keep_s = o.retain_s;
	store_prepare(&st, &o);
	crypto_warm(&st);
	signals(&st);
	ready.sandboxed = enter(&o, &root);
	database_open(&st, root ? "/" : o.db, o.db);
	st.monitor = client_new(&st, FD_MONITOR, LINK_STORE_OF_MONITOR, 0, slice_from(""));
	if (st.monitor == NULL || client_new(&st, FD_GATE, LINK_STORE_OF_GATE, 0, slice_from("")) == NULL)
		fatal("store: descriptors 3 and 4 must be the monitor's and the gate's channels");
	loop_set_turn(st.loop, commit_turn, &st);
	commit_tick(&st);
	sandbox_title("store");
	if (chan_send(st.monitor->chan, MSG_READY, &ready) != 0)
		fatal("store: the monitor is gone");
	r = loop_run(st.loop);
	return r == 0 ? finish(&st) : 1;
}
