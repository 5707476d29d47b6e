/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Writing goes to a directory first ("PATH.partial" where a tar file is wanted), so that sizes are known and nothing
 * half-made carries the final name.  Reading maps the tar file, or reads the directory's files.
 */
#include <dirent.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/fd.h"
#include "base/text.h"
#include "ctl/pack.h"

enum { FILES_MAX = 1000000, NAME_SIZE = 100, BLOCK = 512 };

struct file { char name[NAME_SIZE]; uint64_t size; unsigned char hash[HASH_BYTES]; };

struct pack {
	char path[3000], dir[3072];
	bool writing, tar;
	struct file *files;
	size_t nfiles, cap;
	FILE *open;
	EVP_MD_CTX *md;
	unsigned char *map;
	size_t map_n;
};

static struct pack *
pack_alloc(const char *path, struct err *e)
{
	struct pack *p = calloc(1, sizeof(*p));
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	if (p == NULL || n == 0 || n >= sizeof(p->path)) {
		(void)err_set(e, -EINVAL, "%s: not a good path", path);
		free(p);
		return NULL;
	}
	memcpy(p->path, path, n);
	p->tar = n > 4 && strcmp(p->path + n - 4, ".tar") == 0;
	snprintf(p->dir, sizeof(p->dir), p->tar ? "%s.partial" : "%s", p->path);
	return p;
}

struct pack *
pack_new(const char *path, struct err *e)
{
	struct pack *p = pack_alloc(path, e);
	char sub[3100];

	if (p == NULL)
		return NULL;
	snprintf(sub, sizeof(sub), "%s/recordings", p->dir);
	p->md = EVP_MD_CTX_new();
	if (p->md == NULL)
		(void)err_set(e, -ENOMEM, "out of memory");
	else if (p->tar && access(p->path, F_OK) == 0)
		(void)err_set(e, -EEXIST, "%s: is there already", p->path);
	else if (mkdir(p->dir, 0700) != 0 || mkdir(sub, 0700) != 0)
		(void)err_set(e, -errno, "%s: %s", p->dir, errno == EEXIST ? "is there already" : strerror(errno));
	else {
		p->writing = true;
		return p;
	}
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

	if (strlen(name) >= NAME_SIZE || file_add(p, name) == NULL)
		return err_set(e, -ENOMEM, "too many files");
	snprintf(path, sizeof(path), "%s/%s", p->dir, name);
	p->open = fopen(path, "wxe");
	if (p->open == NULL || EVP_DigestInit_ex(p->md, EVP_sha256(), NULL) != 1)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

int
pack_write(struct pack *p, struct slice bytes, struct err *e)
{
	if (bytes.n == 0)
		return 0;
	p->files[p->nfiles - 1].size += bytes.n;
	if (fwrite(bytes.p, 1, bytes.n, p->open) != bytes.n || EVP_DigestUpdate(p->md, bytes.p, bytes.n) != 1)
		return err_set(e, -EIO, "%s/%s: %s", p->dir, p->files[p->nfiles - 1].name, strerror(errno));
	return 0;
}

int
pack_end(struct pack *p, struct err *e)
{
	struct file *f = &p->files[p->nfiles - 1];
	FILE *open = p->open;

	p->open = NULL;
	(void)EVP_DigestFinal_ex(p->md, f->hash, NULL);
	if (fflush(open) != 0 || fsync(fileno(open)) != 0) {
		fclose(open);
		return err_set(e, -EIO, "%s/%s: %s", p->dir, f->name, strerror(errno));
	}
	fclose(open);
	return 0;
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

/* --- tar --- */

static void
tar_head(unsigned char h[BLOCK], const struct file *f)
{
	unsigned sum = 0;

	memset(h, 0, BLOCK);
	snprintf((char *)h, 100, "%s", f->name);
	memcpy(h + 100, "0000600", 8);
	memcpy(h + 108, "0000000", 8);
	memcpy(h + 116, "0000000", 8);
	snprintf((char *)h + 124, 12, "%011llo", (unsigned long long)f->size);
	memcpy(h + 136, "00000000000", 12);
	memset(h + 148, ' ', 8);
	h[156] = '0';
	memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += h[i];
	snprintf((char *)h + 148, 8, "%06o", sum);
}

static int
tar_copy(struct pack *p, FILE *to, const struct file *f, struct err *e)
{
	unsigned char block[65536], head[BLOCK];
	char path[3200];
	uint64_t left = f->size;
	FILE *from;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", p->dir, f->name);
	from = fopen(path, "re");
	if (from == NULL)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	tar_head(head, f);
	(void)fwrite(head, 1, BLOCK, to);
	while (left > 0 && (n = fread(block, 1, sizeof(block), from)) > 0) {
		left -= n;
		(void)fwrite(block, 1, n, to);
	}
	fclose(from);
	memset(block, 0, BLOCK);
	(void)fwrite(block, 1, (BLOCK - f->size % BLOCK) % BLOCK, to);
	return left == 0 ? 0 : err_set(e, -EIO, "%s: shorter than it was", path);
}

static int
tar_write(struct pack *p, struct err *e)
{
	static const unsigned char end[BLOCK * 2];
	FILE *to = fopen(p->path, "wxe");
	int r = 0;

	if (to == NULL)
		return err_set(e, -errno, "%s: %s", p->path, strerror(errno));
	for (size_t i = 0; i < p->nfiles && r == 0; i++)
		r = tar_copy(p, to, &p->files[i], e);
	(void)fwrite(end, 1, sizeof(end), to);
	if (r == 0 && (fflush(to) != 0 || ferror(to) || fsync(fileno(to)) != 0))
		r = err_set(e, -EIO, "%s: %s", p->path, strerror(errno));
	fclose(to);
	if (r != 0)
		(void)unlink(p->path);
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

static int
file_write(struct pack *p, const char *name, struct slice bytes, struct err *e)
{
	int r = pack_begin(p, name, e);

	if (r == 0)
		r = pack_write(p, bytes, e);
	return r == 0 ? pack_end(p, e) : r;
}

static int
seal_write(struct pack *p, struct slice manifest, const struct note_key *key, struct err *e)
{
	struct buf line;
	int r;

	buf_init(&line, 1024);
	r = note_seal(key, manifest, &line);
	r = r == 0 ? file_write(p, "manifest.sig", buf_slice(&line), e) : err_set(e, r, "cannot sign the manifest");
	buf_done(&line);
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
		r = file_write(p, "manifest.json", buf_slice(&manifest), e);
	if (r == 0 && key != NULL)
		r = seal_write(p, buf_slice(&manifest), key, e);
	if (r == 0 && p->tar)
		r = tar_write(p, e);
	buf_done(&manifest);
	if (r == 0) {
		if (p->tar)
			dir_remove(p);
		p->writing = false;
	}
	return r;
}

/* --- reading --- */

struct pack *
pack_open(const char *path, struct err *e)
{
	struct pack *p = pack_alloc(path, e);
	struct stat st;
	int fd;

	if (p == NULL)
		return NULL;
	snprintf(p->dir, sizeof(p->dir), "%s", p->path);
	fd = open(p->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		(void)err_set(e, -errno, "%s: %s", p->path, strerror(errno));
		fd_close(&fd);
		pack_close(p);
		return NULL;
	}
	p->tar = !S_ISDIR(st.st_mode);
	if (p->tar && st.st_size > 0) {
		p->map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		p->map_n = (size_t)st.st_size;
	}
	close(fd);
	if (p->tar && (p->map == NULL || p->map == MAP_FAILED)) {
		p->map = NULL;
		(void)err_set(e, -EBADMSG, "%s: not an export: an empty file", p->path);
		pack_close(p);
		return NULL;
	}
	return p;
}

static uint64_t
octal(const unsigned char *s, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n && s[i] >= '0' && s[i] <= '7'; i++)
		v = v << 3 | (uint64_t)(s[i] - '0');
	return v;
}

static int
tar_find(const struct pack *p, const char *name, struct slice *ret)
{
	size_t at = 0;

	while (at + BLOCK <= p->map_n && p->map[at] != 0) {
		uint64_t size = octal(p->map + at + 124, 11);

		if (size > p->map_n - at - BLOCK)
			return -EBADMSG;
		if (strncmp((const char *)p->map + at, name, 100) == 0) {
			*ret = slice_of(p->map + at + BLOCK, (size_t)size);
			return 0;
		}
		at += BLOCK + (size_t)((size + BLOCK - 1) / BLOCK * BLOCK);
	}
	return -ENOENT;
}

int
pack_read(struct pack *p, const char *name, size_t max, struct buf *out, struct err *e)
{
	struct slice s;
	char path[3200];
	int r;

	if (!p->tar) {
		snprintf(path, sizeof(path), "%s/%s", p->dir, name);
		return fd_read_file(path, max, out, e);
	}
	r = tar_find(p, name, &s);
	if (r == -ENOENT)
		return err_set(e, r, "%s: %s is missing", p->path, name);
	if (r != 0 || s.n > max)
		return err_set(e, -EBADMSG, "%s: damaged at %s", p->path, name);
	r = buf_slice_append(out, s);
	return r == 0 ? 0 : err_set(e, r, "%s: %s is too large", p->path, name);
}

/* "key":VALUE somewhere in line; for the lines that manifest_make wrote. */
static bool
member(struct slice line, const char *key, char *out, size_t size)
{
	char text[1024], *at, *end;
	size_t n;

	if (slice_copy(line, text, sizeof(text)) != 0 || (at = strstr(text, key)) == NULL)
		return false;
	at += strlen(key);
	at += *at == '"';
	n = strcspn(at, "\",}");
	end = at + n;
	if (n >= size)
		return false;
	*end = '\0';
	memcpy(out, at, n + 1);
	return true;
}

static int
file_check(struct pack *p, const char *name, const char *want, struct err *e)
{
	unsigned char hash[HASH_BYTES];
	struct buf bytes, hex;
	int r;

	buf_init(&bytes, (size_t)16 << 30);
	buf_init(&hex, 128);
	r = pack_read(p, name, (size_t)16 << 30, &bytes, e);
	if (r == 0) {
		leaf_sha256(buf_slice(&bytes), slice_of(NULL, 0), hash);
		r = text_hex(&hex, slice_of(hash, HASH_BYTES));
	}
	if (r == 0 && strcmp(buf_cstr(&hex), want) != 0)
		r = err_set(e, -EBADMSG, "%s was changed: its SHA-256 is not the manifest's", name);
	buf_done(&bytes);
	buf_done(&hex);
	return r;
}

/* fn for each file of the export, by its name there; its first non-zero ends it. */
typedef int name_fn(void *arg, const char *name);

static int
dir_names(const char *dir, const char *prefix, name_fn *fn, void *arg)
{
	DIR *d = opendir(dir);
	const struct dirent *f;
	char path[3400], name[NAME_SIZE * 3];
	struct stat st;
	int r = 0;

	while (r == 0 && d != NULL && (f = readdir(d)) != NULL) {
		if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, f->d_name);
		snprintf(name, sizeof(name), "%s%s", prefix, f->d_name);
		if (prefix[0] == '\0' && strcmp(name, "recordings") == 0 && lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
			r = dir_names(path, "recordings/", fn, arg);
		else
			r = fn(arg, name);
	}
	if (d != NULL)
		closedir(d);
	return r;
}

static int
tar_names(const struct pack *p, name_fn *fn, void *arg)
{
	char name[101];
	size_t at = 0;
	int r = 0;

	while (r == 0 && at + BLOCK <= p->map_n && p->map[at] != 0) {
		uint64_t size = octal(p->map + at + 124, 11);

		if (size > p->map_n - at - BLOCK)
			return -EBADMSG;
		snprintf(name, sizeof(name), "%.100s", (const char *)p->map + at);
		r = fn(arg, name);
		at += BLOCK + (size_t)((size + BLOCK - 1) / BLOCK * BLOCK);
	}
	return r;
}

static int
pack_names(const struct pack *p, name_fn *fn, void *arg)
{
	return p->tar ? tar_names(p, fn, arg) : dir_names(p->dir, "", fn, arg);
}

static bool
is_manifest(const char *name)
{
	return strcmp(name, "manifest.json") == 0 || strcmp(name, "manifest.sig") == 0;
}

static int
name_count(void *arg, const char *name)
{
	*(size_t *)arg += !is_manifest(name);
	return 0;
}

struct stranger { struct slice manifest; struct err *e; };

static int
name_find(void *arg, const char *name)
{
	const struct stranger *s = arg;
	char line[NAME_SIZE * 3 + 16], shown[200];
	int n = snprintf(line, sizeof(line), "\"name\":\"%s\"", name);

	if (is_manifest(name) || (n > 0 && memmem(s->manifest.p, s->manifest.n, line, (size_t)n) != NULL))
		return 0;
	return err_set(s->e, -EBADMSG, "%s is no part of the export: the manifest does not name it",
	    text_escaped(slice_from(name), shown, sizeof(shown)));
}

/* All that the manifest names is there; is there more?  A tar file can also hold a name twice, and what unpacks it takes
 * the last one. */
static int
strangers_check(const struct pack *p, struct slice manifest, size_t files, struct err *e)
{
	struct stranger s = { manifest, e };
	size_t n = 0;
	int r = pack_names(p, name_count, &n);

	if (r == 0 && n != files)
		r = pack_names(p, name_find, &s);
	if (r == 0 && n != files)
		r = err_set(e, -EBADMSG, "the export holds %zu files, and the manifest names %zu: one is there twice", n, files);
	return r == -EBADMSG && e->code == 0 ? err_set(e, r, "%s: damaged", p->path) : r;
}

int
pack_check(struct pack *p, struct slice manifest, struct err *e)
{
	struct slice whole = manifest;
	char name[NAME_SIZE], hash[128];
	size_t files = 0;

	while (manifest.n > 0) {
		const unsigned char *end = memchr(manifest.p, '\n', manifest.n);
		size_t n = end != NULL ? (size_t)(end - manifest.p) : manifest.n;
		struct slice line = slice_of(manifest.p, n);
		int r;

		manifest = end != NULL ? slice_of(end + 1, manifest.n - n - 1) : slice_of(manifest.p + n, 0);
		if (!member(line, "\"name\":", name, sizeof(name)))
			continue;
		if (!member(line, "\"sha256\":", hash, sizeof(hash)) || strstr(name, "..") != NULL || name[0] == '/')
			return err_set(e, -EBADMSG, "manifest.json: damaged at file %zu", files + 1);
		r = file_check(p, name, hash, e);
		if (r != 0)
			return r;
		files++;
	}
	return files > 0 ? strangers_check(p, whole, files, e) : err_set(e, -EBADMSG, "manifest.json names no files");
}

void
pack_close(struct pack *p)
{
	if (p == NULL)
		return;
	if (p->open != NULL)
		fclose(p->open);
	if (p->writing)
		dir_remove(p);
	if (p->map != NULL)
		(void)munmap(p->map, p->map_n);
	EVP_MD_CTX_free(p->md);
	free(p->files);
	free(p);
}
