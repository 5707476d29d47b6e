/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Rows of the directory as messages carry them: puts without an actor; the texts stay the directory's. */
#ifndef GATE_ROWS_H
#define GATE_ROWS_H

#include "gate/directory.h"

void rows_user(const struct dir_user *u, struct msg_dir_user *ret);
void rows_key(const struct dir_user *u, const struct dir_key *k, struct msg_dir_key *ret);
void rows_group(const struct dir_group *g, struct msg_dir_group *ret);
void rows_host(const struct dir_host *h, struct msg_dir_host *ret);
/* Users with their keys, groups and hosts: how many, and one of them by number once more in `to`.  0 or directory_apply's codes. */
size_t rows_count(const struct directory *d);
int rows_clone(const struct directory *d, size_t at, struct directory *to);

#endif
