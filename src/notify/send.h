/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* One notice to one sink: by libcurl in the form of Standard Webhooks (webhook-id, -timestamp, -signature), or as a datagram. */
#ifndef NOTIFY_SEND_H
#define NOTIFY_SEND_H

#include "base/clock.h"
#include "base/id.h"
#include "notify/sink.h"

struct notice {
	struct notice *next;
	char id[5 + ID_TEXT];              /* "msg_" and an id: the same at each try */
	wall_t at;
	struct buf data, text;             /* JSON object; one sentence */
};

int send_init(void);                       /* before the sandbox; 0 or negative */
/* Waits for the answer, for some seconds at most.  0, or negative and why. */
int send_notice(const struct sink *s, const struct notice *n, char *why, size_t size);

#endif
