/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>

#include "gate/rows.h"

void
rows_user(const struct dir_user *u, struct msg_dir_user *ret)
{
	*ret = (struct msg_dir_user){ .op = MSG_DIR_PUT, .name = slice_from(u->name), .display = slice_from(u->display),
	    .groups = slice_from(u->groups), .attrs = slice_from(u->attrs), .disabled = u->disabled, .created_us = u->created_us,
	    .expires_us = u->expires_us, .factor_us = u->factor_n > 0 ? u->factor_added_us : 0 };
}

void
rows_key(const struct dir_user *u, const struct dir_key *k, struct msg_dir_key *ret)
{
	*ret = (struct msg_dir_key){ .op = MSG_DIR_PUT, .user = slice_from(u->name), .alg = slice_from(k->alg),
	    .blob = slice_of(k->blob, k->blob_n), .comment = slice_from(k->comment), .added_us = k->added_us,
	    .expires_us = k->expires_us };
}

void
rows_group(const struct dir_group *g, struct msg_dir_group *ret)
{
	*ret = (struct msg_dir_group){ .op = MSG_DIR_PUT, .name = slice_from(g->name), .description = slice_from(g->description) };
}

void
rows_host(const struct dir_host *h, struct msg_dir_host *ret)
{
	*ret = (struct msg_dir_host){ .op = MSG_DIR_PUT, .name = slice_from(h->name), .addr = slice_from(h->addr), .port = h->port,
	    .target_kind = h->kind, .trust_first = h->trust_first, .labels = slice_from(h->labels), .logins = slice_from(h->logins),
	    .pins = slice_from(h->pins), .aliases = slice_from(h->aliases) };
}

static int
clone_user(struct directory *to, const struct dir_user *u)
{
	struct msg_dir_user m;
	struct msg_dir_key k;
	int r;

	rows_user(u, &m);
	r = directory_apply(to, MSG_DIR_USER, &m);
	if (r == 0)
		directory_find_user(to, m.name)->factor_n = u->factor_n;     /* that there is one; what it is nobody needs */
	for (size_t i = 0; r == 0 && i < u->nkeys; i++) {
		rows_key(u, &u->keys[i], &k);
		r = directory_apply(to, MSG_DIR_KEY, &k);
	}
	return r;
}

struct directory *
rows_clone(const struct directory *d)
{
	struct directory *copy = directory_new();
	struct msg_dir_group g;
	struct msg_dir_host h;
	int r = copy != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < directory_users(d); i++)
		r = clone_user(copy, directory_user_at(d, i));
	for (size_t i = 0; r == 0 && i < directory_groups(d); i++) {
		rows_group(directory_group_at(d, i), &g);
		r = directory_apply(copy, MSG_DIR_GROUP, &g);
	}
	for (size_t i = 0; r == 0 && i < directory_hosts(d); i++) {
		rows_host(directory_host_at(d, i), &h);
		r = directory_apply(copy, MSG_DIR_HOST, &h);
	}
	if (r == 0)
		return copy;
	directory_free(copy);
	return NULL;
}
