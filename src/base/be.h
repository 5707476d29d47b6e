/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Big-endian numbers, and strings with their length before them: SSH's encoding (RFC 4251 section 5), and SFTP's. */
#ifndef BASE_BE_H
#define BASE_BE_H

#include <stdbool.h>

#include "base/buf.h"

uint32_t be_u32(const unsigned char p[4]);
int be_put_u32(struct buf *b, uint32_t v);          /* 0 or buf_append's codes */
int be_put_u64(struct buf *b, uint64_t v);
int be_put_string(struct buf *b, struct slice s);
int be_put_text(struct buf *b, const char *text);
bool be_take_u32(struct slice *s, uint32_t *v);     /* false, and nothing moved, if too short */
bool be_take_u64(struct slice *s, uint64_t *v);
bool be_take_string(struct slice *s, struct slice *v);

#endif
