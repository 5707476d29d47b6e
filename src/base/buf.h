/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Bounded, growable bytes.  The only growable buffer in the tree: every growth
 * has a maximum that its owner stated at buf_init.
 *
 * A slice is a loan: bytes that somebody else owns, not NUL-terminated.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
	const unsigned char *p;
	size_t n;
};

struct slice slice_from(const char *text);            /* up to the NUL; NULL gives the empty slice */
struct slice slice_of(const void *p, size_t n);
bool slice_eq(struct slice a, struct slice b);
bool slice_is(struct slice a, const char *text);
char *slice_dup(struct slice s);                      /* NUL-terminated copy; caller frees; NULL when out of memory */
/* Copies into dst and terminates it.  -ENOBUFS (and dst = "") if it does not fit or holds a NUL. */
int slice_copy(struct slice s, char *dst, size_t size);

struct buf {
	unsigned char *p;
	size_t len, cap, max;
};

void buf_init(struct buf *b, size_t max);             /* no allocation yet; max in bytes */
void buf_done(struct buf *b);                         /* frees the bytes; b may be used again */
void buf_clear(struct buf *b);                        /* len = 0, memory kept */
struct slice buf_slice(const struct buf *b);          /* valid until the next change */

/* All of these: 0, -ENOBUFS above max, -ENOMEM; on failure nothing was added. */
int buf_append(struct buf *b, const void *p, size_t n);
int buf_slice_append(struct buf *b, struct slice s);
int buf_text(struct buf *b, const char *text);
int buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
int buf_u8(struct buf *b, uint8_t v);
int buf_u16(struct buf *b, uint16_t v);               /* little-endian, as everything of ours on a wire */
int buf_u32(struct buf *b, uint32_t v);
int buf_u64(struct buf *b, uint64_t v);

unsigned char *buf_reserve(struct buf *b, size_t n);  /* room for n more bytes at the end, or NULL */
void buf_added(struct buf *b, size_t n);              /* n of the reserved bytes were written */
void buf_consume(struct buf *b, size_t n);            /* forget the first n bytes */
const char *buf_cstr(struct buf *b);                  /* as a C string, valid until the next change; "" if it cannot be */

/* Reading: each takes from the front of s and moves it; false (s and *v untouched) if too short. */
bool take_u8(struct slice *s, uint8_t *v);
bool take_u16(struct slice *s, uint16_t *v);
bool take_u32(struct slice *s, uint32_t *v);
bool take_u64(struct slice *s, uint64_t *v);
bool take_bytes(struct slice *s, size_t n, struct slice *v);
bool take_until(struct slice *s, char end, struct slice *v);     /* what stands before the next `end`, which goes too */
/* The same, or all of it where there is none: the parts of a list, the lines of a text.  False: s is empty. */
bool take_part(struct slice *s, char end, struct slice *v);
/* The next part that is not empty.  False: there was none, and s is empty now. */
bool take_filled(struct slice *s, char end, struct slice *v);

#endif
