/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The bastion's configuration, as the program that reads it says it. */
#ifndef CTL_CONF_H
#define CTL_CONF_H

#include "ctl/ctl.h"

#define CONF_MAX 65536

/* What `serve -T` prints.  Its exit status, or a negative code. */
int conf_ask(struct ctl *c, struct buf *text);
typedef void conf_fn(void *arg, struct slice value);

/* Each value that a keyword has.  False: the configuration is not good, or cannot be read. */
bool conf_each(struct ctl *c, const char *key, conf_fn *fn, void *arg);
/* A number, without its unit, which is s for times.  False: the configuration is not good, or cannot be read. */
bool conf_number(struct ctl *c, const char *key, uint64_t *v);

#endif
