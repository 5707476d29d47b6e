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
#include <unistd.h>

#include "base/fd.h"

#define NAME_SIZE 256

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

/* The smallest matching name that is greater than `after` ("" for the first).  False: none. */
static bool
name_next(DIR *d, const char *glob, const char *after, char best[NAME_SIZE])
{
	struct dirent *entry;

	best[0] = '\0';
	rewinddir(d);
	while ((entry = readdir(d)) != NULL) {
		if (fnmatch(glob, entry->d_name, FNM_PERIOD) != 0 || strcmp(entry->d_name, after) <= 0 ||
		    strlen(entry->d_name) >= NAME_SIZE)
			continue;
		if (best[0] == '\0' || strcmp(entry->d_name, best) < 0)
			(void)snprintf(best, NAME_SIZE, "%s", entry->d_name);
	}
	return best[0] != '\0';
}

static int
read_at(DIR *d, const char *name, size_t max, struct buf *b)
{
	int fd = openat(dirfd(d), name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t before = b->len;
	unsigned char *at;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
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
	char sub[NAME_SIZE], found[NAME_SIZE] = "", after[NAME_SIZE];
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
	for (unsigned i = 0; r == 0 && i <= index; i++) {
		memcpy(after, found, sizeof(after));
		if (!name_next(d, glob, after, found))
			break;
		if (i < index)
			continue;
		(void)snprintf(name, size, "%s%s%s", strcmp(sub, ".") == 0 ? "" : sub, strcmp(sub, ".") == 0 ? "" : "/", found);
		r = read_at(d, found, max, b);
	}
	closedir(d);
	return r;
}
