/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A session channel of the user: what it asked for, where it goes, what is relayed and recorded. */
#ifndef FRONT_CHANNEL_H
#define FRONT_CHANNEL_H

#include "base/limits.h"
#include "front/answers.h"
#include "front/ask.h"
#include "front/live.h"
#include "front/record.h"
#include "front/relay.h"
#include "front/target.h"
#include "front/wish.h"

#define CHANNEL_ENV_MAX     16
#define CHANNEL_VERBS       2
#define CHANNEL_LETTERS_MAX 32
#define FORWARD_FROM_MAX    64           /* an address, as the other side gives it */

/* The life of a channel.  From any state a refusal leads to CH_MENU_START (if it came from the menu) or CH_ENDED. */
enum channel_state {
	CH_NEW,            /* waits for shell, exec or subsystem */
	CH_MENU_START,     /* asked the monitor for a menu */
	CH_MENU,           /* the picker is on screen */
	CH_SHOW,           /* a recording may be looked at, and its program is being started */
	CH_SCREEN,         /* a session of somebody's, or a recording, is on screen */
	CH_LISTING,        /* a verb of the bastion by exec: rows come from the gate */
	CH_REFUSED,        /* what is refused whoever asks: a verb that the bastion does not know, mosh */
	CH_FORM,           /* something is asked for on the terminal (lack.h) */
	CH_WAIT,           /* others have to say yes */
	CH_MODERATOR,      /* somebody has to watch it first; its recording has begun */
	CH_DECIDE,         /* the gate is asked (again for each verb) */
	CH_CONNECT,        /* the leg is on its way, and the store is told */
	CH_OPEN,           /* the target's channel: open, env, pty, start */
	CH_RELAY,
	CH_SETTLE,         /* over; what is left to put down waits until the store takes it */
	CH_FINISH,         /* all is delivered; the store closes the recording */
	CH_STRAY,          /* over, but the user may still open it */
	CH_ENDED,
};

struct menu;
struct listing;
struct lack;
struct typed;
struct signs;
struct transfer;
struct viewer;
struct splice;
struct wanted;

struct channel {
	struct channel *next;
	struct front *front;
	struct door *door;                     /* whose channel it is */
	bool session;                          /* else a forwarded connection: no exit status, no stderr */
	bool back;                             /* the target opened it */
	bool calling;                          /* opened towards the user, who has not answered yet */
	enum channel_state state;
	ssh_channel ssh;
	ssh_message opening;                   /* its opening, which has not been answered yet, or NULL */
	ssh_message letters[CHANNEL_LETTERS_MAX];      /* what the client asked for, and waits behind a question to the gate */
	unsigned letters_n;
	struct ssh_channel_callbacks_struct callbacks, target_callbacks;

	/* what the user asked for */
	char kind[16];                         /* one of connect.c's table */
	char *command;
	bool pty, from_menu;
	char term[64], lang[32];
	unsigned cols, rows;
	char *env[CHANNEL_ENV_MAX][2];
	unsigned env_n;
	struct wish wishes[WISHES];
	enum wish_kind wish_asked;
	struct { bool single; char protocol[64], cookie[256]; int screen; } x11;

	/* where it goes */
	char to_host[FRONT_NAME_MAX];          /* of a forward */
	int to_port;
	char from_host[FORWARD_FROM_MAX + 1];
	int from_port;
	char listen[FRONT_NAME_MAX + 16];      /* of a remote forward, as it was asked for */
	char asked_host[FRONT_NAME_MAX], asked_login[FRONT_NAME_MAX];
	unsigned verb;                         /* index into the verbs that are asked for */
	unsigned permitted;                    /* bits of those that are */
	unsigned by_path;                      /* … and of those of which each path is to be asked about */
	bool last_ask;                         /* this answer opens the channel */
	bool asked_again;                      /* because the connection had just ended */
	struct ask ask;
	uint32_t hold;                         /* of its permits (held.h) */
	uint32_t under;                        /* back: that of what it was asked for with */
	uint32_t req;                          /* the monitor's, for the picker */
	struct listing *listing;
	const char *refused_code, *refused;    /* of CH_REFUSED; the code also of a cut */
	struct limits limits;                  /* of what was permitted, of several verbs the strictest … */
	unsigned limit_verb[LIMITS];           /* … each of this verb … */
	char rules[CHANNEL_VERBS][128];        /* … which this rule permitted */
	struct leg *leg;
	ssh_channel target;
	unsigned open_step, env_sent;
	bool resized;
	uint64_t typed_at;                     /* so many packets had come from the user when keys were read last */

	struct record record;
	bool recording;
	enum msg_record how_much;              /* of what was permitted, the most */
	struct typed *typed_lines;             /* with MSG_RECORD_FULL, on a terminal */
	struct flow in, out, err;
	struct transfer *transfer;
	struct signs *signs;                   /* of kind "agent" */
	unsigned signs_n;
	struct buf words;                      /* of a command that an agent is to run by no shell, or empty */
	int exit_status, unreached;       /* unreached: why a staragent could not connect (errno), or 0 */
	char exit_signal[32];
	const char *stopped_code;              /* the staragent did, or NULL */
	char stopped[600];                     /* its words */
	struct loop_timer idle_timer;
	mono_t heard;                          /* when idle_used came to be so much (idle.h) */
	uint64_t idle_used;
	struct answers answers;                /* which bytes of a terminal are keys, and how many have come, of joiners, too */
	uint64_t keys;
	bool idle;                             /* for too long */
	bool gone, counted;                    /* gone: the user's side has closed it; counted: as open */
	bool exited, core, cut;                /* cut: ended by the bastion, `why` says it */
	bool last_word;                        /* the recording's last frame is in it */
	bool lost;                             /* the host went away under it */
	char why[600];

	struct held_up held;                   /* live.c */
	struct viewer *viewers;
	bool looked_after;                     /* the gate has said whether it is to be looked at, and what looks is there */
	struct splice *screen;                 /* screen.c */
	struct wanted *wanted;                 /* the recordings to be shown (replay.c), or NULL */

	struct lack *lack;                     /* what it was not permitted without */
	struct menu *menu;
	bool waiting;                          /* for the host that was picked, with a line on the screen (tty.c) */
	struct intake typed;                   /* meanwhile */
	char notice[400], query[256];
	char picked_id[ID_TEXT];               /* the session that was chosen in the picker's lists */
	bool picked_past;                      /* in that of those that are over */
	char wanted_login[FRONT_NAME_MAX];     /* whichever host is picked, once */
};

/* A session channel is opened.  Takes m. */
void channel_accept(struct door *d, ssh_message m);
/* d's channel of this name, or NULL. */
struct channel *channel_find(const struct door *d, ssh_channel ssh);
/* A channel that has not been asked for anything yet, or NULL: too many, out of memory, ending. */
struct channel *channel_make(struct door *d);
/* One step; true if something moved. */
bool channel_step(struct channel *c);
/* Refuses what the user asked for: one line on stderr and exit status 255, or a notice in the menu. */
void channel_refuse(struct channel *c, const char *code, const char *reason);
/* A sentence about what d's client asked for without a channel of its own. */
void channel_tell(struct door *d, const char *line);
/* The bastion ends it: a sentence to the user, the recording is closed with it. */
void channel_cut(struct channel *c, const char *code, const char *reason);
/* The user's side is over before anything was relayed: the recording, if there is one, says so. */
void channel_leave(struct channel *c);
/* Not "free": libssh has a function of that name. */
void channel_drop(struct channel *c);

/* The gate takes a permit back: the channel ends with a sentence, or goes on without this verb. */
void channel_revoked(struct channel *c, const char *code, const char *verb, const char *reason);

/* Messages for channels; the channel is found by rec or being first in line. */
void channel_rows(struct front *f, const struct msg_host_rows *rows);
void channel_menu_started(struct front *f, struct chan_in *in);
void channel_recorded(struct front *f, const struct chan_in *in);
/* Was this verb of the channel's kind permitted? */
bool channel_may(const struct channel *c, const char *verb);
/* The rule that the strictest limit of this kind comes from. */
const char *channel_limit_rule(const struct channel *c, enum limit limit);
/* Is each file of this verb to be asked about? */
bool channel_is_by_path(const struct channel *c, const char *verb);
/* No one host was meant: a terminal gets the picker, filtered by what was said.  False: there is none, or it is no shell. */
bool channel_pick_again(struct channel *c, const char *notice);
/* The user picked (menu.c). */
void channel_picked(struct channel *c, const char *host, const char *login);

#endif
