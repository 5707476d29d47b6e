/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Where the policy looks at paths.  A request is held back, and the client's stream with it: the target is asked where the
 * path leads (REALPATH, under an id of ours, whose answer the client does not see), the owner whether that is permitted;
 * then the request goes on with the path that was judged in the client's one's place.  Of what names a directory's entry
 * (to remove it, say) and not what that leads to, the directory is asked for.  A path cannot be pinned down more than
 * this by SFTP: whoever may change directories of the target meanwhile can still lead it elsewhere.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "front/sftp_parts.h"

static const char no_place[] = "the host does not say where this path leads";

static void
held_done(struct sftp *s)
{
	struct held *h = &s->held;

	for (unsigned i = 0; i < h->names_n; i++)
		free(h->names[i].real);
	buf_done(&h->packet);
	*h = (struct held){ 0 };
	buf_init(&h->packet, PACKET_MAX + 4);
}

/* refused: by the policy, and not by the target. */
static int
held_refuse(struct sftp *s, uint32_t status, const char *words, bool refused)
{
	struct request *r = s->held.r;

	held_done(s);
	return sftp_refuse(s, r, status, words, refused);
}

/* ---- where it leads ---- */

/* "a/b/" is in "a", as "b"; what ends in . or .. is a directory itself.  False: it is to be asked for as it is. */
static bool
split(struct slice name, struct slice *directory, struct slice *entry)
{
	const unsigned char *slash;

	while (name.n > 1 && name.p[name.n - 1] == '/')
		name.n--;
	slash = name.n > 0 ? memrchr(name.p, '/', name.n) : NULL;
	*entry = slash != NULL ? slice_of(slash + 1, (size_t)(name.p + name.n - slash - 1)) : name;
	*directory = slash == NULL ? slice_from(".") : slash == name.p ? slice_from("/") : slice_of(name.p, (size_t)(slash - name.p));
	return entry->n > 0 && !slice_is(*entry, ".") && !slice_is(*entry, "..");
}

static struct slice
name_text(const struct held *h, const struct held_name *n)
{
	return n->at > 0 ? slice_of(h->packet.p + n->at + 4, n->n) : slice_from(h->r->file->path);
}

static int
realpath_ask(struct sftp *s, struct held_name *n)
{
	struct slice path = name_text(&s->held, n), directory;
	struct buf *b = &s->up.out;
	struct request *r;
	int e;

	n->splits = n->entry && split(path, &directory, &n->last);
	if (n->splits)
		path = directory;
	while (sftp_request_find(s, s->own_id) != NULL)
		s->own_id++;
	r = sftp_request_new(s, s->own_id++, REALPATH);
	if (r == NULL)
		return -EPROTO;
	r->ours = true;
	e = be_put_u32(b, (uint32_t)(1 + 4 + 4 + path.n));
	if (e == 0)
		e = buf_u8(b, REALPATH);
	if (e == 0)
		e = be_put_u32(b, r->id);
	return e == 0 ? be_put_string(b, path) : e;
}

/* NAME: u32 count, string name, … of which only the first matters. */
static bool
take_real(struct held_name *n, struct slice fields)
{
	struct slice real;
	uint32_t count;
	bool root;

	if (!be_take_u32(&fields, &count) || count == 0 || !be_take_string(&fields, &real) || real.n == 0 || real.p[0] != '/' ||
	    real.n > PATH_BYTES || memchr(real.p, '\0', real.n) != NULL)
		return false;
	root = real.n == 1;
	n->real = calloc(1, real.n + 1 + n->last.n + 1);
	if (n->real == NULL)
		return false;
	memcpy(n->real, real.p, real.n);
	if (!n->splits)
		return true;
	if (!root)
		n->real[real.n++] = '/';
	memcpy(n->real + real.n, n->last.p, n->last.n);
	return true;
}

/* ---- may it ---- */

/* The packet with the paths that were judged. */
static int
held_pass(struct sftp *s)
{
	struct held *h = &s->held;
	struct slice rest = buf_slice(&h->packet);
	struct buf *b = &s->up.out;
	size_t total = h->packet.len - 4, from = 4;
	int e;

	for (unsigned i = 0; i < h->names_n; i++)
		if (h->names[i].at > 0)
			total = total - h->names[i].n + strlen(h->names[i].real);
	if (h->r->type == OPEN) {
		h->r->real = strdup(h->names[0].real);
		if (h->r->real == NULL)
			return -ENOMEM;
	}
	e = be_put_u32(b, (uint32_t)total);
	for (unsigned i = 0; e == 0 && i < h->names_n; i++) {
		const struct held_name *n = &h->names[i];

		if (n->at == 0)
			continue;
		e = buf_append(b, rest.p + from, n->at - from);
		if (e == 0)
			e = be_put_text(b, n->real);
		from = n->at + 4 + n->n;
	}
	if (e == 0)
		e = buf_append(b, rest.p + from, rest.n - from);
	held_done(s);
	return e;
}

/* One question after the other; the request goes on after the last. */
static int
held_go(struct sftp *s)
{
	struct held *h = &s->held;

	for (unsigned i = 0; i < h->names_n; i++)
		if (h->names[i].real == NULL)
			return realpath_ask(s, &h->names[i]);
	for (; h->asked < 2 * h->names_n; h->asked++) {
		unsigned need = h->asked % 2 == 0 ? GET : PUT;

		if ((h->needs & need) == 0)
			continue;
		s->ask(s->arg, need == GET ? "get" : "put", slice_from(h->names[h->asked / 2].real));
		return 0;
	}
	return held_pass(s);
}

int
sftp_hold(struct sftp *s, struct request *r, struct slice packet, unsigned needs)
{
	struct held *h = &s->held;
	int e = buf_slice_append(&h->packet, packet);

	h->r = r;
	h->needs = needs;
	if (h->names_n == 0 && r->file != NULL) {
		h->names[0] = (struct held_name){ 0 };
		h->names_n = 1;
		if (r->file->real != NULL && (h->names[0].real = strdup(r->file->real)) == NULL)
			e = -ENOMEM;
	}
	return e == 0 ? held_go(s) : e;
}

int
sftp_take_real(struct sftp *s, struct request *r, unsigned char type, struct slice fields)
{
	struct held *h = &s->held;
	uint32_t status = FX_FAILURE;
	unsigned i = 0;
	int e;

	sftp_request_free(s, r);
	while (i < h->names_n && h->names[i].real != NULL)
		i++;
	if (i == h->names_n)
		return -EPROTO;
	if (type == NAME && take_real(&h->names[i], fields))
		e = held_go(s);
	else if (type == STATUS && be_take_u32(&fields, &status) && status != FX_OK)
		e = held_refuse(s, status, sftp_status_name(status), false);
	else
		e = held_refuse(s, FX_FAILURE, no_place, false);
	return e;
}

int
sftp_decided(struct sftp *s, bool permit, const char *words)
{
	int e;

	if (s->held.r == NULL)
		return 0;
	s->held.asked++;
	e = permit ? held_go(s) : held_refuse(s, FX_PERMISSION_DENIED, words, true);
	return e == 0 ? sftp_go_on(s) : e;
}

void
sftp_ask_paths(struct sftp *s, bool get, bool put, sftp_ask_fn *ask)
{
	s->by_path = (get ? GET : 0u) | (put ? PUT : 0u);
	s->ask = ask;
}

void
sftp_path_done(struct sftp *s)
{
	held_done(s);
	buf_done(&s->held.packet);
}
