/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * THE TABLE of who may say what to whom, how large, and with how many descriptors.
 * Looked up before a byte of a message is unpacked.  A message that has no row ends
 * its sender's channel, never the receiver.
 */
#ifndef MSG_LINK_H
#define MSG_LINK_H

#include <stddef.h>

#include "msg/msg.h"

/* One end of a kind of channel: what this end may RECEIVE. */
enum link_end {
	LINK_MONITOR_OF_ACCEPTOR = 1,   /* the monitor's end of its channel with the acceptor … */
	LINK_ACCEPTOR_OF_MONITOR,
	LINK_MONITOR_OF_FRONT,
	LINK_FRONT_OF_MONITOR,
	LINK_MONITOR_OF_PAM,
	LINK_PAM_OF_MONITOR,
	LINK_MONITOR_OF_GATE,
	LINK_GATE_OF_MONITOR,
	LINK_MONITOR_OF_STORE,
	LINK_STORE_OF_MONITOR,
	LINK_GATE_OF_FRONT,
	LINK_FRONT_OF_GATE,
	LINK_STORE_OF_FRONT,
	LINK_FRONT_OF_STORE,
	LINK_STORE_OF_GATE,
	LINK_GATE_OF_STORE,
	LINK_GATE_OF_CTL,
	LINK_CTL_OF_GATE,
	LINK_FRONT_OF_MENU,
	LINK_MENU_OF_FRONT,
	LINK_MONITOR_OF_NOTIFY,
	LINK_NOTIFY_OF_MONITOR,
	LINK_FRONT_OF_VIEWER,           /* of a session that somebody looks at: it takes nothing */
	LINK_VIEWER_OF_FRONT,
	LINK_FRONT_OF_TYPIST,           /* … and types into */
	LINK_TYPIST_OF_FRONT,
	LINK_GATE_OF_SENTRY,
	LINK_SENTRY_OF_GATE,
	LINK_FRONT_OF_SENTRY,
	LINK_SENTRY_OF_FRONT,
	LINK_GATE_OF_READER,            /* what hands out recordings over ssh: it takes nothing */
	LINK_READER_OF_GATE,
	LINK_ENDS,
};

struct link_row {
	enum link_end end;
	enum msg_type type;
	size_t size_max;          /* bytes of the datagram */
	int fds_min, fds_max;     /* descriptors that come with it */
};

/* The row, or NULL: this end does not take this message. */
const struct link_row *link_find(enum link_end end, unsigned type);
/* The other end: what it may receive is what this one may send. */
enum link_end link_peer(enum link_end end);
const char *link_name(enum link_end end);

#endif
