/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What every method of logging in takes (auth.c, interactive.c): questions to gate and monitor, tries that are counted, steps. */
#ifndef FRONT_LOGIN_H
#define FRONT_LOGIN_H

#include "front/door.h"

#define LOGIN_ANSWER_MS 10000
#define LOGIN_PAM_MS    130000

void login_init(struct front *f);
/* Who the client says it is, as logs may have it: without what may be an enrolment code that is still good. */
struct slice login_claimed(const struct front *f);

/* Sends the message, and waits until an answer of this type has come: f's answer_ok, answer_text and more say what it was. */
bool login_ask(struct front *f, struct chan *c, unsigned type, const void *message, unsigned answer, int timeout_ms);
/* Until one of these two has come.  The loop stands still meanwhile, and no longer than LoginGraceTime lets it. */
bool login_wait(struct front *f, struct chan *c, unsigned type, unsigned other, int timeout_ms);

/* The first request's name stays: one with another, or with none that may be, is a failed try, and false. */
bool login_pin(struct front *f, const char *raw, const char *method);
/* A try has failed: an event, a line of the log, and the end of the connection after too many. */
void login_failed(struct front *f, const char *method, const char *why);

enum login { LOGIN_NO, LOGIN_YES, LOGIN_MORE };

/* Something was proved; the gate lets in, or says what else it wants.  With LOGIN_YES the door's logged_in is true. */
enum login login_step(struct front *f, unsigned type, const void *message, const char *method);
enum login login_finish(struct front *f, const char *method, const char *alg, struct slice blob);
/* The methods' names on the wire, of those that may come now. */
void login_offer(struct front *f);

/* Answers of the gate and the monitor to what was asked; true if the message was one. */
bool login_take(struct front *f, const struct chan_in *in);

#endif
