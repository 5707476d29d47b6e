/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A login on its way: what a connection has proved, what it still has to prove (base/methods.h, and the policy's require
 * mfa), and afterwards what it rests on.  What it rests on is looked at again at every channel: a key that is taken away,
 * an account that is locked, a certificate that ends or is revoked open nothing more (and what is open ends: again.h).
 */
#ifndef GATE_LOGIN_H
#define GATE_LOGIN_H

#include "gate/gate.h"

int login_name_ask(struct client *c, const void *message);     /* MSG_NAME_ASK */
int login_key_ask(struct client *c, const void *message);      /* MSG_KEY_ASK */
int login_take(struct client *c, const void *message);         /* MSG_LOGIN */
void login_free(struct client *c);

/* One more method (a bit of base/methods.h) was proved: lets in, or asks for more.  0 or chan_send's codes. */
int login_proved(struct client *c, unsigned method);
/* A key was bound by a code (enrol.c): it counts as proved. */
void login_enrolled(struct client *c, struct slice blob);
/* A second factor was proved in the middle of the connection.  0 or events_login's codes: then it does not count. */
int login_stepped_up(struct client *c);
/* method was tried in vain.  Writes the event.  0 or chan_send's codes. */
int login_refused(struct client *c, struct slice raw, struct slice method, const char *why);
const char *login_user(const struct client *c);                /* the one who is logging in, or "" */

/* Who has logged in, as the policy sees them. */
void login_who(const struct client *c, struct rules_who *ret);
/* May the login still be used, and for this (NULL: at all)?  0, or -EACCES with e. */
int login_check(const struct client *c, const struct msg_decide *m, struct err *e);
bool login_by_certificate(const struct client *c);
/* When what the login rests on ends, in microseconds since 1970; 0: never. */
uint64_t login_ends_us(const struct client *c);
/* The same, of the account too. */
uint64_t login_until_us(const struct client *c);
/* Appends to b what the record should know of a certificate: ,"certificate":…; nothing without one.  0 or buf_append's codes. */
int login_detail(const struct client *c, struct buf *b);

#endif
