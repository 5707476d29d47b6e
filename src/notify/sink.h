/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Where notices go: "NAME webhook URL KEYFILE" or "NAME syslog SOCKET", as NotifySink of fortress.conf(5) has them. */
#ifndef NOTIFY_SINK_H
#define NOTIFY_SINK_H

#include "base/err.h"
#include "base/secret.h"
#include "base/loop.h"

enum sink_kind { SINK_WEBHOOK, SINK_SYSLOG };

struct notice;

struct sink {
	char name[65], to[2048];           /* to: a URL, or a socket's path */
	enum sink_kind kind;
	struct secret key;                 /* of a webhook */
	struct notice *first, **last;      /* what waits, the oldest first */
	unsigned waiting, dropped;
	unsigned tries;                    /* of the first one */
	struct loop_timer timer;
};

/* Reads the key's file, too.  0, or negative with e. */
int sink_parse(const char *text, struct sink *ret, struct err *e);

#endif
