/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The command's connection to a running bastion: one question at a time, answers waited for. */
#ifndef CTL_ASK_H
#define CTL_ASK_H

#include "ctl/ctl.h"
#include "msg/chan.h"

/* NULL with c->e: -ECONNREFUSED or -ENOENT when no bastion runs on this state. */
struct ask *ask_open(struct ctl *c);
void ask_close(struct ask *l);                        /* NULL is fine */
/* The descriptor that came with the last answer, then the caller's, or -1. */
int ask_take_fd(struct ask *l);

/* Called for each answer; true: that was the last. */
typedef bool ask_fn(void *arg, unsigned type, const void *message);
/* Sends and waits until fn says so.  0 or a negative code with c->e. */
int ask_wait(struct ask *l, unsigned type, const void *message, ask_fn *fn, void *arg);
/* The same with a descriptor, which stays the caller's. */
int ask_wait_fd(struct ask *l, unsigned type, const void *message, int fd, ask_fn *fn, void *arg);
/* The same on a connection of its own. */
int ask_once(struct ctl *c, unsigned type, const void *message, ask_fn *fn, void *arg);
/* Prints what comes as rows of these columns (one: a single row); fn puts them out and counts them, its arg is a struct ask_rows.
 * none: what is said if none has come, or NULL.  CTL_OK or CTL_FAILED. */
struct ask_rows { struct out *out; unsigned n; };
int ask_print(struct ctl *c, const struct out_column *columns, bool one, unsigned type, const void *message, ask_fn *fn, const char *none);
/* For puts: waits for MSG_DIR_DONE, and puts again as long as that says MSG_AGAIN.  CTL_OK or CTL_FAILED with its words. */
int ask_put(struct ctl *c, unsigned type, const void *message);
/* Many rows of hosts: next makes them until it returns false, each with a req of its own.  *done: how many were taken.  At the
 * first refusal no more are sent, *refused is its req, and c->e has the words.  0 or negative. */
typedef bool ask_next_fn(void *arg, struct msg_dir_host *row);
int ask_hosts(struct ctl *c, ask_next_fn *next, void *arg, size_t *done, uint32_t *refused);
/* Puts on the record that somebody reads this session ("": more than one), durable on return.  0 or negative with c->e. */
int ask_view(struct ctl *c, const char *session, const char *how);

#endif
