/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The operator's log: one line a fact, "what: to whom: why key=value".
 * To stderr, or to a descriptor.  Foreign bytes are escaped.  Audit is not logging.
 * Libraries do not log; the process that decides what a failure means does, once.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

/* Of the words of LogLevel in fortress.conf(5). */
extern const char *const log_words[];             /* ended by NULL */
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* process: "monitor", "front[17]"… copied.  fd: where lines go (one write each). */
void log_open(const char *process, enum log_level level, int fd);
void log_set_level(enum log_level level);
void log_rename(const char *process);
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Says it and exits 1.  Only in main.c files, before READY. */
void fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
