/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress hold, retention, backup, restore.  Holds and erasing are the store's; a backup is copied by us while it goes on writing,
 * and a restore never writes over anything.  Each is on the record, unless no bastion runs here and --offline says that is meant.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/audit.h"
#include "ctl/session.h"
#include "db/backup.h"
#include "db/keep.h"
#include "db/session.h"
#include "db/verify.h"
#include "msg/msg.h"

enum { FILE_MAX_BYTES = 4 << 20, FILES_MAX = 1000 };

/* --- asking the store --- */

struct asked { struct ctl *c; bool ok, more; };

static bool
asked_done(void *arg, unsigned type, const void *message)
{
	struct asked *a = arg;
	const struct msg_dir_done *m = message;

	if (type != MSG_DIR_DONE)
		return false;
	a->ok = m->ok != 0;
	a->more = a->ok && slice_is(m->text, "more");
	if (!a->ok)
		(void)err_set(&a->c->e, -EINVAL, "%.*s", (int)m->text.n, (const char *)m->text.p);
	return true;
}

static int
upkeep_ask(struct ctl *c, const struct msg_upkeep *m)
{
	struct asked a = { .c = c, .more = true };
	struct ask *l = ask_open(c);
	int r = l != NULL ? 0 : -EPIPE;

	while (r == 0 && a.more)
		r = ask_wait(l, MSG_UPKEEP, m, asked_done, &a);
	ask_close(l);
	return r == 0 && a.ok ? 0 : r != 0 ? r : -EINVAL;
}

/* A list of the database, all of it. */
static int
table_show(struct ctl *c, int argc, char **argv, const struct out_column *columns, int (*show)(struct db *db, struct out *o, struct err *e))
{
	struct db *db;
	struct out *o;
	int r;

	if (ctl_plain(c, argc, argv, 0, 0) != CTL_OK)
		return CTL_USAGE;
	if ((db = ctl_db(c)) == NULL)
		return CTL_FAILED;
	o = ctl_out(c, columns, false);
	r = show(db, o, &c->e);
	db_close(db);
	return out_end(o) == 0 && r == 0 ? CTL_OK : CTL_FAILED;
}

/* --- holds --- */

static const struct out_column hold_columns[] = {
	{ "session", OUT_STRING, 0, OUT_WHOLE }, { "user", OUT_STRING, 0 }, { "host", OUT_STRING, 0 }, { "since", OUT_TIME, 0 },
	{ "by", OUT_STRING, 0 }, { "reason", OUT_STRING, 0 }, { NULL, 0, 0 },
};

static int
hold_show(void *arg, const struct db_hold *h)
{
	struct out *o = arg;

	out_cstr(o, h->session);
	out_cstr(o, h->user);
	out_cstr(o, h->host);
	out_time(o, h->since_us);
	out_cstr(o, h->actor);
	out_cstr(o, h->reason);
	return 0;
}

static int
holds_show(struct db *db, struct out *o, struct err *e)
{
	return db_hold_list(db, hold_show, o, e);
}

static int
hold_ls(struct ctl *c, int argc, char **argv)
{
	return table_show(c, argc, argv, hold_columns, holds_show);
}

static int
hold_change(struct ctl *c, unsigned op, const char *session, const char *reason)
{
	struct msg_upkeep m = { .req = 1, .op = op, .text = slice_from(reason) };
	struct db *db = ctl_db(c);
	unsigned char id[ID_BYTES];
	char whole[ID_TEXT] = "";
	int r = db != NULL ? session_find(c, db, session, id, whole) : -ENOENT;

	db_close(db);
	if (r != 0)
		return CTL_FAILED;
	m.session = slice_from(whole);
	return upkeep_ask(c, &m) == 0 ? CTL_OK : CTL_FAILED;
}

static int
hold_add(struct ctl *c, int argc, char **argv)
{
	const char *reason = "";

	if (ctl_valued(c, argc, argv, "reason", &reason, 1, 1) != CTL_OK)
		return CTL_USAGE;
	if (reason[0] == '\0')
		return ctl_usage(c, "--reason is missing: who asked for it, which case");
	return hold_change(c, MSG_UPKEEP_HOLD, argv[optind], reason);
}

static int
hold_del(struct ctl *c, int argc, char **argv)
{
	return ctl_plain(c, argc, argv, 1, 1) != CTL_OK ? CTL_USAGE : hold_change(c, MSG_UPKEEP_RELEASE, argv[optind], "");
}

/* --- retention --- */

static const struct out_column partition_columns[] = {
	{ "month", OUT_STRING, 0, OUT_WHOLE }, { "sessions", OUT_NUMBER, 0 }, { "held", OUT_NUMBER, 0 }, { "segments", OUT_NUMBER, 0 },
	{ "bytes", OUT_NUMBER, 0 }, { "erased", OUT_TIME, 0 }, { NULL, 0, 0 },
};

static int
partition_show(void *arg, const struct db_partition *p)
{
	struct out *o = arg;
	char month[8];

	snprintf(month, sizeof(month), "%.7s", strlen(p->file) > 4 ? p->file + 4 : p->file);
	out_cstr(o, month);
	out_number(o, p->sessions);
	out_number(o, p->held);
	out_number(o, p->segments);
	out_number(o, p->bytes);
	out_time(o, p->erased_us);
	return 0;
}

static int
partitions_show(struct db *db, struct out *o, struct err *e)
{
	return db_partition_list(db, partition_show, o, e);
}

static int
retention_ls(struct ctl *c, int argc, char **argv)
{
	return table_show(c, argc, argv, partition_columns, partitions_show);
}

struct months { const char *before; char list[FILES_MAX][8]; unsigned n; };

static int
month_keep(void *arg, const struct db_partition *p)
{
	struct months *m = arg;
	const char *month = strlen(p->file) > 4 ? p->file + 4 : "";

	if (p->erased_us == 0 && strncmp(month, m->before, 7) < 0 && m->n < FILES_MAX)
		snprintf(m->list[m->n++], sizeof(m->list[0]), "%.7s", month);
	return 0;
}

static int
months_erase(struct ctl *c, struct months *m)
{
	int r = 0;

	for (unsigned i = 0; i < m->n && r == 0; i++) {
		const struct msg_upkeep ask = { .req = 1, .op = MSG_UPKEEP_ERASE, .file = slice_from(m->list[i]) };

		r = upkeep_ask(c, &ask);
		if (r == 0)
			printf("%s: erased\n", m->list[i]);
	}
	if (r == 0 && m->n == 0)
		ctl_note(c, "no recordings are older than %s", m->before);
	return r == 0 ? CTL_OK : CTL_FAILED;
}

static int
retention_erase(struct ctl *c, int argc, char **argv)
{
	static const struct option longs[] = { { "before", required_argument, NULL, 'b' }, { NULL, 0, NULL, 0 } };
	struct months *m = calloc(1, sizeof(*m));
	char file[24];
	struct db *db;
	int o, r = CTL_OK;

	if (m == NULL)
		return ctl_fail(c, "out of memory");
	optind = 0;
	while (r == CTL_OK && (o = ctl_option(c, argc, argv, ":", longs)) != -1)
		r = o == 'b' ? (m->before = optarg, CTL_OK) : CTL_USAGE;
	if (r == CTL_OK)
		r = ctl_words(c, argc, argv, 0, 0);
	if (r == CTL_OK && m->before == NULL)
		r = ctl_usage(c, "--before YYYY-MM is missing");
	if (r == CTL_OK && !db_partition_name(m->before, file))
		r = ctl_bad(c, "--before %s: write a month as 2026-01", m->before);
	if (r == CTL_OK) {
		db = ctl_db(c);
		r = db != NULL && db_partition_list(db, month_keep, m, &c->e) == 0 ? CTL_OK : CTL_FAILED;
		db_close(db);
	}
	if (r == CTL_OK)
		r = months_erase(c, m);
	free(m);
	return r;
}

/* --- backup --- */

static int
dir_make(const char *base, const char *name, char *path, size_t size, struct err *e)
{
	snprintf(path, size, "%s%s%s", base, name[0] != '\0' ? "/" : "", name);
	return mkdir(path, 0700) == 0 ? 0 : err_set(e, -errno, "%s: %s", path, errno == EEXIST ? "is there already" : strerror(errno));
}

/* Files of one directory that match, as they are.  An absent directory holds none. */
static int
files_copy(const char *from, const char *to, const char *sub, const char *pattern, mode_t mode, struct err *e)
{
	char path[4096], name[256];
	int fd, r = 1;

	snprintf(path, sizeof(path), "%s/%s", from, sub);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_set(e, -errno, "%s: %s", path, strerror(errno));
	for (unsigned i = 0; r == 1; i++) {
		struct buf text;

		name[0] = '\0';
		buf_init(&text, FILE_MAX_BYTES + 65536);
		r = fd_read_match(fd, pattern, i, FILE_MAX_BYTES, &text, name, sizeof(name));
		if (r == 1 && i == FILES_MAX) {
			r = err_set(e, -E2BIG, "%s/%s: more than %d files", from, sub, FILES_MAX);
		} else if (r == 1) {
			snprintf(path, sizeof(path), "%s/%s%s%s", to, sub, sub[0] != '\0' ? "/" : "", name);
			r = fd_write_file(path, text.p, text.len, mode, e) == 0 ? 1 : -EIO;
		} else if (r < 0) {
			(void)err_set(e, r, "%s/%s%s%s: %s", from, sub, sub[0] != '\0' ? "/" : "", name, strerror(-r));
		}
		if (text.p != NULL)
			explicit_bzero(text.p, text.cap);
		buf_done(&text);
	}
	close(fd);
	return r < 0 ? r : 0;
}

/* What a bastion needs beside its record.  keys: the private ones too. */
static int
settings_copy(const char *from, const char *to, bool keys, struct err *e)
{
	char path[4096];
	int r = files_copy(from, to, "", "*.conf", 0600, e);

	if (r == 0)
		r = dir_make(to, "keys", path, sizeof(path), e);
	if (r == 0)
		r = files_copy(from, to, "keys", keys ? "*" : "*.pub", 0600, e);
	snprintf(path, sizeof(path), "%s/policy.d", from);
	if (r == 0 && access(path, F_OK) == 0 && (r = dir_make(to, "policy.d", path, sizeof(path), e)) == 0)
		r = files_copy(from, to, "policy.d", "*", 0600, e);
	return r;
}

/* Of our own making: files, and one level of directories. */
static void
tree_remove(const char *dir)
{
	static const char *const subs[] = { "db", "keys", "policy.d", "" };
	const struct dirent *f;
	char path[4200];
	DIR *d;

	for (size_t i = 0; i < sizeof(subs) / sizeof(subs[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, subs[i]);
		d = opendir(path);
		while (d != NULL && (f = readdir(d)) != NULL)
			(void)unlinkat(dirfd(d), f->d_name, 0);
		if (d != NULL)
			closedir(d);
		(void)rmdir(path);
	}
}

static int
backup_make(struct ctl *c, struct db *db, const char *to, bool keys, uint64_t *bytes)
{
	char path[4096];
	int r = dir_make(to, "", path, sizeof(path), &c->e);

	if (r != 0)
		return r;
	r = settings_copy(c->state, to, keys, &c->e);
	if (r == 0)
		r = dir_make(to, "db", path, sizeof(path), &c->e);
	if (r == 0)
		r = db_backup(db, path, bytes, &c->e);
	if (r != 0)
		tree_remove(to);
	return r;
}

static const struct out_column backup_columns[] = { { "path", OUT_STRING, 0 }, { "bytes", OUT_NUMBER, 0 }, { NULL, 0, 0 } };

/* The failure is told too, and stays what the command says. */
static int
upkeep_tell(struct ctl *c, unsigned op, const char *place, int r)
{
	struct err why = c->e;
	const struct msg_upkeep m = { .req = 1, .op = op, .ok = r == 0, .file = slice_from(place), .text = slice_from(r == 0 ? "" : why.text) };
	int told = upkeep_ask(c, &m);

	if (r != 0)
		c->e = why;
	return r != 0 ? r : told;
}

static int
backup(struct ctl *c, int argc, char **argv)
{
	static const struct option longs[] = { { "output", required_argument, NULL, 'o' }, { "keys", no_argument, NULL, 'k' },
		{ "offline", no_argument, NULL, 'O' }, { NULL, 0, NULL, 0 } };
	const char *to = NULL;
	bool keys = false, offline = false;
	uint64_t bytes = 0;
	struct db *db;
	struct out *out;
	int o, r;

	optind = 0;
	while ((o = ctl_option(c, argc, argv, ":o:", longs)) != -1)
		switch (o) {
		case 'o': to = optarg; break;
		case 'k': keys = true; break;
		case 'O': offline = true; break;
		default:  return CTL_USAGE;
		}
	if (ctl_words(c, argc, argv, 0, 0) != CTL_OK)
		return CTL_USAGE;
	if (to == NULL)
		return ctl_usage(c, "-o DIRECTORY is missing");
	if ((db = ctl_db(c)) == NULL)
		return CTL_FAILED;
	r = backup_make(c, db, to, keys, &bytes);
	db_close(db);
	if (!offline)
		r = upkeep_tell(c, MSG_UPKEEP_BACKUP, to, r);
	if (r != 0)
		return CTL_FAILED;
	if (!keys)
		ctl_note(c, "private keys are not in it: they are copied with --keys, or by other means");
	out = ctl_out(c, backup_columns, true);
	out_cstr(out, to);
	out_number(out, (int64_t)bytes);
	return out_end(out) == 0 ? CTL_OK : CTL_FAILED;
}

/* --- restore --- */

/* Does what is there hold?  By the key that lies with it, which a bastion's own may be compared with. */
static int
restored_check(struct ctl *c, const char *dir, struct db_verify *ret)
{
	struct note_key *key;
	char path[4200];
	struct db *db;
	int r;

	snprintf(path, sizeof(path), "%s/keys/checkpoint_ed25519.pub", dir);
	key = audit_key_load(path, &c->e);
	r = key != NULL ? 0 : c->e.code == -EINVAL ? -EBADMSG : c->e.code;
	snprintf(path, sizeof(path), "%s/db", dir);
	db = r == 0 ? db_open_read(path, &c->e) : NULL;
	if (r == 0)
		r = db != NULL ? db_integrity_check(db, &c->e) : -EIO;
	if (r == 0)
		r = db_verify(db, key, slice_from(""), ret, &c->e);
	db_close(db);
	note_key_free(key);
	return r;
}

static int
restore_copy(struct ctl *c, const char *from, const char *to)
{
	char path[4200];
	uint64_t bytes;
	struct db *db;
	int r = settings_copy(from, to, true, &c->e);

	if (r == 0)
		r = dir_make(to, "db", path, sizeof(path), &c->e);
	if (r != 0)
		return r;
	snprintf(path, sizeof(path), "%s/db", from);
	db = db_open_read(path, &c->e);
	snprintf(path, sizeof(path), "%s/db", to);
	r = db != NULL ? db_backup(db, path, &bytes, &c->e) : -ENOENT;
	db_close(db);
	return r;
}

static const struct out_column restore_columns[] = {
	{ "verified", OUT_BOOL, 0 }, { "leaves", OUT_NUMBER, 0 }, { "signed", OUT_NUMBER, 0 }, { "events", OUT_NUMBER, 0 },
	{ "sessions", OUT_NUMBER, 0 }, { "bytes", OUT_NUMBER, 0 }, { NULL, 0, 0 },
};

static int
restore_summary(struct ctl *c, const struct db_verify *v)
{
	struct out *o = ctl_out(c, restore_columns, true);

	out_bool(o, true);
	out_number(o, (int64_t)v->leaves);
	out_number(o, (int64_t)v->signed_size);
	out_number(o, (int64_t)v->events);
	out_number(o, (int64_t)v->sessions);
	out_number(o, (int64_t)v->bytes);
	return out_end(o) == 0 ? CTL_OK : CTL_FAILED;
}

/* A backup that nobody has put back is a hope: this puts it back beside, looks, and takes it away again. */
static int
restore_test(struct ctl *c, const char *from, struct db_verify *v)
{
	const char *tmp = getenv("TMPDIR");
	char dir[2048];
	int r;

	snprintf(dir, sizeof(dir), "%s/fortress-restore-XXXXXX", tmp != NULL && tmp[0] == '/' ? tmp : "/var/tmp");
	if (mkdtemp(dir) == NULL)
		return err_set(&c->e, -errno, "%s: %s", dir, strerror(errno));
	r = restore_copy(c, from, dir);
	if (r == 0)
		r = restored_check(c, dir, v);
	tree_remove(dir);
	return r;
}

static int
restore_to(struct ctl *c, const char *from, const char *to, struct db_verify *v)
{
	char path[4096];
	int r = dir_make(to, "", path, sizeof(path), &c->e);

	if (r == 0 && (r = restore_copy(c, from, to)) != 0)
		tree_remove(to);
	return r == 0 ? restored_check(c, to, v) : r;
}

static int
restore(struct ctl *c, int argc, char **argv)
{
	static const struct option longs[] = { { "to", required_argument, NULL, 't' }, { "verify", no_argument, NULL, 'v' },
		{ "offline", no_argument, NULL, 'O' }, { NULL, 0, NULL, 0 } };
	struct db_verify v = { 0 };
	const char *to = NULL;
	bool test = false, offline = false;
	int o, r;

	optind = 0;
	while ((o = ctl_option(c, argc, argv, ":", longs)) != -1)
		switch (o) {
		case 't': to = optarg; break;
		case 'v': test = true; break;
		case 'O': offline = true; break;
		default:  return CTL_USAGE;
		}
	if (ctl_words(c, argc, argv, 1, 1) != CTL_OK)
		return CTL_USAGE;
	if ((to == NULL) == !test)
		return ctl_usage(c, "--to DIRECTORY puts it back there, --verify tests that it can be: one of them");
	r = to != NULL ? restore_to(c, argv[optind], to, &v) : restore_test(c, argv[optind], &v);
	if (test && !offline) {
		int told = upkeep_tell(c, MSG_UPKEEP_RESTORE, argv[optind], r);

		r = r != 0 ? r : told;
	}
	return r == 0 ? restore_summary(c, &v) : r == -EBADMSG || r == -EKEYREJECTED ? CTL_BROKEN : CTL_FAILED;
}

const struct command commands_upkeep[] = {
	{ "hold", "add", "SESSION --reason TEXT", "keep the recording of a session, however old it gets", hold_add },
	{ "hold", "del", "SESSION", "let go of it", hold_del },
	{ "hold", "ls", "", "list what is held", hold_ls },
	{ "retention", "ls", "", "list recordings by month", retention_ls },
	{ "retention", "erase", "--before YYYY-MM", "erase the recordings of months that are over; their rows and proofs stay", retention_erase },
	{ "backup", NULL, "-o DIRECTORY [--keys] [--offline]", "copy record and settings while the bastion goes on", backup },
	{ "restore", NULL, "BACKUP --to DIRECTORY | BACKUP --verify [--offline]", "put a backup back, or test that it can be", restore },
	{ NULL, NULL, NULL, NULL, NULL },
};
