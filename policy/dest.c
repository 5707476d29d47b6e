/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * HOST:PORT of forwards.  A host is a glob over the name as the client gave it, or an address or network.  The host that
 * connects will resolve what it is given: names of the loopback, and numbers as inet_aton(3) takes them (127.1, 0x7f000001), may be
 * any address, so they cannot be judged by it; and who connects to 0.0.0.0 or :: comes to the loopback.  Who listens there, or on *,
 * listens on each address that the host has.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/ast.h"
#include "policy/match.h"

#define HOST_MAX 256

/* At the last colon; brackets around a host are taken off, letters made small, a dot at its end dropped. */
static bool
split(struct slice text, char host[HOST_MAX], struct slice *port)
{
	const unsigned char *colon = text.n > 0 ? memrchr(text.p, ':', text.n) : NULL;
	struct slice h;
	size_t i;

	if (colon == NULL)
		return false;
	h = slice_of(text.p, (size_t)(colon - text.p));
	*port = slice_of(colon + 1, text.n - h.n - 1);
	if (h.n > 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
		h = slice_of(h.p + 1, h.n - 2);
	else if (memchr(h.p, ':', h.n) != NULL)
		return false;
	if (h.n > 1 && h.p[h.n - 1] == '.')
		h.n--;
	if (h.n == 0 || h.n >= HOST_MAX || port->n == 0 || memchr(h.p, '\0', h.n) != NULL)
		return false;
	for (i = 0; i < h.n; i++)
		host[i] = (char)tolower(h.p[i]);
	host[i] = '\0';
	return true;
}

const char *
dest_parse(struct policy *p, struct slice text, struct dest *ret)
{
	char host[HOST_MAX];
	struct slice port;

	if (!split(text, host, &port))
		return "write HOST:PORT, or [ADDRESS]:PORT";
	for (size_t i = 0; i < port.n; i++)
		if (!isdigit(port.p[i]) && strchr("*?", port.p[i]) == NULL)
			return "a port is a number; * and ? stand for digits";
	ret->text = pool_text(p->pool, text);
	ret->host = pool_text(p->pool, slice_from(host));
	ret->port = pool_text(p->pool, port);
	if (ret->text == NULL || ret->host == NULL || ret->port == NULL)
		return "out of memory";
	ret->is_prefix = net_prefix_parse(slice_from(host), &ret->prefix) == 0;
	return NULL;
}

/* Would inet_aton(3) take it, or getaddrinfo(3) with a zone (::1%1), though it is no address as we know them? */
static bool
is_odd_number(const char *host)
{
	const char *dot = strrchr(host, '.'), *last = dot != NULL ? dot + 1 : host;

	if ((last[0] == '0' && last[1] == 'x') || strchr(host, '%') != NULL)
		return true;
	return last[0] != '\0' && last[strspn(last, "0123456789")] == '\0';
}

static bool
is_loopback_name(const char *host)
{
	size_t n = strlen(host), l = strlen("localhost");

	return (n >= l && strcmp(host + n - l, "localhost") == 0 && (n == l || host[n - l - 1] == '.')) ||
	    strncmp(host, "localhost.", l + 1) == 0 || strcmp(host, "ip6-localhost") == 0 || strcmp(host, "ip6-loopback") == 0;
}

static bool
is_loopback(const struct net_addr *a)
{
	struct net_prefix v4, v6;

	return (net_prefix_parse(slice_from("127.0.0.0/8"), &v4) == 0 && net_prefix_holds(&v4, a)) ||
	    (net_prefix_parse(slice_from("::1"), &v6) == 0 && net_prefix_holds(&v6, a));
}

static bool
is_unspecified(const struct net_addr *a)
{
	struct net_addr v4, v6;

	return (net_parse(slice_from("0.0.0.0"), &v4) == 0 && net_eq(&v4, a)) || (net_parse(slice_from("::"), &v6) == 0 && net_eq(&v6, a));
}

static bool
holds_loopback(const struct net_prefix *p)
{
	struct net_addr a;

	return is_loopback(&p->addr) || (net_parse(slice_from("127.0.0.1"), &a) == 0 && net_prefix_holds(p, &a)) ||
	    (net_parse(slice_from("::1"), &a) == 0 && net_prefix_holds(p, &a));
}

enum fit
dest_fits(const struct dest *d, struct slice where)
{
	char host[HOST_MAX];
	struct net_addr addr;
	struct slice port;

	if (!split(where, host, &port))
		return FIT_UNKNOWN;
	if (!text_glob(slice_from(d->port), port))
		return FIT_NO;
	if (!d->is_prefix && text_glob(slice_from(d->host), slice_from(host)))
		return FIT_YES;
	if (net_parse(slice_from(host), &addr) != 0)
		return is_odd_number(host) || (d->is_prefix && is_loopback_name(host) && holds_loopback(&d->prefix)) ? FIT_UNKNOWN : FIT_NO;
	if (d->is_prefix && net_prefix_holds(&d->prefix, &addr))
		return FIT_YES;
	if (d->is_prefix)
		return is_unspecified(&addr) && holds_loopback(&d->prefix) ? FIT_UNKNOWN : FIT_NO;
	return is_loopback_name(d->host) && (is_loopback(&addr) || is_unspecified(&addr)) ? FIT_UNKNOWN : FIT_NO;
}

enum fit
dest_fits_listening(const struct dest *d, struct slice where)
{
	enum fit fit = dest_fits(d, where);
	char host[HOST_MAX];
	struct net_addr addr;
	struct slice port;

	if (fit != FIT_NO || !split(where, host, &port) || !text_glob(slice_from(d->port), port))
		return fit;
	return strcmp(host, "*") == 0 || (net_parse(slice_from(host), &addr) == 0 && is_unspecified(&addr)) ? FIT_UNKNOWN : FIT_NO;
}
