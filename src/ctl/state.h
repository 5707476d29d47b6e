/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The directory as a whole: groups, users, keys and hosts, out of a running bastion or out of a file.  Every kind is a row of
 * a table, with its fields; a field's value is one text in a form of its own, so that two values are equal when their texts
 * are.  From these tables come the file's reader and writer, the plan and its words.
 */
#ifndef CTL_STATE_H
#define CTL_STATE_H

#include "ctl/ctl.h"
#include "msg/msg.h"

/* In the order in which they are put: a group before its users, a user before the keys. */
enum state_kind { STATE_GROUPS, STATE_USERS, STATE_KEYS, STATE_HOSTS, STATE_KINDS };

#define STATE_FIELDS_MAX 8

enum { HOST_ADDRESS, HOST_PORT, HOST_KEYS = 6, HOST_TRUSTS };      /* fields of hosts that have rules of their own */

struct state_field {
	const char *name;
	enum { FIELD_TEXT, FIELD_BOOL, FIELD_NUMBER, FIELD_TIME, FIELD_LIST, FIELD_WORDS, FIELD_LINES } form;
	const char *absent;            /* what a new one has if nothing is said; NULL: it must be said */
};

struct state_type {
	const char *section, *one;     /* "users", "user" */
	const char *named_by[2];       /* the members that are its name: "name", or "user" and "key" */
	struct state_field fields[STATE_FIELDS_MAX + 1];
	enum msg_type message;
};

extern const struct state_type state_types[STATE_KINDS];

struct state_item {
	char *name;                    /* of a key: "USER ALG BASE64" */
	char *values[STATE_FIELDS_MAX];          /* NULL: the file does not say */
	uint64_t us[STATE_FIELDS_MAX]; /* of a FIELD_TIME, to the microsecond */
	uint64_t since_us;             /* created or added */
	unsigned line, col;            /* in the file */
};

struct state_list { struct state_item *p; size_t n, cap; bool said; };     /* said: the file has this section */

struct state {
	struct state_list lists[STATE_KINDS];         /* each in order of names */
	uint64_t version;              /* msg_dir_end's */
};

/* From the bastion.  0 or negative with c->e; the caller calls state_done in any case. */
int state_load(struct ctl *c, struct state *ret);
/* From a file's text: the same. */
int state_read(struct ctl *c, const char *file, struct slice text, struct state *ret);
/* As such a file has it.  0 or buf_append's codes. */
int state_write(const struct state *s, struct buf *out);
void state_done(struct state *s);

/* A new one at the end, zeroed; NULL: no memory, or more than 200,000. */
struct state_item *state_add(struct state_list *l);
void state_sort(struct state_list *l);
/* A value in the form that files have it: "text", true, [ … ].  0 or buf_append's codes. */
int state_value_json(const struct state_field *f, const char *value, struct buf *out);
/* SHA-256 of all that is in it. */
void state_hash(const struct state *s, unsigned char hash[32]);
/* item as a row to put or delete; the texts stay where they are, blob holds a key's.  What it does not say is taken from old
 * (NULL: as of new ones).  0 or negative with e. */
union state_row { struct msg_dir_user user; struct msg_dir_group group; struct msg_dir_key key; struct msg_dir_host host; };
int state_row(enum state_kind kind, const struct state_item *item, const struct state_item *old, enum msg_dir_op op,
    union state_row *ret, struct buf *blob, struct err *e);
/* The value that counts: item's, else old's, else that of new ones. */
const char *state_value(enum state_kind kind, const struct state_item *item, const struct state_item *old, unsigned field);

#endif
