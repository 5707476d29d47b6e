/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Does the directory stand as the record says? */
#ifndef DB_STANDING_H
#define DB_STANDING_H

#include "db/db.h"

/* Every user, key, host, code and second factor against the changes on the record, every policy against its hash and the
 * event that says it came into force.  0, or -EBADMSG and e: the first that is not as the record says. */
int db_standing_check(struct db *db, struct err *e);

#endif
