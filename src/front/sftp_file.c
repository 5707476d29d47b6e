/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Files that are open, and what of their content went by: which of their bytes, as ranges, each counted once.  A hash is
 * told only of content that went by in order and from its start; whether that was the whole file is said beside it.
 */
#include <stdlib.h>
#include <string.h>

#include "front/sftp_parts.h"

struct file *
sftp_file_find(struct sftp *s, struct slice handle)
{
	for (struct file *f = s->files; f < s->files + s->files_top; f++)
		if (f->used && f->handle_n == handle.n && memcmp(f->handle, handle.p, handle.n) == 0)
			return f;
	return NULL;
}

struct file *
sftp_file_new(struct sftp *s, struct slice handle, char *path, unsigned flags, bool dir)
{
	struct file *f = s->files;

	while (f < s->files + s->files_top && f->used)
		f++;
	if (f == s->files + FILES_MAX)
		return NULL;
	*f = (struct file){ .used = true, .dir = dir, .handle_n = handle.n, .path = path, .flags = flags, .end = UINT64_MAX };
	memcpy(f->handle, handle.p, handle.n);
	if (s->stat_path != NULL && path != NULL && strcmp(s->stat_path, path) == 0) {
		f->told = true;
		f->size = s->stat_size;
	}
	s->files_n++;
	if (f == s->files + s->files_top)
		s->files_top++;
	return f;
}

/* ---- content ---- */

bool
sftp_content_is(const struct passage *p, uint64_t size)
{
	if (p->seen.n == 0)
		return size == 0;
	return p->seen.n == 1 && p->seen.v[0].from == 0 && p->seen.v[0].to == size;
}

/* What is opened for appending takes everything at its end, whatever the offset says. */
void
sftp_content_starts(const struct file *f, struct passage *p, uint64_t offset)
{
	if (p == &f->in && (f->flags & OPEN_APPEND) != 0 && p->moved > 0)
		return;
	p->at = offset;
	if (p->sha == NULL && !p->unhashed) {
		p->sha = EVP_MD_CTX_new();
		p->unhashed = p->sha == NULL || EVP_DigestInit_ex(p->sha, EVP_sha256(), NULL) != 1;
	}
}

static void
hash(struct passage *p, struct slice bytes, bool twice)
{
	uint64_t known = p->hashed - p->at;      /* meant only where at <= hashed */

	if (twice || p->at > p->hashed)
		p->unhashed = true;
	if (p->unhashed || known >= bytes.n)
		return;
	bytes = slice_of(bytes.p + known, bytes.n - (size_t)known);
	p->unhashed = EVP_DigestUpdate(p->sha, bytes.p, bytes.n) != 1;
	p->hashed += bytes.n;
}

/* Clients read some blocks twice, when they ask ahead and for themselves: that is one content.  What is written over is another. */
void
sftp_content_passes(struct sftp *s, const struct file *f, struct passage *p, struct slice bytes)
{
	uint64_t before = p->seen.total;

	if (ranges_add(&p->seen, p->at, p->at + bytes.n, &s->ranges_left) != 0)
		p->unseen = true;
	hash(p, bytes, p == &f->in && p->seen.total - before < bytes.n);
	p->moved += bytes.n;
	p->at += bytes.n;
}

/* ---- rows ---- */

static bool
is_whole(const struct file *f, const struct passage *p)
{
	uint64_t end = p->seen.n > 0 ? p->seen.v[0].to : 0;

	if (!sftp_content_is(p, end))
		return false;
	if (p == &f->out)
		return f->end <= end || (f->told && f->size == end);
	return f->cut || (f->flags & OPEN_TRUNC) != 0 || (f->flags & (OPEN_CREAT | OPEN_EXCL)) == (OPEN_CREAT | OPEN_EXCL);
}

static const char *
coverage(const struct file *f, const struct passage *p, uint32_t status)
{
	if (p->unseen || p->seen.n > 1 || (p == &f->in && f->changed))
		return "scattered";
	return status != SFTP_NO_ANSWER && is_whole(f, p) ? "whole" : "part";
}

/* An empty file has a hash too. */
static bool
is_hashed(const struct file *f, struct passage *p, const char *covers)
{
	if (p->moved == 0 && strcmp(covers, "whole") == 0)
		sftp_content_starts(f, p, 0);
	if (p->unhashed || p->sha == NULL || (p == &f->in && f->changed))
		return false;
	if (p == &f->in && (f->flags & (OPEN_APPEND | OPEN_TRUNC)) == OPEN_APPEND)
		return false;
	return sftp_content_is(p, p->hashed);
}

static void
row_passage(struct sftp *s, struct file *f, struct passage *p, uint32_t status)
{
	unsigned char sha[EVP_MAX_MD_SIZE];
	struct sftp_row row = { .op = p == &f->out ? "get" : "put", .path = slice_from(f->path), .moved = p->moved,
		.bytes = p->unseen ? p->moved : p->seen.total, .status = status };

	row.coverage = coverage(f, p, status);
	if (is_hashed(f, p, row.coverage) && EVP_DigestFinal_ex(p->sha, sha, NULL) == 1)
		row.sha256 = sha;
	s->fn(s->arg, &row);
}

static void
row_file(struct sftp *s, struct file *f, uint32_t status)
{
	if (f->dir)
		return;
	if ((f->flags & OPEN_READ) != 0 && (f->out.moved > 0 || (f->flags & OPEN_WRITE) == 0))
		row_passage(s, f, &f->out, status);
	if ((f->flags & OPEN_WRITE) != 0)
		row_passage(s, f, &f->in, status);
}

void
sftp_file_end(struct sftp *s, struct file *f, uint32_t status)
{
	row_file(s, f, status);
	for (unsigned i = 0; f->requests > 0 && i < s->requests_top; i++)
		if (s->requests[i].used && s->requests[i].file == f)
			s->requests[i].file = NULL;
	if (s->up.file == f)
		s->up.file = NULL;
	if (s->down.file == f)
		s->down.file = NULL;
	free(f->path);
	free(f->real);
	EVP_MD_CTX_free(f->in.sha);
	EVP_MD_CTX_free(f->out.sha);
	ranges_done(&f->in.seen, &s->ranges_left);
	ranges_done(&f->out.seen, &s->ranges_left);
	*f = (struct file){ 0 };
	s->files_n--;
	while (s->files_top > 0 && !s->files[s->files_top - 1].used)
		s->files_top--;
}
