/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Checks an export with nothing but itself and a public key. */
#ifndef CTL_INSPECT_H
#define CTL_INSPECT_H

#include "base/err.h"
#include "db/verify.h"

struct inspect;

/* Its checkpoint, whose signature holds, and its leaves, which hash to that.  key: a file, or NULL for the export's own.
 * NULL and e: -EBADMSG or -EKEYREJECTED what is there is no sound export, else what could not be read. */
struct inspect *inspect_new(const char *path, const char *key, struct err *e);
void inspect_free(struct inspect *x);                            /* NULL is fine */
/* Every row against its leaf, every recording against the chain of its segments, every file against the signed manifest.
 * 0, or a negative code and e: the first thing that is wrong, by name. */
int inspect_all(struct inspect *x, struct err *e);
/* Is all that older holds the beginning of x?  whose: how messages name older. */
int inspect_continues(const struct inspect *x, const struct inspect *older, const char *whose, struct err *e);

const struct db_verify *inspect_counts(const struct inspect *x);
const char *inspect_origin(const struct inspect *x);
bool inspect_is_signed(const struct inspect *x);                 /* the manifest; as inspect_all found it */

#endif
