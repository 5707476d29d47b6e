/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Reading the files that an Include names, through the descriptor of a directory: it works inside a sandbox. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define NAME_SIZE 256

enum { NAMES_MAX = 65536 };

/* "a/b.conf" → "a" and "b.conf"; nothing that leaves the directory. */
static int
pattern_split(const char *pattern, char dir[NAME_SIZE], const char **glob)
{
	const char *slash = strrchr(pattern, '/');
	size_t n = slash != NULL ? (size_t)(slash - pattern) : 0;

	if (pattern[0] == '/' || strstr(pattern, "..") != NULL || n >= NAME_SIZE)
		return -EACCES;
	(void)snprintf(dir, NAME_SIZE, "%.*s", (int)n, pattern);
	if (n == 0)
		(void)snprintf(dir, NAME_SIZE, ".");
	*glob = slash != NULL ? slash + 1 : pattern;
	return 0;
}

struct names { char (*p)[NAME_SIZE]; size_t n, cap; };

/* 0, -ENOMEM or -E2BIG. */
static int
name_add(struct names *l, const char *name)
{
	size_t cap = l->cap == 0 ? 64 : 2 * l->cap;
	void *p;

	if (l->n == NAMES_MAX)
		return -E2BIG;
	if (l->n == l->cap) {
		p = realloc(l->p, cap * sizeof(*l->p));
		if (p == NULL)
			return -ENOMEM;
		l->p = p;
		l->cap = cap;
	}
	(void)snprintf(l->p[l->n++], NAME_SIZE, "%s", name);
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The matching name that `index` others come before.  1, 0: there are not so many, or negative. */
static int
name_find(DIR *d, const char *glob, unsigned index, char ret[NAME_SIZE])
{
	struct names l = { 0 };
	struct dirent *entry;
	int r = 0;

	while (r == 0 && (entry = readdir(d)) != NULL)
		if (fnmatch(glob, entry->d_name, FNM_PERIOD) == 0 && strlen(entry->d_name) < NAME_SIZE)
			r = name_add(&l, entry->d_name);
	if (r == 0 && index < l.n) {
		qsort(l.p, l.n, sizeof(*l.p), by_name);
		memcpy(ret, l.p[index], NAME_SIZE);
		r = 1;
	}
	free(l.p);
	return r;
}

/* A pipe would be waited for, a device never ends. */
static int
file_open(DIR *d, const char *name)
{
	int fd = openat(dirfd(d), name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}

static int
read_at(DIR *d, const char *name, size_t max, struct buf *b)
{
	int fd = file_open(d, name);
	size_t before = b->len;
	unsigned char *at;
	ssize_t n = 1;

	if (fd < 0)
		return fd;
	while (n > 0 && b->len - before <= max) {
		at = buf_reserve(b, 4096);
		n = at != NULL ? fd_read_full(fd, at, 4096) : -ENOBUFS;
		if (n > 0)
			buf_added(b, (size_t)n);
	}
	close(fd);
	return n < 0 ? (int)n : b->len - before > max ? -EFBIG : 1;
}

int
fd_read_match(int dir, const char *pattern, unsigned index, size_t max, struct buf *b, char *name, size_t size)
{
	char sub[NAME_SIZE], found[NAME_SIZE] = "";
	const char *glob;
	DIR *d;
	int fd, r = pattern_split(pattern, sub, &glob);

	if (r != 0)
		return r;
	fd = openat(dir, sub, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd >= 0 ? fdopendir(fd) : NULL;
	if (d == NULL) {
		r = errno == ENOENT ? 0 : -errno;
		fd_close(&fd);
		return r;
	}
	r = name_find(d, glob, index, found);
	if (r == 1) {
		(void)snprintf(name, size, "%s%s%s", strcmp(sub, ".") == 0 ? "" : sub, strcmp(sub, ".") == 0 ? "" : "/", found);
		r = read_at(d, found, max, b);
	}
	closedir(d);
	return r;
}
