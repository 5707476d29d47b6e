/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* See record.h.  The parser knows just the JSON that record_json writes: flat objects of strings and whole numbers. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"
#include "ctl/record.h"

#define EVENT(f)   offsetof(struct db_event, f)
#define SESSION(f) offsetof(struct db_session, f)
#define SEGMENT(f) offsetof(struct record_segment, s.f)

const struct record_field record_events[] = {
	{ "leaf", RECORD_I64, EVENT(leaf) }, { "id", RECORD_I64, EVENT(id) }, { "time", RECORD_TIME, EVENT(t_us) },
	{ "time_us", RECORD_I64, EVENT(t_us) }, { "mono_us", RECORD_I64, EVENT(mono_us) }, { "boot", RECORD_TEXT, EVENT(boot) },
	{ "class", RECORD_U32, EVENT(class_uid) }, { "activity", RECORD_U32, EVENT(activity) },
	{ "severity", RECORD_U32, EVENT(severity) }, { "ok", RECORD_U32, EVENT(ok) }, { "actor", RECORD_TEXT, EVENT(actor) },
	{ "session", RECORD_TEXT, EVENT(session) }, { "host", RECORD_TEXT, EVENT(host) }, { "src", RECORD_TEXT, EVENT(src) },
	{ "text", RECORD_TEXT, EVENT(text) }, { "detail", RECORD_TEXT, EVENT(detail) }, { NULL, 0, 0 },
};

const struct record_field record_sessions[] = {
	{ "id", RECORD_TEXT, SESSION(id_text) }, { "conn", RECORD_U64, SESSION(conn) }, { "user", RECORD_TEXT, SESSION(user) },
	{ "login", RECORD_TEXT, SESSION(login) }, { "host", RECORD_TEXT, SESSION(host) }, { "addr", RECORD_TEXT, SESSION(addr) },
	{ "src", RECORD_TEXT, SESSION(src) }, { "method", RECORD_TEXT, SESSION(method) },
	{ "channel", RECORD_TEXT, SESSION(channel) }, { "command", RECORD_TEXT, SESSION(command) },
	{ "term", RECORD_TEXT, SESSION(term) }, { "cols", RECORD_U32, SESSION(cols) }, { "rows", RECORD_U32, SESSION(rows) },
	{ "rule", RECORD_TEXT, SESSION(rule) }, { "policy", RECORD_TEXT, SESSION(policy) }, { "node", RECORD_TEXT, SESSION(node) },
	{ "boot", RECORD_TEXT, SESSION(boot) }, { "start", RECORD_TIME, SESSION(start_us) },
	{ "start_us", RECORD_I64, SESSION(start_us) }, { "start_mono_us", RECORD_I64, SESSION(start_mono_us) },
	{ "open_leaf", RECORD_I64, SESSION(open_leaf) }, { "state", RECORD_TEXT, SESSION(state) },
	{ "end", RECORD_TIME, SESSION(end_us) }, { "end_us", RECORD_I64, SESSION(end_us) },
	{ "close_leaf", RECORD_I64, SESSION(close_leaf) }, { "reason", RECORD_TEXT, SESSION(reason) },
	{ "exit", RECORD_TEXT, SESSION(exit) }, { "bytes", RECORD_U64, SESSION(bytes) }, { "frames", RECORD_U64, SESSION(frames) },
	{ "segments", RECORD_U32, SESSION(segments) }, { "chain", RECORD_HASH, SESSION(chain) }, { NULL, 0, 0 },
};

const struct record_field record_segments[] = {
	{ "leaf", RECORD_I64, SEGMENT(leaf) }, { "session", RECORD_TEXT, offsetof(struct record_segment, session) },
	{ "no", RECORD_U32, SEGMENT(no) }, { "pos0", RECORD_U64, SEGMENT(pos0) }, { "pos1", RECORD_U64, SEGMENT(pos1) },
	{ "frames", RECORD_U32, SEGMENT(frames) }, { "t0_ms", RECORD_U64, SEGMENT(t0_ms) },
	{ "t1_ms", RECORD_U64, SEGMENT(t1_ms) }, { "prev", RECORD_HASH, SEGMENT(prev) }, { "hash", RECORD_HASH, SEGMENT(hash) },
	{ "erased_us", RECORD_I64, SEGMENT(erased_us) }, { NULL, 0, 0 },
};

/* The id of a session is the one text that lies in its struct. */
static const char *
text_of(const struct record_field *f, const void *row)
{
	const char *base = row;

	if (f->offset == SESSION(id_text) && strcmp(f->name, "id") == 0)
		return base + f->offset;
	return *(const char *const *)(const void *)(base + f->offset);
}

/* The value as text into out; *number: needs no quotes. */
static int
value_put(struct buf *out, const struct record_field *f, const void *row, bool *number)
{
	const unsigned char *p = (const unsigned char *)row + f->offset;
	char time[32];
	int64_t i;
	uint64_t u;
	uint32_t w;

	*number = f->kind == RECORD_I64 || f->kind == RECORD_U64 || f->kind == RECORD_U32;
	switch (f->kind) {
	case RECORD_TEXT:
		return buf_text(out, text_of(f, row));
	case RECORD_HASH:
		return text_hex(out, slice_of(p, HASH_BYTES));
	case RECORD_TIME:
		memcpy(&i, p, sizeof(i));
		return i == 0 ? 0 : buf_text(out, clock_print((wall_t){ i }, time, sizeof(time)));
	case RECORD_I64:
		memcpy(&i, p, sizeof(i));
		return i < 0 ? buf_printf(out, "%lld", (long long)i) : text_decimal(out, (uint64_t)i);
	case RECORD_U64:
		memcpy(&u, p, sizeof(u));
		return text_decimal(out, u);
	case RECORD_U32:
		memcpy(&w, p, sizeof(w));
		return text_decimal(out, w);
	}
	return -EINVAL;
}

static int
name_put(struct buf *out, const char *name)
{
	int r = buf_u8(out, '"');

	if (r == 0)
		r = buf_text(out, name);
	return r == 0 ? buf_text(out, "\":") : r;
}

static int
row_put(struct buf *out, const struct record_field *fields, const void *row, bool json)
{
	struct buf value;
	bool number;
	int r = json ? buf_text(out, "{") : 0;

	buf_init(&value, LEAF_MAX);
	for (const struct record_field *f = fields; f->name != NULL && r == 0; f++) {
		buf_clear(&value);
		r = f == fields ? 0 : buf_text(out, ",");
		if (r == 0 && json)
			r = name_put(out, f->name);
		if (r == 0)
			r = value_put(&value, f, row, &number);
		if (r == 0)
			r = number ? buf_slice_append(out, buf_slice(&value)) :
			    json ? text_json(out, buf_slice(&value)) : text_csv(out, buf_slice(&value));
	}
	buf_done(&value);
	return r != 0 ? r : buf_text(out, json ? "}\n" : "\r\n");
}

int
record_json(struct buf *out, const struct record_field *fields, const void *row)
{
	return row_put(out, fields, row, true);
}

int
record_csv(struct buf *out, const struct record_field *fields, const void *row)
{
	return row_put(out, fields, row, false);
}

int
record_csv_head(struct buf *out, const struct record_field *fields)
{
	int r = 0;

	for (const struct record_field *f = fields; f->name != NULL && r == 0; f++)
		r = buf_printf(out, "%s%s", f == fields ? "" : ",", f->name);
	return r != 0 ? r : buf_text(out, "\r\n");
}

/* --- reading --- */

static bool
take_char(struct slice *s, char c)
{
	if (s->n == 0 || s->p[0] != (unsigned char)c)
		return false;
	*s = slice_of(s->p + 1, s->n - 1);
	return true;
}

static int
hex4(struct slice *s, uint32_t *v)
{
	*v = 0;
	if (s->n < 4)
		return -EBADMSG;
	for (size_t i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdefABCDEF";
		const char *d = s->p[i] != '\0' ? strchr(digits, s->p[i]) : NULL;

		if (d == NULL)
			return -EBADMSG;
		*v = *v << 4 | (uint32_t)(d - digits < 16 ? d - digits : d - digits - 6);
	}
	*s = slice_of(s->p + 4, s->n - 4);
	return 0;
}

static int
take_unicode(struct slice *s, struct buf *arena)
{
	uint32_t high, low;

	if (hex4(s, &high) != 0)
		return -EBADMSG;
	if (high >= 0xd800 && high < 0xdc00) {
		if (!take_char(s, '\\') || !take_char(s, 'u') || hex4(s, &low) != 0 || low < 0xdc00 || low > 0xdfff)
			return -EBADMSG;
		high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	}
	return high == 0 ? -EBADMSG : text_put_rune(arena, high);
}

static int
take_escape(struct slice *s, struct buf *arena)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	uint8_t c;

	if (!take_u8(s, &c) || c == 0)
		return -EBADMSG;
	if (c == 'u')
		return take_unicode(s, arena);
	at = strchr(from, c);
	return at == NULL ? -EBADMSG : buf_u8(arena, (uint8_t)to[at - from]);
}

/* A string's contents into arena with a NUL behind; *at: where. */
static int
take_string(struct slice *s, struct buf *arena, size_t *at)
{
	size_t n;
	uint8_t c;
	int r = 0;

	*at = arena->len;
	if (!take_char(s, '"'))
		return -EBADMSG;
	while (r == 0) {
		for (n = 0; n < s->n && s->p[n] >= ' ' && s->p[n] != '"' && s->p[n] != '\\'; n++)
			continue;
		r = buf_append(arena, s->p, n);
		*s = slice_of(s->p + n, s->n - n);
		if (r != 0 || !take_u8(s, &c) || c < ' ')
			return -EBADMSG;
		if (c == '"')
			return buf_u8(arena, 0);
		r = take_escape(s, arena);
	}
	return r;
}

static int
take_number(struct slice *s, bool *negative, uint64_t *v)
{
	struct slice digits;
	size_t n = 0;

	*negative = take_char(s, '-');
	while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
		n++;
	digits = slice_of(s->p, n);
	*s = slice_of(s->p + n, s->n - n);
	return text_u64(digits, UINT64_MAX, v) ? 0 : -EBADMSG;
}

static int
hash_get(const char *hex, unsigned char *p)
{
	struct buf b;
	int r;

	buf_init(&b, HASH_BYTES);
	r = strlen(hex) == (size_t)HASH_BYTES * 2 ? text_unhex(&b, slice_from(hex)) : -EBADMSG;
	if (r == 0)
		memcpy(p, b.p, HASH_BYTES);
	buf_done(&b);
	return r == 0 ? 0 : -EBADMSG;
}

static int
number_get(struct slice *s, const struct record_field *f, unsigned char *p)
{
	bool negative;
	uint64_t u;
	int64_t i;
	uint32_t w;

	if (take_number(s, &negative, &u) != 0)
		return -EBADMSG;
	if (f->kind == RECORD_I64) {
		if (u > INT64_MAX)
			return -EBADMSG;
		i = negative ? -(int64_t)u : (int64_t)u;
		memcpy(p, &i, sizeof(i));
	} else if (negative || (f->kind == RECORD_U32 && u > UINT32_MAX)) {
		return -EBADMSG;
	} else if (f->kind == RECORD_U32) {
		w = (uint32_t)u;
		memcpy(p, &w, sizeof(w));
	} else {
		memcpy(p, &u, sizeof(u));
	}
	return 0;
}

static int
value_get(struct slice *s, const struct record_field *f, void *row, struct buf *arena)
{
	unsigned char *p = (unsigned char *)row + f->offset, id[ID_BYTES];
	const char *text;
	size_t at;

	if (f->kind == RECORD_I64 || f->kind == RECORD_U64 || f->kind == RECORD_U32)
		return number_get(s, f, p);
	if (take_string(s, arena, &at) != 0)
		return -EBADMSG;
	text = (const char *)arena->p + at;
	if (f->kind == RECORD_TIME)
		return 0;
	if (f->kind == RECORD_HASH)
		return hash_get(text, p);
	if (f->offset == SESSION(id_text) && strcmp(f->name, "id") == 0) {
		if (!id_parse(slice_from(text), id))
			return -EBADMSG;
		memcpy(p, text, ID_TEXT);
		return 0;
	}
	memcpy(p, &text, sizeof(text));
	return 0;
}

int
record_parse(struct slice line, const struct record_field *fields, void *row, struct buf *arena)
{
	size_t at;

	/* Fields come in the order of the table: the writer's.  Room first, so that texts stay where they are. */
	if (buf_reserve(arena, line.n + 64) == NULL || !take_char(&line, '{'))
		return -EBADMSG;
	for (const struct record_field *f = fields; f->name != NULL; f++) {
		if (f != fields && !take_char(&line, ','))
			return -EBADMSG;
		if (take_string(&line, arena, &at) != 0 || strcmp((const char *)arena->p + at, f->name) != 0)
			return -EBADMSG;
		arena->len = at;
		if (!take_char(&line, ':') || value_get(&line, f, row, arena) != 0)
			return -EBADMSG;
	}
	return take_char(&line, '}') && line.n == 0 ? 0 : -EBADMSG;
}
