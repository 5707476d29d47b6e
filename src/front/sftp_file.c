/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Files that are open, and what of their content went by.  A hash is told only of content that went by once, in order
 * and from its start; whether that was the whole file is said beside it.
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
	*f = (struct file){ .used = true, .dir = dir, .handle_n = handle.n, .path = path, .flags = flags };
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

void
sftp_content_starts(struct passage *p, uint64_t offset)
{
	if (p->sha == NULL && !p->scattered) {
		p->next = offset;
		p->from_start = offset == 0;
		p->sha = EVP_MD_CTX_new();
		if (p->sha == NULL || EVP_DigestInit_ex(p->sha, EVP_sha256(), NULL) != 1)
			p->scattered = true;
	}
	if (offset != p->next)
		p->scattered = true;
}

void
sftp_content_passes(struct passage *p, const unsigned char *bytes, size_t n)
{
	p->bytes += n;
	p->next += n;
	if (!p->scattered)
		(void)EVP_DigestUpdate(p->sha, bytes, n);
}

/* ---- rows ---- */

static bool
is_whole(const struct file *f, const struct passage *p, uint32_t status)
{
	if (status == SFTP_NO_ANSWER)
		return false;
	if (p == &f->out)
		return f->at_end || (f->told && f->size == p->next);
	return f->cut || (f->flags & OPEN_TRUNC) != 0 || (f->flags & (OPEN_CREAT | OPEN_EXCL)) == (OPEN_CREAT | OPEN_EXCL);
}

static void
row_passage(struct sftp *s, struct file *f, struct passage *p, uint32_t status)
{
	unsigned char sha[EVP_MAX_MD_SIZE];
	struct sftp_row row = { .op = p == &f->out ? "get" : "put", .path = slice_from(f->path), .bytes = p->bytes, .status = status };

	if (p->bytes == 0 && is_whole(f, p, status))
		sftp_content_starts(p, 0);           /* an empty file is a whole one */
	row.coverage = p->scattered ? "scattered" : p->from_start && is_whole(f, p, status) ? "whole" : "part";
	if (!p->scattered && p->from_start && EVP_DigestFinal_ex(p->sha, sha, NULL) == 1)
		row.sha256 = sha;
	s->fn(s->arg, &row);
}

static void
row_file(struct sftp *s, struct file *f, uint32_t status)
{
	if (f->dir)
		return;
	if ((f->flags & OPEN_READ) != 0 && (f->out.bytes > 0 || (f->flags & OPEN_WRITE) == 0))
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
	EVP_MD_CTX_free(f->in.sha);
	EVP_MD_CTX_free(f->out.sha);
	*f = (struct file){ 0 };
	s->files_n--;
	while (s->files_top > 0 && !s->files[s->files_top - 1].used)
		s->files_top--;
}
