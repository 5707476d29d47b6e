/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* "2026-11-24T11:08:49.123Z process[pid] level: text", in one write(2) so that lines never mix. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#define LINE_MAX_BYTES 2048

static struct {
	char process[64];
	enum log_level level;
	int fd;
} log_state = { "fortress", LOG_LEVEL_INFO, 2 };

const char *const log_words[] = { "error", "warn", "info", "debug", NULL };
static const char *const level_names[] = { "error", "warning", "info", "debug" };

void
log_open(const char *process, enum log_level level, int fd)
{
	log_rename(process);
	log_state.level = level;
	log_state.fd = fd;
}

void
log_set_level(enum log_level level)
{
	log_state.level = level;
}

void
log_rename(const char *process)
{
	(void)text_cleaned(slice_from(process), log_state.process, sizeof(log_state.process));
}

static void log_line(enum log_level level, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
log_line(enum log_level level, const char *fmt, va_list ap)
{
	char raw[LINE_MAX_BYTES], text[LINE_MAX_BYTES], line[LINE_MAX_BYTES + 128], at[32];
	ssize_t written;
	int n;

	if (level > log_state.level)
		return;
	vsnprintf(raw, sizeof(raw), fmt, ap);
	(void)clock_print(clock_wall(), at, sizeof(at));
	n = snprintf(line, sizeof(line), "%.23sZ %s[%d] %s: %s\n", at, log_state.process, (int)getpid(),
	    level_names[level], text_cleaned(slice_from(raw), text, sizeof(text)));
	if (n < 0)
		return;
	/* A log that cannot be written has nowhere to say so. */
	written = write(log_state.fd, line, (size_t)n);
	(void)written;
}

void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_WARN, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_INFO, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_DEBUG, fmt, ap);
	va_end(ap);
}

void
fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
	exit(1);
}
