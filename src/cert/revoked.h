/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What is no longer trusted: keys, authorities, certificates.  Two forms of file: lines of public keys, certificates
 * and fingerprints (SHA256:...), or the binary list that `ssh-keygen -k` makes.  Pure.
 */
#ifndef CERT_REVOKED_H
#define CERT_REVOKED_H

#include "base/err.h"
#include "cert/cert.h"

#define REVOKED_FILE_MAX (16u << 20)       /* bytes */

struct revoked;

/* 0, or negative with e; one bad line makes the whole file bad. */
int revoked_load(struct slice file, struct revoked **ret, struct err *e);
void revoked_free(struct revoked *r);
size_t revoked_count(const struct revoked *r);

/* blob: of a plain key. */
bool revoked_has_key(const struct revoked *r, struct slice blob);
/* The certificate itself (by blob, serial or key id), the key that it certifies, or its authority. */
bool revoked_has_cert(const struct revoked *r, const struct cert *c, struct slice blob);

#endif
