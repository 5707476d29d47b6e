/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Any line as a row of an export: what is read as one is written and read again to the same.  An event is a line in each form for a
 * SIEM, one alone, whatever stands in it.
 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "ctl/record.h"
#include "ctl/siem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define LINE_BYTES (4u << 20)

union row { struct db_event event; struct db_session session; struct record_segment segment; };

static void
again(const struct record_field *fields, const union row *row)
{
	struct buf one, two, arena;
	union row back;
	struct slice line;

	memset(&back, 0, sizeof(back));
	buf_init(&one, LINE_BYTES);
	buf_init(&two, LINE_BYTES);
	buf_init(&arena, LINE_BYTES);
	if (record_json(&one, fields, row) == 0) {
		line = buf_slice(&one);
		assert(line.n > 0 && line.p[line.n - 1] == '\n' && memchr(line.p, '\n', line.n) == line.p + line.n - 1);
		line.n--;
		assert(record_parse(line, fields, &back, &arena) == 0);
		assert(record_json(&two, fields, &back) == 0 && slice_eq(buf_slice(&one), buf_slice(&two)));
		buf_clear(&two);
		assert(record_csv(&two, fields, &back) == 0);
	}
	buf_done(&one);
	buf_done(&two);
	buf_done(&arena);
}

static void
lines(const struct db_event *v)
{
	static const char *const forms[] = { "rfc5424", "cef", "ocsf" };
	struct buf line;

	buf_init(&line, LINE_BYTES);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		buf_clear(&line);
		if (siem_format(forms[i])(&line, v, "node") == 0)
			assert(line.len > 0 && memchr(line.p, '\n', line.len) == line.p + line.len - 1 && memchr(line.p, 0x1b, line.len) == NULL);
	}
	buf_done(&line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct record_field *const tables[] = { record_events, record_sessions, record_segments };
	struct buf arena;
	union row row;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		memset(&row, 0, sizeof(row));
		buf_init(&arena, LINE_BYTES);
		if (n < 65536 && record_parse(slice_of(data, n), tables[i], &row, &arena) == 0) {
			again(tables[i], &row);
			if (tables[i] == record_events && row.event.detail[0] == '\0')      /* else it is valid JSON by the store's care */
				lines(&row.event);
		}
		buf_done(&arena);
	}
	return 0;
}
