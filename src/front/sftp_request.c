/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What the client asks: each request is read, judged, and goes on or is answered here.  What is not understood does
 * not reach the target, so the tables below are all that can.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front/sftp_parts.h"

static const char no_policy[] = "the bastion's policy does not permit this", no_operation[] = "the bastion does not know this operation",
    no_handle[] = "no such handle", no_room[] = "too many files are open at once";

/* What each request carries after its id, and what it needs.  s: a path that stands for what it leads to, n: one that is an
 * entry itself, N: a second one, t: one that is only text, h: a handle, a: attributes, c: those of copy-data. */
static const struct shape {
	unsigned char type;
	const char *fields, *op;
	unsigned needs;
} shapes[] = {
	{ CLOSE, "h", NULL, 0 },           { LSTAT, "s", NULL, 0 },        { FSTAT, "h", NULL, 0 },
	{ SETSTAT, "sa", "setstat", PUT }, { FSETSTAT, "ha", "setstat", PUT }, { OPENDIR, "s", "list", 0 },
	{ READDIR, "h", NULL, 0 },         { REMOVE, "n", "remove", PUT }, { MKDIR, "n", "mkdir", PUT },
	{ RMDIR, "n", "rmdir", PUT },      { REALPATH, "s", NULL, 0 },     { STAT, "s", NULL, 0 },
	{ RENAME, "nN", "rename", PUT },   { READLINK, "s", NULL, 0 },     { SYMLINK, "tN", "symlink", PUT },
};

static const struct extension {
	const char *name, *fields, *op;
	unsigned needs;
} extensions[] = {
	{ "posix-rename@openssh.com", "nN", "rename", PUT }, { "statvfs@openssh.com", "s", NULL, 0 },
	{ "fstatvfs@openssh.com", "h", NULL, 0 },            { "hardlink@openssh.com", "nN", "link", PUT },
	{ "fsync@openssh.com", "h", NULL, 0 },               { "lsetstat@openssh.com", "na", "setstat", PUT },
	{ "limits@openssh.com", "", NULL, 0 },               { "expand-path@openssh.com", "s", NULL, 0 },
	{ "home-directory", "s", NULL, 0 },                  { "users-groups-by-id@openssh.com", "", NULL, 0 },
	{ "copy-data", "c", "copy", PUT },
};

/* ---- requests that wait for their answer ---- */

struct request *
sftp_request_find(struct sftp *s, uint32_t id)
{
	struct request *r = s->buckets[id % BUCKETS];

	while (r != NULL && r->id != id)
		r = r->next;
	return r;
}

/* NULL: the id is taken.  There is room: a client's stream waits when there is none. */
struct request *
sftp_request_new(struct sftp *s, uint32_t id, unsigned char type)
{
	struct request *r = s->free;

	if (sftp_request_find(s, id) != NULL || (r == NULL && s->requests_top == REQUESTS_MAX))
		return NULL;
	if (r != NULL)
		s->free = r->next;
	else
		r = &s->requests[s->requests_top++];
	*r = (struct request){ .used = true, .id = id, .type = type, .next = s->buckets[id % BUCKETS] };
	s->buckets[id % BUCKETS] = r;
	s->requests_n++;
	s->opening += type == OPEN || type == OPENDIR;
	return r;
}

static void
request_names(struct request *r, struct file *f)
{
	r->file = f;
	if (f != NULL)
		f->requests++;
}

void
sftp_request_free(struct sftp *s, struct request *r)
{
	struct request **at = &s->buckets[r->id % BUCKETS];

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	s->requests_n--;
	s->opening -= r->type == OPEN || r->type == OPENDIR;
	if (r->file != NULL)
		r->file->requests--;
	free(r->path);
	free(r->other);
	free(r->set);
	free(r->real);
	*r = (struct request){ .next = s->free };
	s->free = r;
}

void
sftp_row(struct sftp *s, const struct request *r, uint32_t status, bool refused)
{
	struct sftp_row row = { .op = r->op, .status = status, .refused = refused, .bytes = r->length, .moved = r->length, .coverage = "" };

	if (r->op == NULL)
		return;
	row.path = slice_from(r->path != NULL ? r->path : r->file != NULL ? r->file->path : "");
	row.other = slice_from(r->other);
	row.set = slice_from(r->set);
	s->fn(s->arg, &row);
}

/* ---- fields ---- */

static int
take_path(struct sftp *s, struct slice *fields, bool judged, bool entry, char **ret)
{
	size_t at = (size_t)(fields->p - s->base);
	struct slice path;

	/* A NUL would end the path elsewhere for the target than for us. */
	if (!be_take_string(fields, &path) || path.n > PATH_BYTES || (path.n > 0 && memchr(path.p, '\0', path.n) != NULL))
		return -EPROTO;
	if (judged)
		s->held.names[s->held.names_n++] = (struct held_name){ .at = at, .n = path.n, .entry = entry };
	*ret = slice_dup(path);
	return *ret != NULL ? 0 : -ENOMEM;
}

/* u32 flags, then what they say: "size=0 uid=1 gid=1 mode=0644 times". */
static int
take_attrs(struct request *r, struct slice *fields)
{
	char text[120];
	uint32_t flags, a = 0, b = 0;
	uint64_t size;
	int n = 0;

	if (!be_take_u32(fields, &flags))
		return -EPROTO;
	if ((flags & ATTR_SIZE) != 0 && !be_take_u64(fields, &size))
		return -EPROTO;
	r->resizes = (flags & ATTR_SIZE) != 0;
	r->cuts = r->resizes && r->file != NULL && sftp_content_is(&r->file->in, size);
	if (r->resizes)
		n += snprintf(text, sizeof(text), " size=%llu", (unsigned long long)size);
	if ((flags & ATTR_OWNER) != 0 && (!be_take_u32(fields, &a) || !be_take_u32(fields, &b)))
		return -EPROTO;
	if ((flags & ATTR_OWNER) != 0)
		n += snprintf(text + n, sizeof(text) - (size_t)n, " uid=%u gid=%u", a, b);
	if ((flags & ATTR_MODE) != 0 && !be_take_u32(fields, &a))
		return -EPROTO;
	if ((flags & ATTR_MODE) != 0)
		n += snprintf(text + n, sizeof(text) - (size_t)n, " mode=%04o", a & 07777);
	if ((flags & ATTR_TIMES) != 0)
		n += snprintf(text + n, sizeof(text) - (size_t)n, " times");
	r->set = strdup(n > 0 ? text + 1 : "");
	return r->set != NULL ? 0 : -ENOMEM;
}

static int
take_handle(struct sftp *s, struct request *r, struct slice *fields)
{
	struct slice handle;

	if (!be_take_string(fields, &handle))
		return -EPROTO;
	request_names(r, sftp_file_find(s, handle));
	return 0;
}

/* u32 handle, u64 offset, u64 length, u32 handle, u64 offset: the second file is written. */
static int
take_copy(struct sftp *s, struct request *r, struct slice *fields)
{
	struct slice from, to;
	uint64_t offset;
	struct file *f;

	if (!be_take_string(fields, &from) || !be_take_u64(fields, &offset) || !be_take_u64(fields, &r->length) ||
	    !be_take_string(fields, &to) || !be_take_u64(fields, &offset))
		return -EPROTO;
	f = sftp_file_find(s, from);
	request_names(r, sftp_file_find(s, to));
	if (f == NULL || r->file == NULL)
		return 0;                        /* the target will say so */
	r->path = strdup(f->path);
	r->other = strdup(r->file->path);
	r->file->changed = true;
	return r->path != NULL && r->other != NULL ? 0 : -ENOMEM;
}

static int
take_fields(struct sftp *s, struct request *r, const char *shape, struct slice *fields)
{
	int e = 0;

	for (; e == 0 && *shape != '\0'; shape++) {
		if (*shape == 's' || *shape == 'n' || *shape == 't')
			e = take_path(s, fields, *shape != 't', *shape == 'n', &r->path);
		else if (*shape == 'N')
			e = take_path(s, fields, true, true, &r->other);
		else if (*shape == 'a')
			e = take_attrs(r, fields);
		else if (*shape == 'c')
			e = take_copy(s, r, fields);
		else
			e = take_handle(s, r, fields);
	}
	return e;
}

/* ---- what is asked ---- */

/* What is to be known of a request before it is judged. */
struct judged {
	unsigned needs;
	uint32_t refuse;                     /* a status, or 0 */
	const char *words;
};

static int
take_open(struct sftp *s, struct request *r, struct slice *fields, struct judged *j)
{
	uint32_t flags;
	int e = take_path(s, fields, true, false, &r->path);

	if (e == 0 && !be_take_u32(fields, &flags))
		e = -EPROTO;
	if (e != 0)
		return e;
	r->flags = flags & (OPEN_READ | OPEN_WRITE | OPEN_APPEND | OPEN_CREAT | OPEN_TRUNC | OPEN_EXCL);
	if ((flags & (OPEN_APPEND | OPEN_CREAT | OPEN_TRUNC)) != 0)
		r->flags |= OPEN_WRITE;
	if (r->flags == 0)
		r->flags = OPEN_READ;
	j->needs = ((r->flags & OPEN_READ) != 0 ? GET : 0u) | ((r->flags & OPEN_WRITE) != 0 ? PUT : 0u);
	r->op = (j->needs & PUT) != 0 ? "put" : "get";
	if (s->files_n + s->opening > FILES_MAX)
		*j = (struct judged){ 0, FX_FAILURE, no_room };
	return 0;
}

static int
take_extended(struct sftp *s, struct request *r, struct slice *fields, struct judged *j)
{
	struct slice name;

	if (!be_take_string(fields, &name))
		return -EPROTO;
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
		if (slice_is(name, extensions[i].name)) {
			j->needs = extensions[i].needs;
			r->op = extensions[i].op;
			return take_fields(s, r, extensions[i].fields, fields);
		}
	*j = (struct judged){ 0, FX_OP_UNSUPPORTED, no_operation };
	return 0;
}

/* A guessed handle would be read unseen. */
static int
take_read(struct sftp *s, struct request *r, struct slice *fields, struct judged *j)
{
	uint32_t n;
	int e = take_handle(s, r, fields);

	if (e == 0 && (!be_take_u64(fields, &r->offset) || !be_take_u32(fields, &n)))
		e = -EPROTO;
	j->needs = GET;                          /* it may have been taken back since the file was opened */
	if (e == 0 && r->file == NULL)
		*j = (struct judged){ 0, FX_FAILURE, no_handle };
	return e;
}

static int
take_shaped(struct sftp *s, struct request *r, struct slice *fields, struct judged *j)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (shapes[i].type == r->type) {
			j->needs = shapes[i].needs;
			r->op = shapes[i].op;
			if (r->type == OPENDIR && s->files_n + s->opening > FILES_MAX)
				*j = (struct judged){ 0, FX_FAILURE, no_room };
			return take_fields(s, r, shapes[i].fields, fields);
		}
	*j = (struct judged){ 0, FX_OP_UNSUPPORTED, no_operation };
	return 0;
}

/* ---- the judgement ---- */

static int
answer_status(struct sftp *s, uint32_t id, uint32_t status, const char *words)
{
	struct buf *b = &s->answers;
	size_t n = strlen(words);
	int r = be_put_u32(b, (uint32_t)(1 + 4 + 4 + 4 + n + 4));

	if (r == 0)
		r = buf_u8(b, STATUS);
	if (r == 0)
		r = be_put_u32(b, id);
	if (r == 0)
		r = be_put_u32(b, status);
	if (r == 0)
		r = be_put_text(b, words);
	return r == 0 ? be_put_u32(b, 0) : r;
}

int
sftp_refuse(struct sftp *s, struct request *r, uint32_t status, const char *words, bool refused)
{
	int e = answer_status(s, r->id, status, words);

	sftp_row(s, r, status, refused);
	sftp_request_free(s, r);
	return e;
}

static bool
is_permitted(const struct sftp *s, unsigned needs)
{
	return ((needs & GET) == 0 || s->may_get) && ((needs & PUT) == 0 || s->may_put);
}

/* Versions beyond 3 have other fields: whatever the client would like, the target is asked for 3. */
static int
take_init(struct sftp *s, struct slice packet)
{
	struct slice fields = slice_of(packet.p + 5, packet.n - 5);
	uint32_t version;
	int r;

	if (!be_take_u32(&fields, &version))
		return -EPROTO;
	r = buf_append(&s->up.out, packet.p, 5);
	if (r == 0)
		r = be_put_u32(&s->up.out, version < 3 ? version : 3);
	return r == 0 ? buf_slice_append(&s->up.out, fields) : r;
}

int
sftp_take_request(struct sftp *s, struct slice packet)
{
	struct slice fields = slice_of(packet.p + 5, packet.n - 5);
	unsigned char type = packet.p[4];
	struct judged j = { 0, 0, NULL };
	struct request *r;
	uint32_t id;
	int e;

	s->base = packet.p;
	s->held.names_n = 0;
	if (type == INIT)
		return take_init(s, packet);
	if (!be_take_u32(&fields, &id) || (r = sftp_request_new(s, id, type)) == NULL)
		return -EPROTO;
	if (type == OPEN)
		e = take_open(s, r, &fields, &j);
	else if (type == READ)
		e = take_read(s, r, &fields, &j);
	else if (type == EXTENDED)
		e = take_extended(s, r, &fields, &j);
	else
		e = take_shaped(s, r, &fields, &j);
	if (e != 0)
		return e;
	if (j.refuse != 0)
		return sftp_refuse(s, r, j.refuse, j.words, true);
	if (!is_permitted(s, j.needs))
		return sftp_refuse(s, r, FX_PERMISSION_DENIED, no_policy, true);
	if ((j.needs & s->by_path) != 0 && (s->held.names_n > 0 || r->type == FSETSTAT))
		return sftp_hold(s, r, packet, j.needs & s->by_path);
	return buf_slice_append(&s->up.out, packet);
}

/* Its content follows.  A handle that we know to be open for writing was permitted to be (and may be no more); any other is written nothing. */
int
sftp_take_write(struct sftp *s, struct slice head)
{
	struct slice fields = slice_of(head.p + 5, head.n - 5), handle;
	struct request *r;
	uint64_t offset;
	uint32_t id, n;

	if (!be_take_u32(&fields, &id) || !be_take_string(&fields, &handle) || !be_take_u64(&fields, &offset) ||
	    !be_take_u32(&fields, &n) || (r = sftp_request_new(s, id, WRITE)) == NULL)
		return -EPROTO;
	s->up.body = n;
	request_names(r, sftp_file_find(s, handle));
	s->up.drop = r->file == NULL || (r->file->flags & OPEN_WRITE) == 0 || !s->may_put;
	if (s->up.drop)
		return s->may_put ? sftp_refuse(s, r, FX_FAILURE, no_handle, true) : sftp_refuse(s, r, FX_PERMISSION_DENIED, no_policy, true);
	r->length = n;
	s->up.file = r->file;
	s->up.passage = &r->file->in;
	sftp_content_starts(r->file, s->up.passage, offset);
	return buf_slice_append(&s->up.out, head);
}
