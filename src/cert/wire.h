/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* SSH's own encoding (RFC 4251 section 5): big-endian numbers, strings with their length before them. */
#ifndef CERT_WIRE_H
#define CERT_WIRE_H

#include "base/buf.h"

int wire_put_u32(struct buf *b, uint32_t v);          /* 0 or buf_append's codes */
int wire_put_u64(struct buf *b, uint64_t v);
int wire_put_string(struct buf *b, struct slice s);
int wire_put_text(struct buf *b, const char *text);
bool wire_take_u32(struct slice *s, uint32_t *v);     /* false, and nothing moved, if too short */
bool wire_take_u64(struct slice *s, uint64_t *v);
bool wire_take_string(struct slice *s, struct slice *v);

#endif
