/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The command line of staragent; there is no configuration file. */
#ifndef AGENT_OPTIONS_H
#define AGENT_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

#define OPTIONS_LOGINS_MAX      64
#define OPTIONS_CONNECTIONS_MAX 8192

struct options {
	const char *listen;                   /* "unix:/path", "127.0.0.1:PORT" or "[::1]:PORT" */
	const char *host_key, *authorized;    /* files */
	const char *pidfile, *log;            /* NULL: none */
	const char *logins[OPTIONS_LOGINS_MAX];
	unsigned nlogins;                     /* 0: the account that it runs as */
	unsigned connections_max;
	bool print_host_key, background, verbose;
	bool help, version;                   /* print and leave; the rest was not checked */
};

/* The strings stay argv's.  0, or -EINVAL with what is wrong and what to write instead. */
int options_parse(struct options *o, int argc, char **argv, struct err *e);
void options_print_help(FILE *out);

#endif
