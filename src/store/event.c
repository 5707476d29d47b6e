/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Events: from messages to rows. */
#include <errno.h>
#include <string.h>

#include "base/id.h"
#include "store/store.h"

#define TEXTS_MAX 350000

/* A session comes as 16 bytes or as its text. */
static int
session_text(struct buf *out, struct slice s)
{
	char text[ID_TEXT];

	if (s.n == ID_BYTES)
		return buf_text(out, id_print(s.p, text));
	return db_text(out, s);
}

int
event_add(struct store *st, wall_t at, mono_t at_mono, const struct msg_event *m, struct err *e)
{
	struct db_event v = { .t_us = at.us, .mono_us = at_mono.us, .boot = st->boot, .class_uid = m->class_uid,
		.activity = m->activity, .severity = m->severity, .ok = m->ok != 0 };
	const struct { struct slice from; const char **to; } texts[] = {
		{ m->actor, &v.actor }, { m->session, &v.session }, { m->host, &v.host }, { m->src, &v.src },
		{ m->text, &v.text }, { m->detail, &v.detail },
	};
	size_t n[6];
	struct buf pool;
	int r = 0;

	buf_init(&pool, TEXTS_MAX);
	for (size_t i = 0; i < 6 && r == 0; i++) {
		n[i] = pool.len;
		r = texts[i].to == &v.session ? session_text(&pool, texts[i].from) :
		    texts[i].to == &v.detail ? db_json(st->db, &pool, texts[i].from) : db_text(&pool, texts[i].from);
		if (r == 0)
			r = buf_u8(&pool, 0);
	}
	for (size_t i = 0; i < 6 && r == 0; i++)
		*texts[i].to = (const char *)pool.p + n[i];
	r = r == 0 ? db_event_add(st->db, &v, e) : err_set(e, r, "an event does not fit");
	buf_done(&pool);
	return r;
}

int
apply_event(struct store *st, struct op *op, struct err *e)
{
	struct msg_event m;

	if (msg_unpack(MSG_EVENT, slice_of(op->bytes.p + 2, op->bytes.len - 2), &m) != 0)
		return -EINVAL;
	st->sign_now = st->sign_now || m.sign != 0;
	return event_add(st, op->at, op->at_mono, &m, e);
}
