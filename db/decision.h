/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What was asked of the policy, out of the events. */
#ifndef DB_DECISION_H
#define DB_DECISION_H

#include <stdbool.h>

#include "db/db.h"

/* Texts are never NULL.  command: its first 8,192 bytes; principals: of the user's certificate, comma-separated. */
struct db_decision {
	int64_t id, t_us;
	bool permitted;
	const char *user, *host, *src, *verb, *login, *rule, *command, *to, *listen, *principals;
};

typedef int db_decision_fn(void *arg, const struct db_decision *d);
/* Events of this class from from_us on, oldest first, in short reads; fn's non-zero return ends it and is returned. */
int db_decision_list(struct db *db, unsigned class_uid, int64_t from_us, db_decision_fn *fn, void *arg, struct err *e);

#endif
