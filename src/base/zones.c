/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* All files in one buffer, and a list of their names. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/zones.h"

enum { NAMES_MAX = 2048, NAME_SIZE = 65, DEPTH_MAX = 3, FILE_BYTES_MAX = 65536, ALL_BYTES_MAX = 4 << 20 };

struct zone_bytes {
	char name[NAME_SIZE];
	size_t at, n;
};

struct zones {
	struct buf bytes;
	struct zone_bytes *names;
	size_t n;
};

static void
file_load(struct zones *z, int dir, const char *file, const char *name)
{
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t before = z->bytes.len;
	unsigned char *room = fd >= 0 && z->n < NAMES_MAX ? buf_reserve(&z->bytes, FILE_BYTES_MAX) : NULL;
	ssize_t n = room != NULL ? fd_read_full(fd, room, FILE_BYTES_MAX) : -1;

	fd_close(&fd);
	if (n < 4 || n == FILE_BYTES_MAX || memcmp(room, "TZif", 4) != 0)
		return;
	buf_added(&z->bytes, (size_t)n);
	z->names[z->n].at = before;
	z->names[z->n].n = (size_t)n;
	(void)snprintf(z->names[z->n].name, NAME_SIZE, "%s", name);
	z->n++;
}

/* Takes fd. */
static void
dir_load(struct zones *z, int fd, const char *prefix, int depth)
{
	DIR *d = fdopendir(fd);
	char name[NAME_SIZE];
	struct dirent *e;
	struct stat st;
	int sub;

	if (d == NULL) {
		fd_close(&fd);
		return;
	}
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' || (depth == 0 && (strcmp(e->d_name, "right") == 0 || strcmp(e->d_name, "posix") == 0)) ||
		    (size_t)snprintf(name, sizeof(name), "%s%s%s", prefix, depth > 0 ? "/" : "", e->d_name) >= sizeof(name) ||
		    fstatat(fd, e->d_name, &st, 0) != 0)
			continue;
		if (S_ISREG(st.st_mode))
			file_load(z, fd, e->d_name, name);
		else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX && (sub = openat(fd, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0)
			dir_load(z, sub, name, depth + 1);
	}
	(void)closedir(d);
}

struct zones *
zones_load(const char *dir)
{
	struct zones *z = calloc(1, sizeof(*z));
	int fd;

	if (z == NULL || (z->names = calloc(NAMES_MAX, sizeof(*z->names))) == NULL) {
		free(z);
		return NULL;
	}
	buf_init(&z->bytes, ALL_BYTES_MAX);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		dir_load(z, fd, "", 0);
	return z;
}

void
zones_free(struct zones *z)
{
	if (z == NULL)
		return;
	buf_done(&z->bytes);
	free(z->names);
	free(z);
}

int
zones_get(const struct zones *z, const char *name, struct buf *out)
{
	for (size_t i = 0; i < z->n; i++)
		if (strcmp(z->names[i].name, name) == 0)
			return buf_append(out, z->bytes.p + z->names[i].at, z->names[i].n);
	return -ENOENT;
}
