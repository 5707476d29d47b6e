/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The policy's files are read through a descriptor of their directory, which stays open: inside
 * the sandbox that is the only thing that can be opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "base/fd.h"
#include "base/text.h"
#include "gate/rules.h"

#define BODY_MAX (MSG_MAX - 4096)

struct rules {
	char dir[4096], file[256];
	int fd;
	struct buf body;
	char hash[2 * SHA256_DIGEST_LENGTH + 1];
	char error[512];
};

struct rules *
rules_open(const char *path, struct err *e)
{
	struct rules *r = calloc(1, sizeof(*r));
	char copy[4096];

	if (r == NULL || (size_t)snprintf(copy, sizeof(copy), "%s", path) >= sizeof(copy)) {
		free(r);
		(void)err_set(e, -ENAMETOOLONG, "%s: too long", path);
		return NULL;
	}
	snprintf(r->file, sizeof(r->file), "%s", basename(copy));
	snprintf(copy, sizeof(copy), "%s", path);
	snprintf(r->dir, sizeof(r->dir), "%s", dirname(copy));
	buf_init(&r->body, BODY_MAX);
	r->fd = open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->fd >= 0)
		return r;
	(void)err_set(e, -errno, "%s: %s", r->dir, strerror(errno));
	rules_close(r);
	return NULL;
}

void
rules_close(struct rules *r)
{
	if (r == NULL)
		return;
	fd_close(&r->fd);
	buf_done(&r->body);
	free(r);
}

int
rules_load(struct rules *r, struct err *e)
{
	int code = err_set(e, -ENOSYS, "%s/%s: this build has no policy language", r->dir, r->file);

	snprintf(r->error, sizeof(r->error), "%s", e->text);
	return code;
}

void
rules_ask(const struct rules *r, const struct rules_question *q, struct rules_answer *ret)
{
	(void)q;
	*ret = (struct rules_answer){ 0 };
	snprintf(ret->text, sizeof(ret->text), "DENY (no policy is in force): %.900s", r->error);
}

const char *
rules_hash(const struct rules *r)
{
	return r->hash;
}

const char *
rules_error(const struct rules *r)
{
	return r->error;
}

struct slice
rules_body(const struct rules *r)
{
	return buf_slice(&r->body);
}

unsigned
rules_count(const struct rules *r)
{
	(void)r;
	return 0;
}

const char *
rules_dir(const struct rules *r)
{
	return r->dir;
}
