/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress backup, restore.  A backup is copied by us while the store goes on writing, and a restore never writes over anything.
 * Each is on the record, unless no bastion runs here and --offline says that is meant.
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
#include "db/backup.h"
#include "db/verify.h"
#include "msg/msg.h"

enum { FILE_MAX_BYTES = 4 << 20, FILES_MAX = 1000 };

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

/* The failure is told too, and stays what the command says.  r, or CTL_FAILED if that was good and telling it was not. */
static int
upkeep_tell(struct ctl *c, unsigned op, const char *place, int r)
{
	struct err why = c->e;
	const struct msg_upkeep m = { .req = 1, .op = op, .ok = r == 0, .file = slice_from(place), .text = slice_from(r == 0 ? "" : why.text) };
	int told = ask_put(c, MSG_UPKEEP, &m);

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
	if (test && !offline)
		r = upkeep_tell(c, MSG_UPKEEP_RESTORE, argv[optind], r);
	return r == 0 ? restore_summary(c, &v) : r == -EBADMSG || r == -EKEYREJECTED ? CTL_BROKEN : CTL_FAILED;
}

const struct command commands_upkeep[] = {
	{ "backup", NULL, "-o DIRECTORY [--keys] [--offline]", "copy record and settings while the bastion goes on", backup },
	{ "restore", NULL, "BACKUP --to DIRECTORY | BACKUP --verify [--offline]", "put a backup back, or test that it can be", restore },
	{ NULL, NULL, NULL, NULL, NULL },
};
