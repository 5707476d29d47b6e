/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Between fork and exec: system calls, and arithmetic in memory that is there already. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "agent/digest.h"
#include "base/fd.h"

#define BYTES 32
#define FUSE  0x65735546                 /* f_type of what a program serves; statfs(2) */

EVP_MD_CTX *
digest_new(void)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	if (md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1)
		return md;
	EVP_MD_CTX_free(md);
	return NULL;
}

static int
refuse(char why[DIGEST_WHY], const char *path, const char *what)
{
	(void)snprintf(why, DIGEST_WHY, "%.100s %s", path, what);
	return -EACCES;
}

/* Only root could change it from here on.  Who may mount a file system of their own (FUSE) say there whose a file is, and hand out
 * other bytes when it is run than when it was read. */
static int
check_file(int fd, const char *path, char why[DIGEST_WHY])
{
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return refuse(why, path, "is no file");
	if (fstatfs(fd, &fs) < 0 || fs.f_type == FUSE || st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return refuse(why, path, "can be written by others than root, so its digest says nothing");
	return 0;
}

/* 0, or what read says. */
static int
read_all(EVP_MD_CTX *md, int fd, bool *script)
{
	static unsigned char block[65536];
	bool first = true;
	ssize_t n;

	*script = false;
	while ((n = read(fd, block, sizeof block)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || EVP_DigestUpdate(md, block, (size_t)n) != 1)
			return -EIO;
		*script = *script || (first && n >= 2 && block[0] == '#' && block[1] == '!');
		first = false;
	}
	return 0;
}

static bool
is_named(EVP_MD_CTX *md, const struct limits *l, char hex[2 * BYTES + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	hex[0] = '\0';
	if (EVP_DigestFinal_ex(md, digest, &n) != 1 || n != BYTES)
		return false;
	for (unsigned i = 0; i < n; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return limits_have_digest(l, hex);
}

int
digest_check(EVP_MD_CTX *md, const struct limits *l, const char *path, char why[DIGEST_WHY])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r;
	char hex[2 * BYTES + 1], what[160];
	bool script;

	if (fd < 0) {
		const char *error = strerrordesc_np(errno);

		(void)snprintf(what, sizeof what, "cannot be read to see its digest: %s", error != NULL ? error : "failed");
		return refuse(why, path, what);
	}
	r = check_file(fd, path, why);
	if (r == 0 && read_all(md, fd, &script) < 0)
		r = refuse(why, path, "cannot be read to see its digest");
	if (r == 0 && script)
		r = refuse(why, path, "is a script, whose digest says nothing of the program that reads it");
	if (r == 0 && !is_named(md, l, hex)) {
		(void)snprintf(what, sizeof what, "has the SHA-256 %s, which the policy does not name", hex);
		r = refuse(why, path, what);
	}
	if (r == 0)
		return fd;
	fd_close(&fd);
	return r;
}
