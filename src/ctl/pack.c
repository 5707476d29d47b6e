/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A directory's files are written where they belong.  An archive's go through one nameless file beside it, since a tar
 * file says a size before the bytes; the archive grows as "PATH.partial", so that nothing half-made carries the final name.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/fd.h"
#include "base/text.h"
#include "ctl/pack.h"

enum { FILES_MAX = 1000000, BLOCK = 1 << 16 };

#define ZIP_LEVEL "3"                    /* beyond it zlib takes three times as long for a tenth less */

struct file { char name[PACK_NAME]; uint64_t size; unsigned char hash[HASH_BYTES]; };

struct pack {
	char path[3000], dir[3072];      /* dir: what is written, the directory or the partial archive */
	bool made;                       /* it is there and not finished */
	struct file *files;
	size_t nfiles, cap;
	FILE *open;                      /* the file that is written */
	struct archive *archive;         /* NULL: a directory */
	EVP_MD_CTX *md;
};

static bool
ends_in(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);

	return n > m && strcmp(path + n - m, end) == 0;
}

static int
archive_failed(const struct pack *p, struct err *e)
{
	int code = archive_errno(p->archive);

	return err_set(e, code > 0 ? -code : -EIO, "%s: %s", p->dir, archive_error_string(p->archive));
}

/* Beside the archive, where there is room for it; its name is gone at once. */
static int
spool_open(struct pack *p, struct err *e)
{
	char path[3100];
	int fd;

	snprintf(path, sizeof(path), "%s.file", p->dir);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void)unlink(path);
	p->open = fd >= 0 ? fdopen(fd, "w+") : NULL;
	return p->open != NULL ? fd : err_set(e, -errno, "%s: %s", path, strerror(errno));
}

/* libarchive makes the file anew where there is one: that it is ours alone is seen to first. */
static int
archive_begin(struct pack *p, struct err *e)
{
	bool zip = ends_in(p->path, ".zip");
	int fd = open(p->dir, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(e, -errno, "%s: %s", p->dir, errno == EEXIST ? "is there already: is another export running?" : strerror(errno));
	p->made = true;
	close(fd);
	p->archive = archive_write_new();
	if (p->archive == NULL)
		return err_set(e, -ENOMEM, "out of memory");
	if ((fd = spool_open(p, e)) < 0)
		return fd;
	if ((zip ? archive_write_set_format_zip(p->archive) : archive_write_set_format_ustar(p->archive)) != ARCHIVE_OK ||
	    (zip && archive_write_set_format_option(p->archive, "zip", "compression-level", ZIP_LEVEL) != ARCHIVE_OK) ||
	    archive_write_open_filename(p->archive, p->dir) != ARCHIVE_OK)
		return archive_failed(p, e);
	return 0;
}

static int
directory_begin(struct pack *p, struct err *e)
{
	char sub[3100];

	snprintf(sub, sizeof(sub), "%s/recordings", p->dir);
	if (mkdir(p->dir, 0700) != 0)
		return err_set(e, -errno, "%s: %s", p->dir, errno == EEXIST ? "is there already" : strerror(errno));
	p->made = true;
	return mkdir(sub, 0700) == 0 ? 0 : err_set(e, -errno, "%s: %s", sub, strerror(errno));
}

struct pack *
pack_new(const char *path, struct err *e)
{
	struct pack *p = calloc(1, sizeof(*p));
	size_t n = strlen(path);
	bool one;
	int r;

	while (n > 1 && path[n - 1] == '/')
		n--;
	if (p == NULL) {
		(void)err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	if (n == 0 || n >= sizeof(p->path)) {
		(void)err_set(e, -EINVAL, "%s: not a good path", path);
		free(p);
		return NULL;
	}
	memcpy(p->path, path, n);
	one = ends_in(p->path, ".tar") || ends_in(p->path, ".zip");
	snprintf(p->dir, sizeof(p->dir), one ? "%s.partial" : "%s", p->path);
	p->md = EVP_MD_CTX_new();
	if (p->md == NULL)
		r = err_set(e, -ENOMEM, "out of memory");
	else if (access(p->path, F_OK) == 0)
		r = err_set(e, -EEXIST, "%s: is there already", p->path);
	else
		r = one ? archive_begin(p, e) : directory_begin(p, e);
	if (r == 0)
		return p;
	pack_close(p);
	return NULL;
}

static struct file *
file_add(struct pack *p, const char *name)
{
	struct file *f;

	if (p->nfiles == p->cap) {
		size_t cap = p->cap == 0 ? 64 : p->cap * 2;

		f = cap <= FILES_MAX ? realloc(p->files, cap * sizeof(*f)) : NULL;
		if (f == NULL)
			return NULL;
		p->files = f;
		p->cap = cap;
	}
	f = &p->files[p->nfiles++];
	*f = (struct file){ 0 };
	snprintf(f->name, sizeof(f->name), "%s", name);
	return f;
}

int
pack_begin(struct pack *p, const char *name, struct err *e)
{
	char path[3200];

	if (strlen(name) >= PACK_NAME || file_add(p, name) == NULL)
		return err_set(e, -ENOMEM, "too many files");
	snprintf(path, sizeof(path), "%s/%s", p->dir, name);
	if (p->archive == NULL)
		p->open = fopen(path, "wxe");
	else if (fseeko(p->open, 0, SEEK_SET) != 0 || ftruncate(fileno(p->open), 0) != 0)
		return err_set(e, -errno, "the temporary file: %s", strerror(errno));
	if (p->open == NULL || EVP_DigestInit_ex(p->md, EVP_sha256(), NULL) != 1)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

int
pack_write(struct pack *p, struct slice bytes, struct err *e)
{
	struct file *f = &p->files[p->nfiles - 1];

	if (bytes.n == 0)
		return 0;
	f->size += bytes.n;
	if (fwrite(bytes.p, 1, bytes.n, p->open) != bytes.n || EVP_DigestUpdate(p->md, bytes.p, bytes.n) != 1)
		return err_set(e, -EIO, "%s/%s: %s", p->dir, f->name, strerror(errno));
	return 0;
}

static struct archive_entry *
entry_new(const struct file *f)
{
	struct archive_entry *n = archive_entry_new();

	if (n == NULL)
		return NULL;
	archive_entry_set_pathname(n, f->name);
	archive_entry_set_size(n, (la_int64_t)f->size);
	archive_entry_set_filetype(n, AE_IFREG);
	archive_entry_set_perm(n, 0600);
	archive_entry_set_uid(n, 0);
	archive_entry_set_gid(n, 0);
	archive_entry_set_mtime(n, 0, 0);
	return n;
}

/* What stands in the nameless file becomes the archive's next. */
static int
archive_add(struct pack *p, const struct file *f, struct err *e)
{
	struct archive_entry *entry = entry_new(f);
	unsigned char block[BLOCK];
	uint64_t left = f->size;
	int r = 0;
	size_t n;

	if (entry == NULL)
		return err_set(e, -ENOMEM, "out of memory");
	if (fflush(p->open) != 0 || fseeko(p->open, 0, SEEK_SET) != 0)
		r = err_set(e, -errno, "the temporary file: %s", strerror(errno));
	else if (archive_write_header(p->archive, entry) != ARCHIVE_OK)
		r = archive_failed(p, e);
	while (r == 0 && left > 0) {
		n = fread(block, 1, left < sizeof(block) ? (size_t)left : sizeof(block), p->open);
		if (n == 0)
			r = err_set(e, -EIO, "the temporary file is shorter than it was");
		else if (archive_write_data(p->archive, block, n) != (la_ssize_t)n)
			r = archive_failed(p, e);
		left -= n;
	}
	archive_entry_free(entry);
	return r;
}

int
pack_end(struct pack *p, struct err *e)
{
	struct file *f = &p->files[p->nfiles - 1];
	FILE *open = p->open;
	int r;

	(void)EVP_DigestFinal_ex(p->md, f->hash, NULL);
	if (p->archive != NULL)
		return archive_add(p, f, e);
	p->open = NULL;
	r = fflush(open) == 0 ? 0 : err_set(e, -EIO, "%s/%s: %s", p->dir, f->name, strerror(errno));
	fclose(open);
	return r;
}

int
pack_file(struct pack *p, const char *name, struct slice bytes, struct err *e)
{
	int r = pack_begin(p, name, e);

	if (r == 0)
		r = pack_write(p, bytes, e);
	return r == 0 ? pack_end(p, e) : r;
}

static int
file_compare(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->name, ((const struct file *)b)->name);
}

static int
manifest_make(struct pack *p, const char *head, struct buf *out)
{
	int r = buf_printf(out, "{\n%s \"files\": [\n", head);

	qsort(p->files, p->nfiles, sizeof(*p->files), file_compare);
	for (size_t i = 0; i < p->nfiles && r == 0; i++) {
		const struct file *f = &p->files[i];

		r = buf_printf(out, "  {\"name\":\"%s\",\"size\":%llu,\"sha256\":\"", f->name, (unsigned long long)f->size);
		if (r == 0)
			r = text_hex(out, slice_of(f->hash, HASH_BYTES));
		if (r == 0)
			r = buf_text(out, i + 1 < p->nfiles ? "\"},\n" : "\"}\n");
	}
	return r != 0 ? r : buf_text(out, " ]\n}\n");
}

static int
seal_write(struct pack *p, struct slice manifest, const struct note_key *key, struct err *e)
{
	struct buf line;
	int r;

	buf_init(&line, 1024);
	r = note_seal(key, manifest, &line);
	r = r == 0 ? pack_file(p, "manifest.sig", buf_slice(&line), e) : err_set(e, r, "cannot sign the manifest");
	buf_done(&line);
	return r;
}

/* All that lies on the file system of path, durable. */
static int
disk_sync(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = fd >= 0 && syncfs(fd) == 0 ? 0 : err_set(e, -errno, "%s: %s", path, strerror(errno));

	fd_close(&fd);
	return r;
}

static int
archive_end(struct pack *p, struct err *e)
{
	int r = archive_write_close(p->archive) == ARCHIVE_OK ? disk_sync(p->dir, e) : archive_failed(p, e);

	if (r == 0 && rename(p->dir, p->path) != 0)
		r = err_set(e, -errno, "%s: %s", p->path, strerror(errno));
	return r;
}

int
pack_finish(struct pack *p, const char *head, const struct note_key *key, struct err *e)
{
	struct buf manifest;
	int r;

	buf_init(&manifest, (size_t)256 << 20);
	r = manifest_make(p, head, &manifest);
	if (r == 0)
		r = pack_file(p, "manifest.json", buf_slice(&manifest), e);
	if (r == 0 && key != NULL)
		r = seal_write(p, buf_slice(&manifest), key, e);
	if (r == 0)
		r = p->archive != NULL ? archive_end(p, e) : disk_sync(p->dir, e);
	buf_done(&manifest);
	p->made = p->made && r != 0;
	return r;
}

static void
dir_remove(struct pack *p)
{
	char path[3200];

	for (size_t i = 0; i < p->nfiles; i++) {
		snprintf(path, sizeof(path), "%s/%s", p->dir, p->files[i].name);
		(void)unlink(path);
	}
	snprintf(path, sizeof(path), "%s/recordings", p->dir);
	(void)rmdir(path);
	(void)rmdir(p->dir);
}

void
pack_close(struct pack *p)
{
	if (p == NULL)
		return;
	if (p->open != NULL)
		fclose(p->open);
	if (p->made && (ends_in(p->dir, ".partial")))
		(void)unlink(p->dir);
	else if (p->made)
		dir_remove(p);
	if (p->archive != NULL)
		(void)archive_write_free(p->archive);
	EVP_MD_CTX_free(p->md);
	free(p->files);
	free(p);
}
