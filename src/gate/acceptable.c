/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "cert/cert.h"
#include "gate/acceptable.h"
#include "gate/host.h"
#include "gate/names.h"

enum { LIST_MAX = 16384, DISPLAY_MAX = 256 };

static bool
text_is_plain(struct slice s, size_t max, bool newlines)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < ' ' && !(newlines && s.p[i] == '\n')) || s.p[i] == 0x7f)
			return false;
	return s.n <= max && text_is_utf8(s);
}

static int
list_check(struct slice list, const char *what, struct err *e)
{
	struct slice word;

	if (list.n > LIST_MAX)
		return err_set(e, -EINVAL, "the list of %s is longer than %d bytes", what, LIST_MAX);
	while (take_filled(&list, ',', &word))
		if (!text_is_name(word))
			return err_set(e, -EINVAL, "\"%.*s\" is not a name for %s (letters, digits, _ . @ -)",
			    (int)word.n, (const char *)word.p, what);
	return 0;
}

/* "team=pay site=hz": what a policy may ask for by $team. */
static int
attrs_check(struct slice attrs, struct err *e)
{
	size_t n = 0, eq = 0;

	if (!text_is_plain(attrs, LIST_MAX / 4, false))
		return err_set(e, -EINVAL, "attributes are one line of text");
	for (size_t i = 0; i <= attrs.n; i++) {
		if (i < attrs.n && attrs.p[i] != ' ') {
			eq = attrs.p[i] == '=' && eq == 0 ? n : eq;
			n++;
			continue;
		}
		if (n > 0 && (eq == 0 || !text_is_name(slice_of(attrs.p + i - n, eq))))
			return err_set(e, -EINVAL, "\"%.*s\" is not an attribute: write NAME=VALUE", (int)n, (const char *)attrs.p + i - n);
		n = eq = 0;
	}
	return 0;
}

static int
check_user(const struct directory *d, const void *row, struct err *e)
{
	const struct msg_dir_user *m = row;

	if (m->op == MSG_DIR_DELETE)
		return directory_find_user(d, m->name) != NULL ? 0 :
		    err_set(e, -ENOENT, "there is no user %.*s", (int)m->name.n, (const char *)m->name.p);
	if (!text_is_name(m->name))
		return err_set(e, -EINVAL, "\"%.*s\" is not a user name (1 to 64 letters, digits, _ . @ -)",
		    (int)m->name.n, (const char *)m->name.p);
	if (m->display.n > DISPLAY_MAX || !text_is_utf8(m->display))
		return err_set(e, -EINVAL, "a display name is at most %d bytes of UTF-8", DISPLAY_MAX);
	return list_check(m->groups, "groups", e) != 0 ? -EINVAL : attrs_check(m->attrs, e);
}

static int
check_group(const struct directory *d, const void *row, struct err *e)
{
	const struct msg_dir_group *m = row;

	if (m->op == MSG_DIR_DELETE && directory_find_group(d, m->name) == NULL)
		return err_set(e, -ENOENT, "there is no group %.*s", (int)m->name.n, (const char *)m->name.p);
	for (size_t i = 0; m->op == MSG_DIR_DELETE && i < directory_users(d); i++)
		if (names_in_list(directory_user_at(d, i)->groups, m->name))
			return err_set(e, -EEXIST, "%s is in group %.*s: fortress group leave %.*s NAME... takes people out",
			    directory_user_at(d, i)->name, (int)m->name.n, (const char *)m->name.p, (int)m->name.n, (const char *)m->name.p);
	if (!text_is_name(m->name))
		return err_set(e, -EINVAL, "\"%.*s\" is not a name for groups (1 to 64 letters, digits, _ . @ -)",
		    (int)m->name.n, (const char *)m->name.p);
	return m->description.n <= DISPLAY_MAX && text_is_plain(m->description, DISPLAY_MAX, false) ? 0 :
	    err_set(e, -EINVAL, "a description is at most %d bytes of text in one line", DISPLAY_MAX);
}

/* The blob begins with its own algorithm's name, length first (RFC 4253 section 6.6). */
static int
check_key(const struct directory *d, const void *row, struct err *e)
{
	const struct msg_dir_key *m = row;
	const struct dir_user *u = directory_find_user(d, m->user);
	const unsigned char *p = m->blob.p;

	if (u == NULL)
		return err_set(e, -ENOENT, "there is no user %.*s", (int)m->user.n, (const char *)m->user.p);
	if (m->op == MSG_DIR_DELETE)
		return directory_find_key(u, m->blob) != NULL ? 0 : err_set(e, -ENOENT, "%s has no such key", u->name);
	if (m->blob.n < 8 || p[0] != 0 || p[1] != 0 || (size_t)(p[2] << 8 | p[3]) != m->alg.n ||
	    m->alg.n + 4 >= m->blob.n || !slice_eq(slice_of(p + 4, m->alg.n), m->alg))
		return err_set(e, -EINVAL, "that is not an SSH public key: the type and the data do not fit");
	if (cert_is(m->blob))
		return err_set(e, -EINVAL, "that is a certificate: TrustedUserCAKeys in fortress.conf(5) names its authority");
	if (u->nkeys >= DIRECTORY_KEYS_MAX && directory_find_key(u, m->blob) == NULL)
		return err_set(e, -EINVAL, "%s has %d keys already: delete one first", u->name, DIRECTORY_KEYS_MAX);
	return m->comment.n <= DISPLAY_MAX ? 0 : err_set(e, -EINVAL, "the comment is longer than %d bytes", DISPLAY_MAX);
}

static int
check_host(const struct directory *d, const void *row, struct err *e)
{
	const struct msg_dir_host *m = row;
	int r;

	if (m->op == MSG_DIR_DELETE)
		return directory_host_named(d, m->name) != NULL ? 0 : err_set(e, -ENOENT, "there is no host %.*s", (int)m->name.n, (const char *)m->name.p);
	if (!text_is_name(m->name))
		return err_set(e, -EINVAL, "\"%.*s\" is not a host name (1 to 64 letters, digits, _ . @ -)",
		    (int)m->name.n, (const char *)m->name.p);
	r = host_check_address(m->addr, e);
	if (r != 0)
		return r;
	if ((m->port == 0 || m->port > 65535) && (m->addr.n < 5 || memcmp(m->addr.p, "unix:", 5) != 0))
		return err_set(e, -EINVAL, "a port is 1 to 65535, not %u", m->port);
	if (m->target_kind != MSG_TARGET_SSHD && m->target_kind != MSG_TARGET_AGENT)
		return err_set(e, -EINVAL, "a host is an sshd or an agent");
	if (!text_is_plain(m->labels, 4096, false) || !text_is_plain(m->pins, LIST_MAX, true))
		return err_set(e, -EINVAL, "labels and host keys are one line of text each");
	r = list_check(m->logins, "logins", e);
	if (r == 0)
		r = list_check(m->aliases, "aliases", e);
	return r != 0 ? r : host_check_names(d, m, e);
}

static int
check_code(const struct directory *d, const void *row, struct err *e)
{
	const struct msg_dir_code *m = row;

	if (!text_is_name(m->user) || m->hash.n != CODE_HASH)
		return err_set(e, -EINVAL, "\"%.*s\" is not a user name", (int)m->user.n, (const char *)m->user.p);
	if (m->op != MSG_DIR_DELETE && codes_are_full(directory_codes(d)))
		return err_set(e, -EINVAL, "%d codes wait to be used: too many", CODES_MAX);
	return 0;
}

static int
check_factor(const struct directory *d, const void *row, struct err *e)
{
	const struct msg_dir_factor *m = row;
	const struct dir_user *u = directory_find_user(d, m->user);

	if (u == NULL)
		return err_set(e, -ENOENT, "there is no user %.*s", (int)m->user.n, (const char *)m->user.p);
	if (m->op == MSG_DIR_DELETE)
		return u->factor->n > 0 ? 0 : err_set(e, -ENOENT, "%s has no second factor", u->name);
	return m->sealed.n > 0 && m->sealed.n <= sizeof(u->factor->sealed) ? 0 : err_set(e, -EINVAL, "not a sealed factor");
}

/* The gate alone makes them. */
static int
check_approval(const struct directory *d, const void *row, struct err *e)
{
	(void)d, (void)row, (void)e;
	return 0;
}

int
acceptable_row(const struct directory *d, unsigned type, const void *row, struct err *e)
{
	static const struct {
		unsigned type;
		int (*fn)(const struct directory *, const void *, struct err *);
	} table[] = {
		{ MSG_DIR_USER, check_user }, { MSG_DIR_GROUP, check_group }, { MSG_DIR_KEY, check_key },
		{ MSG_DIR_HOST, check_host }, { MSG_DIR_CODE, check_code }, { MSG_DIR_FACTOR, check_factor },
		{ MSG_DIR_APPROVAL, check_approval },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].type == type)
			return table[i].fn(d, row, e);
	return err_set(e, -EINVAL, "not a row of the directory");
}
