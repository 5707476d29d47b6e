/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

/* The sentence with its control bytes escaped; backslashes stay, its parts may be escaped already. */
static void
err_fill(struct err *e, int code, const char *raw)
{
	e->code = code;
	text_cleaned(slice_from(raw), e->text, sizeof(e->text));
}

int
err_set(struct err *e, int code, const char *fmt, ...)
{
	char raw[sizeof(e->text)];
	va_list ap;

	if (e == NULL)
		return code;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	err_fill(e, code, raw);
	return code;
}

int
err_prefix(struct err *e, const char *fmt, ...)
{
	char raw[2 * sizeof(e->text) + 2], prefix[sizeof(e->text)];
	va_list ap;

	if (e == NULL)
		return 0;
	va_start(ap, fmt);
	vsnprintf(prefix, sizeof(prefix), fmt, ap);
	va_end(ap);
	snprintf(raw, sizeof(raw), "%s: %s", prefix, e->text);
	err_fill(e, e->code, raw);
	return e->code;
}
