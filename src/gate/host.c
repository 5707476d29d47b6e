/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <string.h>

#include "base/net.h"
#include "gate/host.h"
#include "gate/names.h"
#include "msg/reserved.h"

static bool
is_path(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return s.n > 1 && s.n < 100 && s.p[0] == '/';
}

static bool
is_host_name(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", s.p[i]) == NULL || s.p[i] == '\0')
			return false;
	return s.n > 0 && s.n <= 253 && s.p[0] != '-' && s.p[0] != '.';
}

/* Digits and dots alone are meant to be an address. */
static bool
is_numeric(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr("0123456789.", s.p[i]) == NULL)
			return false;
	return s.n > 0;
}

static bool
is_address(struct slice s)
{
	const unsigned char *zone = s.n > 0 ? memchr(s.p, '%', s.n) : NULL;
	struct net_addr addr;

	if (zone != NULL && is_host_name(slice_of(zone + 1, s.n - (size_t)(zone - s.p) - 1)))
		s.n = (size_t)(zone - s.p);
	return net_parse(s, &addr) == 0;
}

int
host_check_address(struct slice addr, struct err *e)
{
	static const char unix_socket[] = "unix:";
	size_t n = sizeof(unix_socket) - 1;

	if (addr.n >= n && memcmp(addr.p, unix_socket, n) == 0) {
		if (is_path(slice_of(addr.p + n, addr.n - n)))
			return 0;
	} else if (is_address(addr) || (is_host_name(addr) && !is_numeric(addr))) {
		return 0;
	}
	return err_set(e, -EINVAL, "\"%.*s\" is not an address: an IP address, a host's name, or unix:/path", (int)addr.n,
	    (const char *)addr.p);
}

/* Names that something else would be taken for: a word that the bastion answers, or an enrolment code. */
static int
name_check(struct slice name, struct err *e)
{
	if (reserved_is_word(name))
		return err_set(e, -EINVAL, "\"%.*s\" is a word that the bastion answers itself (ssh USER@bastion %.*s): choose another name",
		    (int)name.n, (const char *)name.p, (int)name.n, (const char *)name.p);
	if (names_is_code(name))
		return err_set(e, -EINVAL, "\"%.*s\" looks like an enrolment code: choose another name", (int)name.n, (const char *)name.p);
	return 0;
}

static int
alias_check(const struct directory *d, const struct msg_dir_host *m, struct slice alias, struct err *e)
{
	const struct dir_host *old = directory_host_named(d, m->name);

	if (old == NULL || !names_in_list(old->aliases, alias)) {
		int r = name_check(alias, e);

		if (r != 0)
			return r;
	}
	if (slice_eq(alias, m->name))
		return err_set(e, -EEXIST, "%.*s is the host's own name: it needs no alias", (int)alias.n, (const char *)alias.p);
	old = directory_host_named(d, alias);
	if (old != NULL)
		return err_set(e, -EEXIST, "alias %s: there is a host of that name", old->name);
	old = directory_alias_of(d, alias, m->name);
	return old == NULL ? 0 :
	    err_set(e, -EEXIST, "alias %.*s: host %s has it already", (int)alias.n, (const char *)alias.p, old->name);
}

int
host_check_names(const struct directory *d, const struct msg_dir_host *m, struct err *e)
{
	struct slice rest = m->aliases, alias;
	const struct dir_host *other;
	int r = directory_host_named(d, m->name) == NULL ? name_check(m->name, e) : 0;

	if (r == 0 && (other = directory_alias_of(d, m->name, m->name)) != NULL)
		return err_set(e, -EEXIST, "%.*s is an alias of host %s", (int)m->name.n, (const char *)m->name.p, other->name);
	while (r == 0 && take_filled(&rest, ',', &alias))
		r = alias_check(d, m, alias, e);
	return r;
}
