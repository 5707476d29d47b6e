/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/directory.h"
#include "ctl/state.h"

/* --- out of the bastion --- */

struct loading { struct state *state; bool failed; };

/* To the second: what is put by hand has no more. */
static char *
time_text(uint64_t us)
{
	char text[32];

	(void)ctl_print_utc(us, text, sizeof(text));
	return strdup(text);
}

/* values: slices in the order of the fields; a FIELD_TIME is in us. */
static void
item_load(struct loading *l, enum state_kind kind, char *name, const struct slice *values, const uint64_t *us, uint64_t since_us)
{
	struct state_item *item = name != NULL ? state_add(&l->state->lists[kind]) : NULL;
	const struct state_field *fields = state_types[kind].fields;

	if (item == NULL) {
		free(name);
		l->failed = true;
		return;
	}
	item->name = name;
	item->since_us = since_us;
	for (int i = 0; fields[i].name != NULL; i++) {
		item->us[i] = us[i];
		item->values[i] = fields[i].form == FIELD_TIME ? time_text(us[i]) : slice_dup(values[i]);
		l->failed = l->failed || item->values[i] == NULL;
	}
}

static struct slice
bool_text(bool b)
{
	return slice_from(b ? "true" : "false");
}

static void
user_load(struct loading *l, const struct msg_dir_user *m)
{
	const struct slice values[STATE_FIELDS_MAX] = { m->display, m->groups, m->attrs, bool_text(m->disabled != 0) };
	const uint64_t us[STATE_FIELDS_MAX] = { [4] = m->expires_us };

	item_load(l, STATE_USERS, slice_dup(m->name), values, us, m->created_us);
}

static void
group_load(struct loading *l, const struct msg_dir_group *m)
{
	const struct slice values[STATE_FIELDS_MAX] = { m->description };
	const uint64_t us[STATE_FIELDS_MAX] = { 0 };

	item_load(l, STATE_GROUPS, slice_dup(m->name), values, us, 0);
}

static void
key_load(struct loading *l, const struct msg_dir_key *m)
{
	const struct slice values[STATE_FIELDS_MAX] = { m->comment };
	const uint64_t us[STATE_FIELDS_MAX] = { [1] = m->expires_us };
	struct buf name;
	int r;

	buf_init(&name, MSG_MAX * 2);
	r = buf_printf(&name, "%.*s %.*s ", (int)m->user.n, (const char *)m->user.p, (int)m->alg.n, (const char *)m->alg.p);
	if (r == 0)
		r = text_base64(&name, m->blob);
	item_load(l, STATE_KEYS, r == 0 ? strdup(buf_cstr(&name)) : NULL, values, us, m->added_us);
	buf_done(&name);
}

static void
host_load(struct loading *l, const struct msg_dir_host *m)
{
	char port[16] = "";
	int n = snprintf(port, sizeof(port), "%u", m->port);
	const struct slice values[STATE_FIELDS_MAX] = { m->addr, slice_of(port, (size_t)n), slice_from(m->target_kind ==
	    MSG_TARGET_AGENT ? "agent" : "sshd"), m->logins, m->labels, m->aliases, m->pins, bool_text(m->trust_first != 0) };
	const uint64_t us[STATE_FIELDS_MAX] = { 0 };

	item_load(l, STATE_HOSTS, slice_dup(m->name), values, us, 0);
}

static bool
row_seen(void *arg, unsigned type, const void *message)
{
	struct loading *l = arg;

	switch (type) {
	case MSG_DIR_USER:
		user_load(l, message);
		break;
	case MSG_DIR_GROUP:
		group_load(l, message);
		break;
	case MSG_DIR_KEY:
		key_load(l, message);
		break;
	case MSG_DIR_HOST:
		host_load(l, message);
		break;
	case MSG_DIR_END:
		l->state->version = ((const struct msg_dir_end *)message)->state;
		return true;
	}
	return false;
}

int
state_load(struct ctl *c, struct state *ret)
{
	struct loading l = { .state = ret };
	int r = 0;

	for (int tries = 0; r == 0 && tries < 5; tries++) {     /* somebody may change it meanwhile */
		state_done(ret);
		r = directory_load(c, row_seen, &l);
		if (r == 0 && l.failed)
			r = err_set(&c->e, -ENOMEM, "out of memory");
		if (r == 0 && ret->version != 0)
			break;
	}
	if (r == 0 && ret->version == 0)
		r = err_set(&c->e, -EAGAIN, "the directory changes all the time: try again");
	for (int k = 0; k < STATE_KINDS; k++) {
		state_sort(&ret->lists[k]);
		ret->lists[k].said = true;
	}
	return r;
}

/* --- rows --- */

/* What is said to the second is the old one's if that is the same second. */
static uint64_t
time_us(const struct state_item *item, const struct state_item *old, unsigned field)
{
	if (old != NULL && (item->values[field] == NULL || strcmp(item->values[field], old->values[field]) == 0))
		return old->us[field];
	return item->us[field];
}

static int
key_row(const struct state_item *item, struct msg_dir_key *m, struct buf *blob, struct err *e)
{
	const char *alg = strchr(item->name, ' '), *base64 = alg != NULL ? strchr(alg + 1, ' ') : NULL;

	if (base64 == NULL)
		return err_set(e, -EINVAL, "not a key");
	buf_clear(blob);
	m->user = slice_of(item->name, (size_t)(alg - item->name));
	m->alg = slice_of(alg + 1, (size_t)(base64 - alg) - 1);
	if (text_unbase64(blob, slice_from(base64 + 1)) != 0)
		return err_set(e, -EINVAL, "not a key");
	m->blob = buf_slice(blob);
	return 0;
}

int
state_row(enum state_kind kind, const struct state_item *item, const struct state_item *old, enum msg_dir_op op,
    union state_row *ret, struct buf *blob, struct err *e)
{
	struct slice v[STATE_FIELDS_MAX] = { { 0 } };
	uint64_t since = old != NULL ? old->since_us : op == MSG_DIR_PUT ? (uint64_t)clock_wall().us : 0, port = 0;

	for (unsigned i = 0; op == MSG_DIR_PUT && state_types[kind].fields[i].name != NULL; i++)
		v[i] = slice_from(state_value(kind, item, old, i));
	switch (kind) {
	case STATE_GROUPS:
		ret->group = (struct msg_dir_group){ .op = op, .name = slice_from(item->name), .description = v[0] };
		return 0;
	case STATE_USERS:
		ret->user = (struct msg_dir_user){ .op = op, .name = slice_from(item->name), .display = v[0], .groups = v[1], .attrs = v[2],
		    .disabled = slice_is(v[3], "true"), .expires_us = time_us(item, old, 4), .created_us = since };
		return 0;
	case STATE_KEYS:
		ret->key = (struct msg_dir_key){ .op = op, .comment = v[0], .expires_us = time_us(item, old, 1), .added_us = since };
		return key_row(item, &ret->key, blob, e);
	default:
		(void)text_u64(v[HOST_PORT], UINT32_MAX, &port);
		ret->host = (struct msg_dir_host){ .op = op, .name = slice_from(item->name), .addr = v[0], .port = (uint32_t)port,
		    .target_kind = slice_is(v[2], "agent") ? MSG_TARGET_AGENT : MSG_TARGET_SSHD, .logins = v[3], .labels = v[4],
		    .aliases = v[5], .pins = v[6], .trust_first = slice_is(v[7], "true") };
		return 0;
	}
}
