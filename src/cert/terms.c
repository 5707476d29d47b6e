/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Options are a list of names, each with its contents as a string; what a critical one has to say is a string inside
 * that string.  Whoever does not know a critical option must refuse the certificate; an unknown extension is nothing.
 */
#include <errno.h>
#include <string.h>

#include "base/be.h"
#include "base/text.h"
#include "cert/cert.h"

static bool
take_option(struct slice *list, struct slice *name, struct slice *contents)
{
	return be_take_string(list, name) && be_take_string(list, contents);
}

static int
option_bad(struct slice name, const char *why, struct err *e)
{
	char shown[64];

	return err_set(e, -EACCES, "critical option %s %s", text_escaped(name, shown, sizeof(shown)), why);
}

static bool
is_text(struct slice s)
{
	return s.n > 0 && memchr(s.p, '\0', s.n) == NULL;
}

static const char *
take_force_command(struct slice value, struct cert_terms *t)
{
	if (t->forced)
		return "is given twice";
	if (!is_text(value))
		return "holds no command";
	t->forced = true;
	t->force_command = value;
	return NULL;
}

/* The next network of a comma-separated list; behind a comma there is one more. */
static bool
take_network(struct slice *list, struct net_prefix *ret)
{
	struct slice one;
	bool more = take_until(list, ',', &one);

	if (!more)
		(void)take_bytes(list, list->n, &one);
	return net_prefix_parse(one, ret) == 0 && net_prefix_is_aligned(ret) && more == (list->n > 0);
}

static const char *
take_source_address(struct slice value, struct cert_terms *t)
{
	if (t->networks_n > 0)
		return "is given twice";
	if (!is_text(value))
		return "names no network";
	while (value.n > 0) {
		if (t->networks_n == CERT_NETWORKS_MAX)
			return "names too many networks";
		if (!take_network(&value, &t->networks[t->networks_n]))
			return "holds something that is no network";
		t->networks_n++;
	}
	return NULL;
}

/* The flags of a security key's signature are libssh's secret. */
static const char *
take_verify_required(struct slice value, struct cert_terms *t)
{
	(void)value, (void)t;
	return "cannot be honoured: whether a key's PIN was asked for is not visible here";
}

static const struct {
	const char *name;
	const char *(*take)(struct slice value, struct cert_terms *t);     /* NULL, or what is wrong */
	bool has_value;
} criticals[] = {
	{ "force-command", take_force_command, true },
	{ "source-address", take_source_address, true },
	{ "verify-required", take_verify_required, false },
};

static int
take_critical(struct slice name, struct slice contents, struct cert_terms *t, struct err *e)
{
	struct slice value = { 0 };
	const char *why;

	for (size_t i = 0; i < sizeof(criticals) / sizeof(criticals[0]); i++) {
		if (!slice_is(name, criticals[i].name))
			continue;
		if (criticals[i].has_value && (!be_take_string(&contents, &value) || contents.n != 0))
			return option_bad(name, "is malformed", e);
		why = criticals[i].take(value, t);
		return why == NULL ? 0 : option_bad(name, why, e);
	}
	return option_bad(name, "is unknown here", e);
}

static void
take_extension(struct slice name, struct cert_terms *t)
{
	const struct { const char *name; bool *flag; } known[] = {
		{ "permit-pty", &t->pty }, { "permit-port-forwarding", &t->port_forwarding },
		{ "permit-agent-forwarding", &t->agent_forwarding }, { "permit-X11-forwarding", &t->x11_forwarding },
		{ "permit-user-rc", &t->user_rc },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (slice_is(name, known[i].name))
			*known[i].flag = true;
}

int
cert_terms(const struct cert *c, struct cert_terms *ret, struct err *e)
{
	struct slice list = c->critical, name, contents;
	struct cert_terms t = { 0 };

	while (list.n > 0) {
		if (!take_option(&list, &name, &contents))
			return err_set(e, -EACCES, "its critical options are malformed");
		if (take_critical(name, contents, &t, e) != 0)
			return -EACCES;
	}
	list = c->extensions;
	while (list.n > 0) {
		if (!take_option(&list, &name, &contents))
			return err_set(e, -EACCES, "its extensions are malformed");
		take_extension(name, &t);
	}
	*ret = t;
	return 0;
}

bool
cert_terms_admit(const struct cert_terms *t, struct slice address)
{
	struct net_addr from;
	bool known = net_parse(address, &from) == 0;

	for (unsigned i = 0; i < t->networks_n; i++)
		if (known && net_prefix_holds(&t->networks[i], &from))
			return true;
	return t->networks_n == 0;
}
