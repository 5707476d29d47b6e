/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A program whose digest the policy names: the file is opened once, as the account; the descriptor is what is read, and what is
 * run then, so that nothing can be put in its place in between.  What others than root can write could be changed in place, and a
 * script is read by a program that nobody has looked at: neither is run.
 */
#ifndef AGENT_DIGEST_H
#define AGENT_DIGEST_H

#include <openssl/evp.h>

#include "base/limits.h"

#define DIGEST_WHY 300

/* Before fork: all that allocates.  NULL when out of memory; EVP_MD_CTX_free frees. */
EVP_MD_CTX *digest_new(void);
/* After it, as the account.  A descriptor to run, closed on exec, or negative with words that begin with the path. */
int digest_check(EVP_MD_CTX *md, const struct limits *l, const char *path, char why[DIGEST_WHY]);

#endif
