/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A proof for a few records, without all the others: JSON Lines, each { kind, leaf, data, path }.
 *
 *     checkpoint    data: the signed note; leaf: its size
 *     event, open, segment, close
 *                   data: what the leaf is made of (db/leaf.h); path: the hashes of its inclusion proof, in hex, upwards
 *     consistency   data: an older signed note; leaf: its size; path: that the tree of then is the beginning of the one of now
 */
#ifndef CTL_PROVE_H
#define CTL_PROVE_H

#include "ctl/ctl.h"

int audit_prove(struct ctl *c, int argc, char **argv);
/* Does this file look like a proof? */
bool prove_is(const char *path);
/* 0, or a negative code and c->e: -EBADMSG, -EKEYREJECTED it does not hold.  *n: records that are proved. */
int prove_check(struct ctl *c, const char *path, const char *key_path, uint64_t *n, char *origin, size_t size);

#endif
