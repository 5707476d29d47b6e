/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* OpenSSH's binary revocation lists (PROTOCOL.krl), read into a list of ours. */
#ifndef CERT_KRL_H
#define CERT_KRL_H

#include "cert/revoked.h"

bool krl_is(struct slice file);
/* 0, or -EBADMSG with e; what is not understood is never skipped unless it says that it may be. */
int krl_parse(struct slice file, struct revoked *r, struct err *e);

/* What it adds (revoked.c).  ca: the authority's blob, empty for all.  0, or buf_append's codes. */
int revoked_add_key(struct revoked *r, struct slice blob);
int revoked_add_sha256(struct revoked *r, struct slice hash);
int revoked_add_sha1(struct revoked *r, struct slice hash);
int revoked_add_serials(struct revoked *r, struct slice ca, uint64_t first, uint64_t last);
int revoked_add_id(struct revoked *r, struct slice ca, struct slice id);

#endif
