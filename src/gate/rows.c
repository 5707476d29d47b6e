/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>

#include "gate/rows.h"

void
rows_user(const struct dir_user *u, struct msg_dir_user *ret)
{
	*ret = (struct msg_dir_user){ .op = MSG_DIR_PUT, .name = slice_from(u->name), .display = slice_from(u->display),
	    .groups = slice_from(u->groups), .attrs = slice_from(u->attrs), .disabled = u->disabled, .created_us = u->created_us,
	    .expires_us = u->expires_us, .factor_us = u->factor->n > 0 ? u->factor->added_us : 0 };
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
		directory_share_factor(directory_find_user(to, m.name), u);
	for (size_t i = 0; r == 0 && i < u->nkeys; i++) {
		rows_key(u, &u->keys[i], &k);
		r = directory_apply(to, MSG_DIR_KEY, &k);
	}
	return r;
}

static int
clone_group(struct directory *to, const struct dir_group *g)
{
	struct msg_dir_group m;

	rows_group(g, &m);
	return directory_apply(to, MSG_DIR_GROUP, &m);
}

static int
clone_host(struct directory *to, const struct dir_host *h)
{
	struct msg_dir_host m;

	rows_host(h, &m);
	return directory_apply(to, MSG_DIR_HOST, &m);
}

size_t
rows_count(const struct directory *d)
{
	return directory_users(d) + directory_groups(d) + directory_hosts(d);
}

int
rows_clone(const struct directory *d, size_t at, struct directory *to)
{
	size_t users = directory_users(d), groups = directory_groups(d);

	if (at < users)
		return clone_user(to, directory_user_at(d, at));
	if (at < users + groups)
		return clone_group(to, directory_group_at(d, at - users));
	return clone_host(to, directory_host_at(d, at - users - groups));
}
