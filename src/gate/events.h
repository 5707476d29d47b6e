/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What the gate puts on the record: one function per kind of fact. */
#ifndef GATE_EVENTS_H
#define GATE_EVENTS_H

#include "gate/gate.h"

int events_login(struct client *c, const char *user, const char *method, bool ok, const char *text);
int events_codes_burnt(struct client *c, struct slice user);
int events_decision(struct client *c, const struct msg_decide *m, const struct rules_answer *a, const char *host,
    const char *login, uint64_t ticket);
int events_refused_signature(struct client *c, const struct ticket *t, const char *why);
int events_policy(struct gate *g, bool ok, const char *actor, const char *text);
int events_trust(struct gate *g, bool ok, const char *what, const char *text);      /* a file of authorities or of what is revoked */
/* actor ends a session of front's user. */
int events_session_end(struct gate *g, const char *actor, const struct client *front, struct slice session, const char *reason);
/* c's user does op (words of live.c) to the session of row, or may not, since a says no. */
struct events_live { const char *verb, *does, *reason; const struct msg_live_row *row; const struct rules_answer *answer; };
int events_live(struct client *c, const struct events_live *l);
/* What is watched for was seen in a session of user, in line; or the watch on it came to an end before it (line empty). */
struct events_alarm { const char *user, *peer, *watch, *ere, *does; struct slice session, host, line; };
int events_alarm(struct gate *g, const struct events_alarm *a);
/* t of c's user is not permitted any more, by a; all of c's user, for why. */
int events_revoked(struct client *c, const struct grant *t, const struct rules_answer *a);
int events_cut(struct client *c, const char *why);
/* c's user looks at a recording by ssh, from now on (req: when that is durable); has looked; may not, since there is none. */
struct events_reading { const char *id, *user, *host, *login, *rule, *how; uint64_t read_ms; };
int events_reads(struct client *c, uint32_t req, const struct events_reading *r);
int events_read(struct client *c, const struct events_reading *r);
int events_not_read(struct client *c, const struct events_reading *r, const char *why);
int events_view(struct gate *g, uint32_t req, const char *actor, struct slice session, struct slice how);

#endif
