/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What a session may have besides: the user's ssh-agent and his display.  Decided apart, denied without ending it. */
#ifndef FRONT_WISH_H
#define FRONT_WISH_H

#include <stdbool.h>

enum wish_kind { WISH_AGENT, WISH_X11, WISHES };

struct wish {
	bool wanted, decided, granted;
	bool vague;                      /* decided before it was known as whom */
};

struct channel;

/* The next that is to be decided for c's host, or WISHES: none. */
enum wish_kind wish_next(const struct channel *c);
/* Asks the gate.  0 or chan_send's codes. */
int wish_ask(struct channel *c, enum wish_kind kind, const char *host, const char *login);
/* The host has changed: all are undecided. */
void wish_again(struct channel *c);
/* Is this verb one of those, of a session?  Then it is granted no more, and the user told. */
bool wish_revoked(struct channel *c, const char *code, const char *verb, const char *reason);
/* Not granted after all; a line for the user. */
void wish_refuse(struct channel *c, enum wish_kind kind, const char *code, const char *why);

#endif
