/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* One table of options feeds the parser and --help. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "agent/options.h"
#include "base/text.h"

struct row {
	const char *name, *value, *help;
};

static const struct row rows[] = {
	{ "listen", "ADDRESS", "unix:/path/socket, 127.0.0.1:PORT or [::1]:PORT" },
	{ "host-key", "FILE", "this host's ed25519 key; made (mode 0600) if it is not there" },
	{ "authorized", "FILE", "public keys, or cert-authority lines, of the one bastion" },
	{ "login", "NAME", "an account that sessions may run as (repeat it); default: its own" },
	{ "max-connections", "N", "at most so many connections at once (512)" },
	{ "print-host-key", NULL, "print the public host key for pinning, and leave" },
	{ "background", NULL, "leave the terminal once it listens" },
	{ "pidfile", "FILE", "write the process id there once it listens" },
	{ "log", "FILE", "append the log to FILE instead of standard error" },
	{ "verbose", NULL, "say more (-v)" },
	{ "help", NULL, "this text (-h)" },
	{ "version", NULL, "the version" },
};
#define NROWS (sizeof rows / sizeof rows[0])

void
options_print_help(FILE *out)
{
	fprintf(out, "usage: staragent --listen ADDRESS --host-key FILE --authorized FILE "
	    "[--login NAME]...\n       staragent --host-key FILE --print-host-key\n\n");
	for (size_t i = 0; i < NROWS; i++)
		fprintf(out, "  --%s%s%-*s %s\n", rows[i].name, rows[i].value != NULL ? " " : "",
		    (int)(23 - strlen(rows[i].name)), rows[i].value != NULL ? rows[i].value : "",
		    rows[i].help);
}

static int
set_flag(struct options *o, const char *name)
{
	struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "print-host-key", &o->print_host_key },
		{ "background", &o->background },
		{ "verbose", &o->verbose },
		{ "help", &o->help },
		{ "version", &o->version },
	};

	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (strcmp(flags[i].name, name) == 0)
			*flags[i].flag = true;
	return 0;
}

static int
add_login(struct options *o, const char *value, struct err *e)
{
	if (!text_is_name(slice_from(value)))
		return err_set(e, -EINVAL, "--login %s: not a name of an account", value);
	if (o->nlogins == OPTIONS_LOGINS_MAX)
		return err_set(e, -EINVAL, "--login: at most %d", OPTIONS_LOGINS_MAX);
	o->logins[o->nlogins++] = value;
	return 0;
}

static int
set_connections(struct options *o, const char *value, struct err *e)
{
	uint64_t n;

	if (!text_u64(slice_from(value), OPTIONS_CONNECTIONS_MAX, &n) || n == 0)
		return err_set(e, -EINVAL, "--max-connections %s: a number from 1 to %d", value,
		    OPTIONS_CONNECTIONS_MAX);
	o->connections_max = (unsigned)n;
	return 0;
}

static int
set_value(struct options *o, const char *name, const char *value, struct err *e)
{
	struct {
		const char *name, **value;
	} words[] = {
		{ "listen", &o->listen },
		{ "host-key", &o->host_key },
		{ "authorized", &o->authorized },
		{ "pidfile", &o->pidfile },
		{ "log", &o->log },
	};

	if (strcmp(name, "login") == 0)
		return add_login(o, value, e);
	if (strcmp(name, "max-connections") == 0)
		return set_connections(o, value, e);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i].name, name) == 0)
			*words[i].value = value;
	return 0;
}

static int
unknown_option(const char *word, struct err *e)
{
	const char *names[NROWS], *near;

	for (size_t i = 0; i < NROWS; i++)
		names[i] = rows[i].name;
	near = strncmp(word, "--", 2) == 0 ? text_nearest(word + 2, names, NROWS) : NULL;
	if (near != NULL)
		return err_set(e, -EINVAL, "%s: unknown option or no value; did you mean --%s?",
		    word, near);
	return err_set(e, -EINVAL, "%s: unknown option or no value; try --help", word);
}

static int
check_whole(const struct options *o, struct err *e)
{
	if (o->host_key == NULL)
		return err_set(e, -EINVAL, "--host-key FILE is missing");
	if (o->print_host_key)
		return 0;
	if (o->listen == NULL)
		return err_set(e, -EINVAL, "--listen ADDRESS is missing");
	if (o->authorized == NULL)
		return err_set(e, -EINVAL, "--authorized FILE is missing");
	return 0;
}

int
options_parse(struct options *o, int argc, char **argv, struct err *e)
{
	struct option longs[NROWS + 1];
	int c, at, rc = 0;

	memset(o, 0, sizeof *o);
	memset(longs, 0, sizeof longs);
	o->connections_max = 512;
	for (size_t i = 0; i < NROWS; i++) {
		longs[i].name = rows[i].name;
		longs[i].has_arg = rows[i].value != NULL ? required_argument : no_argument;
	}
	opterr = 0;
	optind = 1;
	while (rc == 0 && (c = getopt_long(argc, argv, "+:vh", longs, &at)) != -1) {
		if (c == 0 && rows[at].value != NULL)
			rc = set_value(o, rows[at].name, optarg, e);
		else if (c == 0)
			rc = set_flag(o, rows[at].name);
		else if (c == 'v')
			o->verbose = true;
		else if (c == 'h')
			o->help = true;
		else
			rc = unknown_option(argv[optind - 1], e);
	}
	if (rc == 0 && optind < argc)
		rc = err_set(e, -EINVAL, "%s: not an option; try --help", argv[optind]);
	if (rc == 0 && !o->help && !o->version)
		rc = check_whole(o, e);
	return rc;
}
