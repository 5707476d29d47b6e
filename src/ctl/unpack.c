/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A directory is read by name, links not followed; zip and tar files by libarchive, which is told of no other format. */
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "ctl/pack.h"
#include "ctl/unpack.h"

enum { BLOCK = 1 << 18 };

struct unpack {
	char path[3000];
	bool dir;
	unsigned char block[BLOCK];
};

struct unpack *
unpack_open(const char *path, struct err *e)
{
	struct unpack *u = calloc(1, sizeof(*u));
	struct stat st;

	if (u == NULL || strlen(path) >= sizeof(u->path)) {
		(void)err_set(e, -ENAMETOOLONG, "%s: not a good path", path);
		free(u);
		return NULL;
	}
	snprintf(u->path, sizeof(u->path), "%s", path);
	if (stat(path, &st) != 0 || access(path, R_OK) != 0) {
		(void)err_set(e, -errno, "%s: %s", path, strerror(errno));
		free(u);
		return NULL;
	}
	u->dir = S_ISDIR(st.st_mode);
	return u;
}

void
unpack_close(struct unpack *u)
{
	free(u);
}

/* --- a directory --- */

static int
file_walk(struct unpack *u, const char *name, const struct unpack_visit *v, struct err *e)
{
	char path[3400];
	ssize_t n = 1;
	int fd, r;

	r = v->begin(v->arg, name);
	if (r != 1)
		return r;
	snprintf(path, sizeof(path), "%s/%s", u->path, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	for (r = 0; r == 0 && n > 0;) {
		n = fd_read_full(fd, u->block, sizeof(u->block));
		r = n > 0 ? v->bytes(v->arg, slice_of(u->block, (size_t)n)) : n < 0 ? err_set(e, (int)n, "%s: %s", path, strerror((int)-n)) : 0;
	}
	close(fd);
	return r == 0 ? v->end(v->arg) : r;
}

static int
dir_walk(struct unpack *u, const char *prefix, const struct unpack_visit *v, struct err *e)
{
	char path[3400], name[400];
	const struct dirent *f;
	struct stat st;
	DIR *d;
	int r = 0;

	snprintf(path, sizeof(path), "%s/%s", u->path, prefix);
	d = opendir(path);
	if (d == NULL)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	while (r == 0 && (f = readdir(d)) != NULL) {
		if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0)
			continue;
		snprintf(name, sizeof(name), "%s%s", prefix, f->d_name);
		if (prefix[0] == '\0' && strcmp(name, "recordings") == 0 && fstatat(dirfd(d), name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
			r = dir_walk(u, "recordings/", v, e);
		else
			r = file_walk(u, name, v, e);
	}
	closedir(d);
	return r;
}

/* --- an archive --- */

static int
archive_damaged(const struct unpack *u, struct archive *a, struct err *e)
{
	return err_set(e, -EBADMSG, "%s: damaged: %s", u->path, archive_error_string(a) != NULL ? archive_error_string(a) : "no export");
}

static int
entry_walk(struct unpack *u, struct archive *a, const char *name, const struct unpack_visit *v, struct err *e)
{
	la_ssize_t n;
	int r = v->begin(v->arg, name);

	if (r != 1)
		return r;
	while ((n = archive_read_data(a, u->block, sizeof(u->block))) > 0)
		if ((r = v->bytes(v->arg, slice_of(u->block, (size_t)n))) != 0)
			return r;
	return n < 0 ? archive_damaged(u, a, e) : v->end(v->arg);
}

static int
entries_walk(struct unpack *u, struct archive *a, const struct unpack_visit *v, struct err *e)
{
	struct archive_entry *entry;
	const char *name;
	int r = 0, s = ARCHIVE_OK;

	while (r == 0 && (s = archive_read_next_header(a, &entry)) == ARCHIVE_OK) {
		name = archive_entry_pathname(entry);
		if (name != NULL && archive_entry_filetype(entry) == AE_IFDIR)
			continue;
		if (name == NULL || archive_entry_filetype(entry) != AE_IFREG)
			r = err_set(e, -EBADMSG, "%s: holds what is no file", u->path);
		else
			r = entry_walk(u, a, strncmp(name, "./", 2) == 0 ? name + 2 : name, v, e);
	}
	return r == 0 && s != ARCHIVE_EOF ? archive_damaged(u, a, e) : r;
}

static int
archive_walk(struct unpack *u, const struct unpack_visit *v, struct err *e)
{
	struct archive *a = archive_read_new();
	int r;

	if (a == NULL)
		return err_set(e, -ENOMEM, "out of memory");
	(void)archive_read_support_format_zip(a);
	(void)archive_read_support_format_tar(a);
	if (archive_read_open_filename(a, u->path, BLOCK) != ARCHIVE_OK)
		r = archive_damaged(u, a, e);
	else
		r = entries_walk(u, a, v, e);
	(void)archive_read_free(a);
	return r;
}

int
unpack_walk(struct unpack *u, const struct unpack_visit *v, struct err *e)
{
	return u->dir ? dir_walk(u, "", v, e) : archive_walk(u, v, e);
}
