/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What the target answers: each answer ends its request, and most of them make its row. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "front/sftp_parts.h"

/* Versions beyond 3 have other fields; the client was not let ask for them. */
static int
take_version(struct sftp *s, struct slice packet)
{
	struct slice fields = slice_of(packet.p + 5, packet.n - 5);
	uint32_t version;

	if (!be_take_u32(&fields, &version) || version > 3)
		return -EPROTO;
	return buf_slice_append(&s->down.out, packet);
}

static int
take_handle(struct sftp *s, struct request *r, struct slice *fields)
{
	struct slice handle;
	struct file *f;

	if ((r->type != OPEN && r->type != OPENDIR) || !be_take_string(fields, &handle) || handle.n > HANDLE_MAX)
		return -EPROTO;
	if (r->type == OPENDIR)
		sftp_row(s, r, FX_OK, false);
	f = sftp_file_new(s, handle, r->path, r->flags, r->type == OPENDIR);
	if (f == NULL)
		return -EPROTO;
	f->real = r->real;
	r->path = r->real = NULL;
	return 0;
}

static int
take_status(struct sftp *s, struct request *r, struct slice *fields)
{
	struct file *f = r->file;
	uint32_t status;

	if (!be_take_u32(fields, &status))
		return -EPROTO;
	if (f != NULL && r->type == READ && status == FX_EOF && r->offset < f->end)
		f->end = r->offset;
	if (f != NULL && r->type == WRITE && status != FX_OK)
		f->changed = true;
	if (f != NULL && r->resizes && status == FX_OK) {
		f->cut = f->cut || r->cuts;
		f->changed = f->changed || !r->cuts;
	}
	sftp_row(s, r, status, false);
	if (f != NULL && r->type == CLOSE) {
		r->file = NULL;
		f->requests--;
		sftp_file_end(s, f, status);
	}
	return 0;
}

static bool
is_stat(const struct request *r)
{
	return r->type == STAT || r->type == LSTAT || r->type == FSTAT;
}

static int
take_attrs(struct sftp *s, struct request *r, struct slice *fields)
{
	uint32_t flags;
	uint64_t size;

	if (!be_take_u32(fields, &flags))
		return -EPROTO;
	if ((flags & ATTR_SIZE) == 0)
		return 0;
	if (!be_take_u64(fields, &size))
		return -EPROTO;
	if (r->file != NULL) {
		r->file->told = true;
		r->file->size = size;
	} else if (r->path != NULL) {
		free(s->stat_path);
		s->stat_path = r->path;
		s->stat_size = size;
		r->path = NULL;
	}
	return 0;
}

int
sftp_take_answer(struct sftp *s, struct slice packet)
{
	struct slice fields = slice_of(packet.p + 5, packet.n - 5);
	unsigned char type = packet.p[4];
	struct request *r;
	uint32_t id;
	int e = 0;

	if (type == VERSION_)
		return take_version(s, packet);
	if (!be_take_u32(&fields, &id) || (r = sftp_request_find(s, id)) == NULL)
		return -EPROTO;
	if (r == s->held.r)
		return -EPROTO;                  /* it has not been asked yet */
	if (r->ours)
		return sftp_take_real(s, r, type, fields);
	if (type == HANDLE)
		e = take_handle(s, r, &fields);
	else if (type == STATUS)
		e = take_status(s, r, &fields);
	else if (type == ATTRS && is_stat(r))
		e = take_attrs(s, r, &fields);
	else
		sftp_row(s, r, FX_OK, false);
	sftp_request_free(s, r);
	return e == 0 ? buf_slice_append(&s->down.out, packet) : e;
}

int
sftp_take_data(struct sftp *s, struct slice head)
{
	struct slice fields = slice_of(head.p + 5, head.n - 5);
	struct request *r;
	uint32_t id, n;

	if (!be_take_u32(&fields, &id) || !be_take_u32(&fields, &n) || (r = sftp_request_find(s, id)) == NULL || r->type != READ)
		return -EPROTO;
	s->down.file = r->file;
	s->down.body = n;
	if (r->file != NULL) {
		s->down.passage = &r->file->out;
		sftp_content_starts(r->file, s->down.passage, r->offset);
	}
	sftp_request_free(s, r);
	return buf_slice_append(&s->down.out, head);
}
