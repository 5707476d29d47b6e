/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What the gate's files share: the one struct of this process, and its clients. */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include "base/flags.h"
#include "base/methods.h"
#include "base/table.h"
#include "gate/approval.h"
#include "gate/directory.h"
#include "gate/factor.h"
#include "gate/keys.h"
#include "gate/names.h"
#include "gate/recent.h"
#include "gate/rules.h"
#include "gate/signer.h"
#include "gate/trust.h"
#include "msg/chan.h"

struct batch;
struct live;
struct live_mark;
struct live_wait;
struct moderation;
struct puts;
struct replay;
struct sentry;
struct grant;
struct client;

struct gate {
	struct loop *loop;
	struct chan *monitor, *store;
	struct directory *dir;
	struct keys *keys;
	struct factor_key *factor_key;
	struct rules *rules;
	struct trust *trust;
	struct methods methods;        /* what a login has to prove */
	uint32_t mfa_period_s;
	struct recent *recent;
	struct puts *puts;
	struct approvals approvals;
	struct batch *batch;           /* a bulk change that is tried, or with the store (batch.c); or NULL */
	struct directory *left;        /* a directory that is needed no more, as far as it is not freed yet (batch.c); or NULL */
	struct loop_timer left_timer;
	uint64_t state;                /* grows with each change of users, groups, keys and hosts */
	struct client *clients;
	unsigned nclients;
	struct table clients_by_id, fronts_by_conn;
	struct client *listing, **listing_last;     /* whose lists are sent, in turn */
	struct loop_timer list_timer;
	struct live *lives;            /* who looks at whose session (live.c) */
	struct replay *replays;        /* who looks at which recordings (replay.c) */
	uint32_t asked_last;           /* the last number of a question to the store: a front may use its req again before the answer */
	uint64_t live_last;
	struct sentry *sentries_left;  /* of sessions that have ended, and are not looked through yet (sentry.c) */
	uint64_t client_last;
	struct client *due, *due_last; /* who is looked at again (again.c) */
	uint64_t next_us;              /* when time alone may change what is permitted, in microseconds since 1970; 0: never */
	struct loop_timer again_timer, clock_timer, stop_timer;
	const char *account;           /* that it becomes in its sandbox, as root; or NULL */
	unsigned name_formats;         /* bits of enum names_format */
	uint32_t owner_uid;            /* who may administer besides root */
	char owner[64];
	struct flag_texts sinks;       /* of NotifySink: each begins with its name */
	bool own_keys;                 /* users may change their own keys */
	bool loaded, sandboxed;        /* loaded: the store has sent the whole directory */
};

#define PLACE_BYTES 32

struct ticket {
	struct ticket *next;
	struct client *client;
	uint64_t number;
	unsigned char place[PLACE_BYTES];      /* a hash of the host's address and keys (ticket.c) */
	char host[65], login[256];
	struct signer *signer;
};

/* Sends a message of a long list, or works on one, until the time is over; true when that was the last. */
typedef bool client_more_fn(struct client *c, mono_t until);

struct client {
	struct client *next, *prev;
	struct table_node by_id, by_conn;
	struct gate *gate;
	struct chan *chan;
	uint64_t id, conn;             /* id: never used twice, so that late answers cannot reach another */
	uint32_t kind, uid;
	char peer[64], actor[64], user[65];
	struct ticket *tickets;
	unsigned ntickets;
	struct grant *grants;          /* what was permitted and goes on (grant.c) */
	unsigned ngrants;
	size_t grants_bytes;
	struct client *next_due, *prev_due;
	bool is_due, cut;              /* cut: it was told to end */
	const char *cause;             /* why it is, or was last, looked at again */
	char vouched[256];             /* whom PAM has let in on this connection, by the monitor's word; or "" */
	uint32_t vouched_methods;      /* enum msg_vouch_method */
	bool mfa;                      /* user has proved a second factor */
	struct login *login;           /* on its way, and what user rests on afterwards (login.c) */
	struct second *second;         /* it waits for its one-time code (second.c) */
	bool busy;                     /* a login or an enrolment is under way */
	struct live_wait *live_waits;  /* what it wants to do with sessions that the store is asked about */
	unsigned nlive_waits;
	struct live_mark *live_marks;  /* what was done with its own */
	bool requesting;               /* an approval … */
	char requested[APPROVAL_ID];   /* … by this name, which the store has not kept yet */
	struct moderation *moderations;      /* what takes a second person (moderate.c) */
	struct sentry *sentries;       /* its sessions in which something is watched for, or may be after a reload */
	unsigned asking;               /* questions about own sessions on their way to the store */
	bool missed;                   /* has named a wrong enrolment code: that counts once a connection */
	client_more_fn *more;
	struct client *next_listing;
	bool listed;                   /* it is among them; if not, it has first to read what it got */
	size_t cursor;                 /* where the list is */
	unsigned phase;
	uint32_t which;                /* enum msg_hosts */
	size_t others;                 /* hosts that were left out */
	uint32_t *later;               /* places that it comes back to … */
	size_t nlater, caplater;
	uint32_t req;
	uint64_t state;                /* when the list began */
	char asked[65];
};

/* client.c */
int client_new(struct gate *g, const struct msg_client_new *m, int *fd);    /* takes *fd on success */
void client_free(struct client *c);
struct client *client_find(struct gate *g, uint64_t id);                    /* or NULL: it has gone */
struct client *client_front(const struct gate *g, uint64_t conn);           /* the front of this connection, or NULL */
void client_send_list(struct client *c, client_more_fn *more);              /* reads nothing until it is sent */
int client_done(struct client *c, uint32_t req, bool ok, struct slice text);        /* MSG_DIR_DONE.  0 or chan_send's codes */

/* front.c, control.c: one message of a client.  Negative ends it. */
int front_take(struct client *c, unsigned type, const void *message);
int control_take(struct client *c, unsigned type, const void *message);

/* events.c.  fields with req 0 are not acknowledged. */
int gate_event(struct gate *g, const struct msg_event *event);

#endif
