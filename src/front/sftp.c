/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A packet is u32 length, u8 type, and its fields.  It is held back until it is whole and has
 * been judged; only the content of WRITE and DATA passes as it comes.  A request waits in a
 * slot for the answer with its id; an open file waits in another for its end.  Answers of ours
 * go between two packets of the target, never into one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "front/sftp.h"

#define PACKET_MAX   (512u << 10)        /* OpenSSH's largest is 256 KiB and a little */
#define REQUESTS_MAX 4096                /* unanswered at once; OpenSSH's client has 64 */
#define FILES_MAX    256
#define HANDLE_MAX   256                 /* the draft's limit */
#define PATH_MAX_    4096
#define OUT_MAX      (4u << 20)

enum {
	INIT = 1, VERSION_ = 2, OPEN = 3, CLOSE = 4, READ = 5, WRITE = 6, LSTAT = 7, FSTAT = 8, SETSTAT = 9, FSETSTAT = 10,
	OPENDIR = 11, READDIR = 12, REMOVE = 13, MKDIR = 14, RMDIR = 15, REALPATH = 16, STAT = 17, RENAME = 18, READLINK = 19,
	SYMLINK = 20, STATUS = 101, HANDLE = 102, DATA = 103, NAME = 104, ATTRS = 105, EXTENDED = 200, EXTENDED_REPLY = 201
};
enum { FX_OK = 0, FX_EOF = 1, FX_PERMISSION_DENIED = 3, FX_OP_UNSUPPORTED = 8 };
enum { OPEN_READ = 1, OPEN_WRITE = 2, OPEN_APPEND = 4, OPEN_CREAT = 8, OPEN_TRUNC = 16 };
enum { GET = 1, PUT = 2 };               /* what an operation needs */

struct file {
	bool used, dir;
	unsigned char handle[HANDLE_MAX];
	size_t handle_n;
	char *path;
	unsigned flags;
	uint64_t bytes[2], next[2];          /* [0] read, [1] written */
	bool scattered[2], from_start[2], at_end;
	EVP_MD_CTX *sha[2];
};

struct request {
	bool used;
	uint32_t id;
	unsigned char type;
	const char *op;                      /* of the row at its answer, or NULL */
	char *path, *other;
	struct file *file;
	unsigned flags;
	uint64_t offset, length;
};

struct stream {
	struct buf held, out;
	uint64_t body;                       /* bytes of content that are still to pass */
	struct file *file;                   /* whose they are */
	int side;
};

struct sftp {
	bool may_get, may_put;
	sftp_row_fn *fn;
	void *arg;
	struct stream up, down;
	struct buf answers;                  /* of ours, until the target's stream is between packets */
	struct request requests[REQUESTS_MAX];
	unsigned requests_top;               /* slots from here on are free */
	struct file files[FILES_MAX];
};

/* What each request carries after its id, and what it needs.  s: a path, S: a second one, h: a handle. */
static const struct shape {
	unsigned char type;
	const char *fields, *op;
	unsigned needs;
} shapes[] = {
	{ CLOSE, "h", NULL, 0 },          { LSTAT, "s", NULL, 0 },        { FSTAT, "h", NULL, 0 },
	{ SETSTAT, "s", "setstat", PUT }, { FSETSTAT, "h", "setstat", PUT }, { OPENDIR, "s", "list", 0 },
	{ READDIR, "h", NULL, 0 },        { REMOVE, "s", "remove", PUT }, { MKDIR, "s", "mkdir", PUT },
	{ RMDIR, "s", "rmdir", PUT },     { REALPATH, "s", NULL, 0 },     { STAT, "s", NULL, 0 },
	{ RENAME, "sS", "rename", PUT },  { READLINK, "s", NULL, 0 },     { SYMLINK, "sS", "symlink", PUT },
};

static const struct extension {
	const char *name, *fields, *op;
	unsigned needs;
} extensions[] = {
	{ "posix-rename@openssh.com", "sS", "rename", PUT }, { "statvfs@openssh.com", "s", NULL, 0 },
	{ "fstatvfs@openssh.com", "h", NULL, 0 },            { "hardlink@openssh.com", "sS", "link", PUT },
	{ "fsync@openssh.com", "h", NULL, 0 },               { "lsetstat@openssh.com", "s", "setstat", PUT },
	{ "limits@openssh.com", "", NULL, 0 },               { "expand-path@openssh.com", "s", NULL, 0 },
	{ "home-directory", "s", NULL, 0 },                  { "users-groups-by-id@openssh.com", "", NULL, 0 },
	{ "copy-data", "c", "copy", PUT },
};

/* Fields are big-endian here. */
static bool
get_u32(struct slice *s, uint32_t *v)
{
	if (s->n < 4)
		return false;
	*v = (uint32_t)s->p[0] << 24 | (uint32_t)s->p[1] << 16 | (uint32_t)s->p[2] << 8 | s->p[3];
	*s = slice_of(s->p + 4, s->n - 4);
	return true;
}

static bool
get_u64(struct slice *s, uint64_t *v)
{
	uint32_t high, low;

	if (!get_u32(s, &high) || !get_u32(s, &low))
		return false;
	*v = (uint64_t)high << 32 | low;
	return true;
}

static bool
get_string(struct slice *s, struct slice *v)
{
	uint32_t n;

	if (!get_u32(s, &n) || n > s->n)
		return false;
	*v = slice_of(s->p, n);
	*s = slice_of(s->p + n, s->n - n);
	return true;
}

static int
put_u32(struct buf *b, uint32_t v)
{
	unsigned char bytes[4] = { (unsigned char)(v >> 24), (unsigned char)(v >> 16), (unsigned char)(v >> 8), (unsigned char)v };

	return buf_append(b, bytes, 4);
}

/* ---- files and requests ---- */

static void
file_free(struct file *f)
{
	free(f->path);
	EVP_MD_CTX_free(f->sha[0]);
	EVP_MD_CTX_free(f->sha[1]);
	*f = (struct file){ 0 };
}

static struct file *
file_find(struct sftp *s, struct slice handle)
{
	for (struct file *f = s->files; f < s->files + FILES_MAX; f++)
		if (f->used && f->handle_n == handle.n && memcmp(f->handle, handle.p, handle.n) == 0)
			return f;
	return NULL;
}

static void
request_free(struct sftp *s, struct request *r)
{
	free(r->path);
	free(r->other);
	*r = (struct request){ 0 };
	while (s->requests_top > 0 && !s->requests[s->requests_top - 1].used)
		s->requests_top--;
}

static struct request *
request_find(struct sftp *s, uint32_t id)
{
	for (struct request *r = s->requests; r < s->requests + s->requests_top; r++)
		if (r->used && r->id == id)
			return r;
	return NULL;
}

static struct request *
request_new(struct sftp *s, uint32_t id, unsigned char type)
{
	struct request *r = s->requests;

	while (r < s->requests + s->requests_top && r->used)
		r++;
	if (r == s->requests + REQUESTS_MAX || request_find(s, id) != NULL)
		return NULL;
	*r = (struct request){ .used = true, .id = id, .type = type };
	if (r == s->requests + s->requests_top)
		s->requests_top++;
	return r;
}

/* ---- rows ---- */

static void
row_request(struct sftp *s, const struct request *r, uint32_t status, bool refused)
{
	struct sftp_row row = { .op = r->op, .status = status, .refused = refused, .bytes = r->length, .coverage = "" };

	if (r->op == NULL)
		return;
	row.path = slice_from(r->path != NULL ? r->path : r->file != NULL ? r->file->path : "");
	row.other = slice_from(r->other != NULL ? r->other : "");
	s->fn(s->arg, &row);
}

/* One way of a file that was open: what went by, and its hash if that was the content once and in order. */
static void
row_way(struct sftp *s, struct file *f, int way, uint32_t status)
{
	unsigned char sha[EVP_MAX_MD_SIZE];
	struct sftp_row row = { .op = way == 0 ? "get" : "put", .path = slice_from(f->path), .other = slice_from(""),
		.bytes = f->bytes[way], .status = status };
	bool whole = way == 0 ? f->at_end : (f->flags & (OPEN_TRUNC | OPEN_CREAT)) != 0;

	row.coverage = f->scattered[way] ? "scattered" : f->from_start[way] && whole ? "whole" : "part";
	if (!f->scattered[way] && f->from_start[way] && f->sha[way] != NULL &&
	    EVP_DigestFinal_ex(f->sha[way], sha, NULL) == 1)
		row.sha256 = sha;
	s->fn(s->arg, &row);
}

static void
row_file(struct sftp *s, struct file *f, uint32_t status)
{
	if (f->dir)
		return;
	if ((f->flags & OPEN_READ) != 0 && (f->bytes[0] > 0 || (f->flags & OPEN_WRITE) == 0))
		row_way(s, f, 0, status);
	if ((f->flags & OPEN_WRITE) != 0)
		row_way(s, f, 1, status);
}

/* ---- content ---- */

static void
content_starts(struct file *f, int way, uint64_t offset)
{
	if (f->bytes[way] == 0 && f->sha[way] == NULL) {
		f->next[way] = offset;
		f->from_start[way] = offset == 0;
		f->sha[way] = EVP_MD_CTX_new();
		if (f->sha[way] == NULL || EVP_DigestInit_ex(f->sha[way], EVP_sha256(), NULL) != 1)
			f->scattered[way] = true;
	}
	if (offset != f->next[way])
		f->scattered[way] = true;
}

static void
content_passes(struct stream *st, const unsigned char *p, size_t n)
{
	struct file *f = st->file;

	if (f == NULL)
		return;
	f->bytes[st->side] += n;
	f->next[st->side] += n;
	if (!f->scattered[st->side])
		(void)EVP_DigestUpdate(f->sha[st->side], p, n);
}

/* ---- requests ---- */

static int
answer_status(struct sftp *s, uint32_t id, uint32_t status, const char *words)
{
	struct buf *b = &s->answers;
	size_t n = strlen(words);
	int r = put_u32(b, (uint32_t)(1 + 4 + 4 + 4 + n + 4));

	if (r == 0)
		r = buf_u8(b, STATUS);
	if (r == 0)
		r = put_u32(b, id);
	if (r == 0)
		r = put_u32(b, status);
	if (r == 0)
		r = put_u32(b, (uint32_t)n);
	if (r == 0)
		r = buf_append(b, words, n);
	return r == 0 ? put_u32(b, 0) : r;
}

static int
refuse(struct sftp *s, struct request *r, uint32_t status)
{
	int e = answer_status(s, r->id, status, status == FX_OP_UNSUPPORTED ? "the bastion does not know this operation" :
	    "the bastion's policy does not permit this");

	row_request(s, r, status, true);
	request_free(s, r);
	return e;
}

static bool
is_permitted(const struct sftp *s, unsigned needs)
{
	return ((needs & GET) == 0 || s->may_get) && ((needs & PUT) == 0 || s->may_put);
}

static int
take_path(struct slice *fields, char **ret)
{
	struct slice path;

	if (!get_string(fields, &path) || path.n > PATH_MAX_)
		return -EPROTO;
	*ret = slice_dup(path);
	return *ret != NULL ? 0 : -ENOMEM;
}

/* u32 handle, u64 offset, u64 length, u32 handle, u64 offset: the second file is written. */
static int
take_copy(struct sftp *s, struct request *r, struct slice *fields)
{
	struct slice from, to;
	uint64_t offset;
	struct file *f;

	if (!get_string(fields, &from) || !get_u64(fields, &offset) || !get_u64(fields, &r->length) ||
	    !get_string(fields, &to) || !get_u64(fields, &offset))
		return -EPROTO;
	f = file_find(s, from);
	r->file = file_find(s, to);
	if (f == NULL || r->file == NULL)
		return 0;                        /* the target will say so */
	r->path = strdup(f->path);
	r->other = strdup(r->file->path);
	r->file->scattered[1] = true;
	return r->path != NULL && r->other != NULL ? 0 : -ENOMEM;
}

static int
take_fields(struct sftp *s, struct request *r, const char *shape, struct slice *fields)
{
	struct slice handle;
	int e = 0;

	for (; e == 0 && *shape != '\0'; shape++) {
		if (*shape == 's') {
			e = take_path(fields, &r->path);
		} else if (*shape == 'S') {
			e = take_path(fields, &r->other);
		} else if (*shape == 'c') {
			e = take_copy(s, r, fields);
		} else {
			e = get_string(fields, &handle) ? 0 : -EPROTO;
			r->file = e == 0 ? file_find(s, handle) : NULL;
		}
	}
	return e;
}

static int
take_open(struct request *r, struct slice *fields, unsigned *needs)
{
	uint32_t flags;
	int e = take_path(fields, &r->path);

	if (e == 0 && !get_u32(fields, &flags))
		e = -EPROTO;
	if (e != 0)
		return e;
	r->flags = flags & (OPEN_READ | OPEN_WRITE);
	if ((flags & (OPEN_APPEND | OPEN_CREAT | OPEN_TRUNC)) != 0)
		r->flags |= OPEN_WRITE | (flags & (OPEN_APPEND | OPEN_CREAT | OPEN_TRUNC));
	*needs = ((flags & OPEN_READ) != 0 ? GET : 0u) | ((r->flags & OPEN_WRITE) != 0 ? PUT : 0u);
	if (*needs == 0)
		*needs = GET;
	r->op = (*needs & PUT) != 0 ? "put" : "get";
	return 0;
}

static int
take_extended(struct sftp *s, struct request *r, struct slice *fields, unsigned *needs, bool *known)
{
	struct slice name;

	if (!get_string(fields, &name))
		return -EPROTO;
	*known = false;
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		const struct extension *x = &extensions[i];

		if (!slice_is(name, x->name))
			continue;
		*known = true;
		*needs = x->needs;
		r->op = x->op;
		return take_fields(s, r, x->fields, fields);
	}
	return 0;
}

static int
take_read(struct sftp *s, struct request *r, struct slice *fields)
{
	struct slice handle;
	uint32_t n;

	if (!get_string(fields, &handle) || !get_u64(fields, &r->offset) || !get_u32(fields, &n))
		return -EPROTO;
	r->file = file_find(s, handle);
	return r->file != NULL ? 0 : -EPROTO;    /* a guessed handle would be read unseen */
}

static int
take_shaped(struct sftp *s, struct request *r, struct slice *fields, unsigned *needs, bool *known)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (shapes[i].type == r->type) {
			r->op = shapes[i].op;
			*needs = shapes[i].needs;
			return take_fields(s, r, shapes[i].fields, fields);
		}
	*known = false;
	return 0;
}

/* A whole request but WRITE: goes on or is answered. */
static int
take_request(struct sftp *s, struct slice packet)
{
	struct slice fields = slice_of(packet.p + 5, packet.n - 5);
	unsigned char type = packet.p[4];
	struct request *r;
	unsigned needs = 0;
	bool known = true;
	uint32_t id;
	int e;

	if (type == INIT)
		return buf_slice_append(&s->up.out, packet);
	if (!get_u32(&fields, &id) || (r = request_new(s, id, type)) == NULL)
		return -EPROTO;
	if (type == OPEN)
		e = take_open(r, &fields, &needs);
	else if (type == READ)
		e = take_read(s, r, &fields);
	else if (type == EXTENDED)
		e = take_extended(s, r, &fields, &needs, &known);
	else
		e = take_shaped(s, r, &fields, &needs, &known);
	if (e != 0)
		return e;
	if (!known || !is_permitted(s, needs))
		return refuse(s, r, known ? FX_PERMISSION_DENIED : FX_OP_UNSUPPORTED);
	return buf_slice_append(&s->up.out, packet);
}

/* The head of a WRITE; its content follows.  A handle that we know was permitted to be written to. */
static int
take_write(struct sftp *s, struct slice head)
{
	struct slice fields = slice_of(head.p + 5, head.n - 5), handle;
	struct request *r;
	uint64_t offset;
	uint32_t id, n;

	if (!get_u32(&fields, &id) || !get_string(&fields, &handle) || !get_u64(&fields, &offset) || !get_u32(&fields, &n))
		return -EPROTO;
	r = request_new(s, id, WRITE);
	if (r == NULL)
		return -EPROTO;
	r->file = file_find(s, handle);
	/* Handles are ours to know: without one that was opened for writing nothing is written. */
	if (r->file == NULL || (r->file->flags & OPEN_WRITE) == 0)
		return -EPROTO;
	r->length = n;
	content_starts(r->file, 1, offset);
	s->up.file = r->file;
	s->up.side = 1;
	s->up.body = n;
	return buf_slice_append(&s->up.out, head);
}

/* ---- answers ---- */

static int
take_handle(struct sftp *s, struct request *r, struct slice *fields)
{
	struct file *f = s->files;
	struct slice handle;

	if (!get_string(fields, &handle) || handle.n > HANDLE_MAX || (r->type != OPEN && r->type != OPENDIR))
		return -EPROTO;
	while (f < s->files + FILES_MAX && f->used)
		f++;
	if (f == s->files + FILES_MAX)
		return -EPROTO;
	*f = (struct file){ .used = true, .dir = r->type == OPENDIR, .handle_n = handle.n, .path = r->path, .flags = r->flags };
	memcpy(f->handle, handle.p, handle.n);
	if (f->dir)
		row_request(s, r, FX_OK, false);
	r->path = NULL;
	return 0;
}

static void
forget_file(struct sftp *s, struct file *f)
{
	for (struct request *r = s->requests; r < s->requests + s->requests_top; r++)
		if (r->file == f)
			r->file = NULL;
	if (s->up.file == f)
		s->up.file = NULL;
	if (s->down.file == f)
		s->down.file = NULL;
	file_free(f);
}

static int
take_status(struct sftp *s, struct request *r, struct slice *fields)
{
	struct file *f = r->file;
	uint32_t status;

	if (!get_u32(fields, &status))
		return -EPROTO;
	if (r->type == READ && status == FX_EOF && f != NULL)
		f->at_end = f->at_end || r->offset == f->next[0];
	if (r->type == WRITE && status != FX_OK && f != NULL)
		f->scattered[1] = true;
	if (r->type == CLOSE && f != NULL) {
		row_file(s, f, status);
		forget_file(s, f);
	}
	row_request(s, r, status, false);
	return 0;
}

static int
take_answer(struct sftp *s, struct slice packet)
{
	struct slice fields = slice_of(packet.p + 5, packet.n - 5);
	unsigned char type = packet.p[4];
	struct request *r;
	uint32_t id;
	int e = 0;

	if (type == VERSION_)
		return buf_slice_append(&s->down.out, packet);
	if (!get_u32(&fields, &id) || (r = request_find(s, id)) == NULL)
		return -EPROTO;
	if (type == HANDLE)
		e = take_handle(s, r, &fields);
	else if (type == STATUS)
		e = take_status(s, r, &fields);
	else
		row_request(s, r, FX_OK, false);
	request_free(s, r);
	return e == 0 ? buf_slice_append(&s->down.out, packet) : e;
}

/* The head of a DATA; its content follows. */
static int
take_data(struct sftp *s, struct slice head)
{
	struct slice fields = slice_of(head.p + 5, head.n - 5);
	struct request *r;
	uint32_t id, n;

	if (!get_u32(&fields, &id) || !get_u32(&fields, &n) || (r = request_find(s, id)) == NULL || r->type != READ)
		return -EPROTO;
	s->down.file = r->file;
	s->down.side = 0;
	s->down.body = n;
	if (r->file != NULL)
		content_starts(r->file, 0, r->offset);
	request_free(s, r);
	return buf_slice_append(&s->down.out, head);
}

/* ---- streams ---- */

static uint32_t
u32_at(const struct buf *b, size_t at)
{
	struct slice s = slice_of(b->p + at, 4);
	uint32_t v = 0;

	(void)get_u32(&s, &v);
	return v;
}

/* How many bytes must be held before the packet can be judged; 0: it is beyond a limit. */
static size_t
bytes_wanted(const struct buf *held)
{
	uint32_t n;

	if (held->len < 5)
		return 5;
	n = u32_at(held, 0);
	if (n < 5 || n > PACKET_MAX)
		return 0;
	if (held->p[4] == DATA)
		return n >= 9 ? 13 : 0;
	if (held->p[4] != WRITE)
		return 4 + (size_t)n;
	if (held->len < 13)
		return n >= 21 ? 13 : 0;
	return u32_at(held, 9) <= HANDLE_MAX && n >= 21 + u32_at(held, 9) ? 25 + (size_t)u32_at(held, 9) : 0;
}

/* Content must fill its packet exactly, or the next one would begin elsewhere than we think. */
static int
body_fits(const struct stream *st, size_t head)
{
	return head + st->body == 4 + (uint64_t)u32_at(&st->held, 0) ? 0 : -EPROTO;
}

static int
take_held(struct sftp *s, enum sftp_way way, struct stream *st)
{
	struct slice packet = buf_slice(&st->held);
	int r;

	if (way == SFTP_UP)
		r = packet.p[4] == WRITE ? take_write(s, packet) : packet.p[4] == DATA ? -EPROTO : take_request(s, packet);
	else
		r = packet.p[4] == DATA ? take_data(s, packet) : packet.p[4] == WRITE ? -EPROTO : take_answer(s, packet);
	if (r == 0 && (packet.p[4] == WRITE || packet.p[4] == DATA))
		r = body_fits(st, packet.n);
	buf_clear(&st->held);
	return r;
}

static int
answers_out(struct sftp *s)
{
	int r = 0;

	if (s->answers.len == 0 || s->down.held.len > 0 || s->down.body > 0)
		return 0;
	r = buf_slice_append(&s->down.out, buf_slice(&s->answers));
	buf_clear(&s->answers);
	return r;
}

int
sftp_feed(struct sftp *s, enum sftp_way way, const unsigned char *p, size_t n)
{
	struct stream *st = way == SFTP_UP ? &s->up : &s->down;
	int r = 0;

	while (r == 0 && n > 0) {
		size_t want = st->body > 0 ? 0 : bytes_wanted(&st->held), k;

		if (st->body > 0) {
			k = st->body < n ? (size_t)st->body : n;
			r = buf_append(&st->out, p, k);
			content_passes(st, p, k);
			st->body -= k;
		} else if (want == 0) {
			return -EPROTO;
		} else {
			k = want - st->held.len < n ? want - st->held.len : n;
			r = buf_append(&st->held, p, k);
			if (r == 0 && st->held.len == want && (want = bytes_wanted(&st->held)) == st->held.len && want > 5)
				r = take_held(s, way, st);
		}
		p += k;
		n -= k;
		if (r == 0)
			r = answers_out(s);
	}
	return r == -ENOBUFS ? -EPROTO : r;
}

struct buf *
sftp_out(struct sftp *s, enum sftp_way way)
{
	return way == SFTP_UP ? &s->up.out : &s->down.out;
}

struct sftp *
sftp_new(bool may_get, bool may_put, sftp_row_fn *fn, void *arg)
{
	struct sftp *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->may_get = may_get;
	s->may_put = may_put;
	s->fn = fn;
	s->arg = arg;
	buf_init(&s->up.held, PACKET_MAX + 4);
	buf_init(&s->down.held, PACKET_MAX + 4);
	buf_init(&s->up.out, OUT_MAX);
	buf_init(&s->down.out, OUT_MAX);
	buf_init(&s->answers, OUT_MAX);
	return s;
}

void
sftp_free(struct sftp *s)
{
	if (s == NULL)
		return;
	for (struct file *f = s->files; f < s->files + FILES_MAX; f++)
		if (f->used) {
			row_file(s, f, SFTP_NO_ANSWER);
			file_free(f);
		}
	for (unsigned i = s->requests_top; i > 0; i--)
		request_free(s, &s->requests[i - 1]);
	buf_done(&s->up.held);
	buf_done(&s->down.held);
	buf_done(&s->up.out);
	buf_done(&s->down.out);
	buf_done(&s->answers);
	free(s);
}

const char *
sftp_status_name(uint32_t status)
{
	static const char *const names[] = { "ok", "end of file", "no such file", "permission denied", "failure", "bad message",
		"no connection", "connection lost", "not supported" };

	if (status == SFTP_NO_ANSWER)
		return "interrupted";
	return status < sizeof(names) / sizeof(names[0]) ? names[status] : "?";
}
