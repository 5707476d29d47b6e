/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Public keys as people write them: a line of a .pub file. */
#ifndef BASE_PUBKEY_H
#define BASE_PUBKEY_H

#include "base/buf.h"
#include "base/err.h"

/* "ALG BASE64 [COMMENT]" on the first line of text; alg and comment are views into text, the blob goes to blob.
 * 0 or -EINVAL with e. */
int pubkey_parse(struct slice text, struct slice *alg, struct buf *blob, struct slice *comment, struct err *e);

#endif
