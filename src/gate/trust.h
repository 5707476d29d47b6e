/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Whom a certificate lets in: the authorities that are trusted, and what is revoked.  Both are files that the monitor
 * opened; a new one that is bad leaves the old one in force, and a first list of what is revoked that is bad lets no key in.
 */
#ifndef GATE_TRUST_H
#define GATE_TRUST_H

#include "base/clock.h"
#include "cert/cert.h"

struct trust;

struct trust *trust_new(void);                 /* NULL when out of memory */
void trust_free(struct trust *t);

/* Reads fd (-1: the file cannot be read).  0 and what was read in words, or negative with e. */
int trust_load_cas(struct trust *t, int fd, const char *name, struct err *e);
int trust_load_revoked(struct trust *t, int fd, const char *name, struct err *e);
void trust_clear_cas(struct trust *t);         /* the configuration names none */
void trust_clear_revoked(struct trust *t);

/* NULL, or why a plain key is not taken. */
const char *trust_refuses_key(const struct trust *t, struct slice blob);
/* Is the certificate good for this name, from this address, now?  0 with *c and *terms (views into blob), or negative with e. */
int trust_check(const struct trust *t, struct slice blob, const char *name, struct slice src, wall_t now, struct cert *c,
    struct cert_terms *terms, struct err *e);
/* Is it still?  The same, without its signature. */
int trust_check_again(const struct trust *t, struct slice blob, const char *name, struct slice src, wall_t now,
    const struct cert *c, const struct cert_terms *terms, struct err *e);

#endif
