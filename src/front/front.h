/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * One connection of one user, from its first byte to its last.  What the modules of a
 * front share; nothing here outlives the process.
 *
 * Handlers of the loop only take in what arrived.  All decisions happen in the turn
 * (front_turn), which steps every channel until none moves, and then says to epoll what
 * each SSH session waits for.
 */
#ifndef FRONT_FRONT_H
#define FRONT_FRONT_H

#include <stdbool.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <libssh/callbacks.h>

#include "base/flags.h"
#include "base/loop.h"
#include "base/methods.h"
#include "front/wire.h"
#include "msg/chan.h"

#define FRONT_NAME_MAX 256               /* an SSH user name and its parts, with the NUL */

struct channel;
struct leg;
struct jump;
struct asker;
struct ask;
struct late;
struct listen;
struct request;
struct door_auth;

/* An SSH connection towards the user (door.h). */
struct door {
	struct front *front;
	struct wire wire;
	const struct door_auth *auth;
	char host[FRONT_NAME_MAX], login[FRONT_NAME_MAX];    /* where its channels go; "": the picker, or as the command says */
	bool logged_in, ending;
	bool no_more_sessions;               /* the client said so */
	unsigned sockets_refused;            /* remote forwards of such, which nobody has told of yet */
	unsigned heard;                      /* logins that were asked for */

	/* global.c: requests of the connection, the oldest first; the remote forward that this one is about */
	struct request *requests;
	unsigned requests_n;
	struct listen *listen;
	ssh_message stamps[2];
	struct ssh_callbacks_struct callbacks;
};

struct front_options {
	struct flag_texts host_keys;         /* files */
	const char *user;
	char *host_lines[FLAG_TEXTS_MAX];    /* the public halves: "ssh-ed25519 AAAA…" */
	uint64_t login_grace_s, tries_max, channels_max;
	uint64_t window;                     /* bytes that may be delivered before they are durable */
	uint64_t ack_timeout_s, log_level;
	bool strict, pam, password;
	bool watch_notice;                   /* users are told who watches */
	const char *methods;                 /* as base/methods.h reads them */
};

struct front {
	const struct front_options *o;
	struct loop *loop;
	uint64_t conn;
	char peer[64], local[64];            /* addresses; local with its port */
	struct chan *monitor, *gate, *store;
	ssh_bind binding;                    /* our host keys */
	struct door door;                    /* the outer one */
	struct asker *askers;                /* who waits for rows of hosts (pick.c) */
	struct ask *asks;                    /* questions to the gate (ask.c) */
	struct jump *jumps;
	struct channel *channels;
	struct late *lates;                  /* recordings whose end is to be told (late.c) */
	unsigned channels_n;
	struct leg *legs;
	struct listen *listens;              /* remote forwards */
	unsigned listens_n;
	uint32_t last_req, last_rec, last_hold;
	struct loop_timer grace, tick, end_timer, again;
	bool quiet;                          /* tick is a slow one */

	/* authentication */
	char raw[FRONT_NAME_MAX];            /* the SSH user name, pinned by the first request; it may hold a code */
	char shown[1032], account[FRONT_NAME_MAX];           /* as logs may have it; whom it names, "" if it is no name */
	char user[FRONT_NAME_MAX], method[96];
	unsigned tries;
	bool pinned, ending;
	bool enrolled;                       /* this login has bound a key, and its user has not been told yet */
	mono_t ended;                        /* when ending began */
	unsigned came;                       /* logins that libssh has seen: door.heard of them as letters */
	bool begun;                          /* a conversation that the client has not answered yet */
	unsigned answered;                   /* type of the last synchronous answer */
	bool answer_ok;
	bool more;                           /* the last login answer asked for more */
	struct methods methods;              /* AuthenticationMethods */
	unsigned next;                       /* what may be proved now: bits of base/methods.h */
	unsigned interactive;                /* … and which of them keyboard-interactive asks for: code or PAM */
	struct buf factor_text;              /* what to show with the prompt for a code: lines of UTF-8 */
	bool factor_shown;                   /* it stands on the screen */
	char factor_said[160];               /* why the code before was not taken */
	char change[257], reason[257];       /* the ticket that things are done for, and why, as the user said; or "" */
	unsigned limits;                     /* by the user's certificate: bits of enum msg_limit */
	char *only_command;                  /* with MSG_LIMIT_COMMAND */
	char answer_text[512];
	struct buf prompts;                  /* of the PAM round on the way */
	unsigned prompts_n;
};

/* Serves one connection and exits the process. */
_Noreturn void front_serve(const struct front_options *o, ssh_bind binding, const struct msg_conn_new *msg,
    const int fds[4]);
/* Ends all that is open, saying why, and then the process. */
void front_end(struct front *f, const char *why);

/* An audit event of this connection; text is one sentence, detail a JSON object or "". */
void front_event(struct front *f, unsigned class_uid, unsigned activity, unsigned severity, bool ok,
    const char *text, const char *detail);

#endif
