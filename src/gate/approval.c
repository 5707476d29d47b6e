/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A row is kept as the message that brought it, packed: its texts are views into that. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "gate/approval.h"

enum { ROW_MAX = 20000 };
#define TO     "to "
#define LISTEN "listen "

static void
approval_free(struct approval *a)
{
	buf_done(&a->bytes);
	free(a);
}

void
approvals_free(struct approvals *x)
{
	struct approval *a;

	while ((a = x->first) != NULL) {
		x->first = a->next;
		approval_free(a);
	}
	x->n = 0;
}

struct approval *
approvals_find(const struct approvals *x, struct slice id)
{
	struct approval *a = x->first;

	while (a != NULL && !slice_eq(a->row.id, id))
		a = a->next;
	return a;
}

static void
approval_drop(struct approvals *x, struct approval **at)
{
	struct approval *a = *at;

	*at = a->next;
	x->n--;
	approval_free(a);
}

void
approvals_forget(struct approvals *x, bool (*is)(const void *arg, struct slice user), const void *arg)
{
	struct approval **at = &x->first;

	while (*at != NULL)
		if (is(arg, (*at)->row.user))
			approval_drop(x, at);
		else
			at = &(*at)->next;
}

static int
votes_read(struct slice text, struct vote votes[APPROVAL_VOTES], unsigned *n)
{
	struct slice one, name;

	for (*n = 0; take_part(&text, ' ', &one); ++*n) {
		struct vote *v = &votes[*n];

		if (*n == APPROVAL_VOTES || !take_until(&one, '=', &name) || slice_copy(name, v->name, sizeof(v->name)) != 0 ||
		    !text_u64(one, INT64_MAX, &v->at_us))
			return -EBADMSG;
	}
	return 0;
}

static int
approval_fill(struct approval *a, const struct msg_dir_approval *m)
{
	struct vote votes[APPROVAL_VOTES];
	struct msg_dir_approval row;
	struct buf bytes;
	unsigned n = 0;
	int r;

	buf_init(&bytes, ROW_MAX);
	r = msg_pack(&bytes, MSG_DIR_APPROVAL, m);
	if (r == 0)
		r = msg_unpack(MSG_DIR_APPROVAL, slice_of(bytes.p + 2, bytes.len - 2), &row);
	if (r == 0)
		r = votes_read(row.votes, votes, &n);
	if (r != 0) {
		buf_done(&bytes);
		return r;
	}
	buf_done(&a->bytes);
	a->bytes = bytes;
	a->ending = false;
	a->row = row;
	memcpy(a->votes, votes, n * sizeof(votes[0]));
	a->votes_n = n;
	return 0;
}

static int
approval_remove(struct approvals *x, struct slice id)
{
	struct approval **at = &x->first;

	while (*at != NULL && !slice_eq((*at)->row.id, id))
		at = &(*at)->next;
	if (*at == NULL)
		return -ENOENT;
	approval_drop(x, at);
	return 0;
}

int
approvals_apply(struct approvals *x, const struct msg_dir_approval *m)
{
	struct approval *a = approvals_find(x, m->id), *fresh = a == NULL ? calloc(1, sizeof(*fresh)) : NULL;
	int r;

	if (m->op == MSG_DIR_DELETE) {
		free(fresh);
		return approval_remove(x, m->id);
	}
	if (a == NULL && (fresh == NULL || x->n == APPROVALS_MAX)) {
		free(fresh);
		return fresh == NULL ? -ENOMEM : -ENOSPC;
	}
	r = approval_fill(a != NULL ? a : fresh, m);
	if (fresh == NULL)
		return r;
	if (r != 0) {
		free(fresh);
		return r;
	}
	fresh->next = x->first;
	x->first = fresh;
	x->n++;
	return 0;
}

int
approvals_new_id(const struct approvals *x, char id[APPROVAL_ID])
{
	static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
	unsigned char random[APPROVAL_ID - 1];
	int r;

	do {
		r = secret_random(random, sizeof(random));
		for (size_t i = 0; r == 0 && i < sizeof(random); i++)
			id[i] = letters[random[i] % 32];
		id[APPROVAL_ID - 1] = '\0';
	} while (r == 0 && approvals_find(x, slice_from(id)) != NULL);
	return r;
}

bool
approval_is(const struct approval *a, const char *state)
{
	return slice_is(a->row.state, state);
}

bool
approval_is_over(const struct approval *a, wall_t now)
{
	return directory_is_over(a->row.expires_us, now);
}

int
approval_what(const struct msg_decide *m, struct buf *out)
{
	int r = m->command.n > APPROVAL_WHAT ? -EMSGSIZE : buf_slice_append(out, m->command);

	if (r == 0 && m->to.n > 0 && (r = buf_text(out, TO)) == 0)
		r = buf_slice_append(out, m->to);
	if (r == 0 && m->listen.n > 0 && (r = buf_text(out, LISTEN)) == 0)
		r = buf_slice_append(out, m->listen);
	return r;
}

static bool
begins(struct slice s, const char *word, struct slice *rest)
{
	size_t n = strlen(word);

	if (s.n < n || memcmp(s.p, word, n) != 0)
		return false;
	*rest = slice_of(s.p + n, s.n - n);
	return true;
}

void
approval_question(const struct approval *a, struct msg_decide *ret)
{
	*ret = (struct msg_decide){ .verb = a->row.verb, .host = a->row.host, .login = a->row.login, .change = a->row.ticket };
	if (slice_is(a->row.verb, "exec"))
		ret->command = a->row.what;
	else if (!begins(a->row.what, TO, &ret->to))
		(void)begins(a->row.what, LISTEN, &ret->listen);
}

int
approval_vote_add(const struct approval *a, const char *name, wall_t at, struct buf *out)
{
	int r = buf_slice_append(out, a->row.votes);

	return r != 0 ? r : buf_printf(out, "%s%s=%lld", a->row.votes.n > 0 ? " " : "", name, (long long)at.us);
}
