/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Text: escaping for each place that foreign bytes go to, hex, base64, UTF-8, names. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* For logs and terminals: printable UTF-8 stays; control bytes, DEL, C1, bidirectional controls and
 * bytes that are not UTF-8 become \xNN or \u{NNNN}; backslash becomes \\. */
int text_escape(struct buf *out, struct slice s);
/* The same into a caller's array, cut with "…" if it does not fit; returns dst. */
const char *text_escaped(struct slice s, char *dst, size_t size);
/* As text_escaped, but a backslash stays: for whole lines whose parts may be escaped already. */
const char *text_cleaned(struct slice s, char *dst, size_t size);
/* A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
int text_json(struct buf *out, struct slice s);
/* A CSV field (RFC 4180), with a leading ' where a spreadsheet would see a formula; but for line ends and tabs it is cleaned: it is
 * looked at on terminals, too. */
int text_csv(struct buf *out, struct slice s);

/* One word for a POSIX shell, in quotes where it needs them. */
int text_shell(struct buf *out, struct slice s);

int text_hex(struct buf *out, struct slice s);
int text_unhex(struct buf *out, struct slice s);             /* 0, -EINVAL, or buf_append's codes */
int text_base64(struct buf *out, struct slice s);            /* with padding, RFC 4648 section 4 */
int text_unbase64(struct buf *out, struct slice s);          /* strict */

/* Decodes one character from the front of s and moves it.  False at the end; a bad byte yields
 * U+FFFD with *good = false and moves by one byte. */
bool text_rune(struct slice *s, uint32_t *rune, bool *good);
int text_put_rune(struct buf *out, uint32_t rune);
bool text_is_utf8(struct slice s);
/* False for controls, for what ends lines or turns text around on a screen, and for what has no width: what text_escape escapes. */
bool text_rune_is_safe(uint32_t rune);

/* Names of users, hosts, roles, logins: [A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}; never a "+". */
bool text_is_name(struct slice s);
int text_decimal(struct buf *out, uint64_t v);
/* "90s", "30m", "12h", "7d": in the largest unit that it is whole in. */
int text_duration(struct buf *out, uint64_t seconds);
/* Decimal without sign or leading space, whole slice; false above max. */
bool text_u64(struct slice s, uint64_t max, uint64_t *v);
/* The closest of n words (Damerau-Levenshtein distance at most 2, and less than half the word), or NULL. */
const char *text_nearest(const char *word, const char *const *words, size_t n);
/* Shell-style match: * any run, ? one character, no classes. */
bool text_glob(struct slice pattern, struct slice s);

#endif
