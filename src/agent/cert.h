/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* OpenSSH user certificates: read one and say whether it admits a login.  Pure: no clock, no files. */
#ifndef AGENT_CERT_H
#define AGENT_CERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct cert {
	uint64_t serial, valid_after, valid_before;    /* seconds; before is exclusive */
	uint32_t type;                                 /* 1: user, 2: host */
	struct slice key_id, principals, critical, extensions;
	struct slice ca;                               /* the authority's public key blob */
	struct slice signed_part, signature;
};

/* All slices point into blob.  0 or -EBADMSG. */
int cert_parse(struct slice blob, struct cert *ret);
/* Signature by an ed25519 authority, type user, principal, time, no critical options.
 * The caller has found c->ca among its authorities.  0 or -EACCES with the reason. */
int cert_check(const struct cert *c, const char *login, uint64_t now, struct err *e);
bool cert_has_extension(const struct cert *c, const char *name);

/* A string of the SSH wire (big-endian length); false if s is too short. */
bool wire_take_string(struct slice *s, struct slice *v);

#endif
