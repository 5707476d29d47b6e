/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The store's peers, played by a test or a bench: monitor, gate, and any number of fronts. */
#ifndef TESTS_STORE_PEER_H
#define TESTS_STORE_PEER_H

#include <sys/types.h>

#include "msg/chan.h"

enum { PEER_WAIT_MS = 60000 };           /* for what comes: a machine may be slow, and only what fails waits so long */

struct peer {
	pid_t pid;
	char dir[200], program[300], user[40];
	struct chan *monitor, *gate;
	uint32_t ready, dir_rows, dir_done, dir_ok, dir_at, event_done;   /* what has come */
	char text[512];
};

struct front {
	struct chan *chan;
	bool over;
	uint32_t opened, open_ok, closed, acks, event_done;
	uint64_t acked[16];                     /* by recording number */
	char text[512];
};

/* 0 or -1.  DIR/db and DIR/key; the program is the one that was built here.  before_exec may be NULL. */
int peer_start(struct peer *p, const char *dir, void (*before_exec)(void));
int peer_stop(struct peer *p);                  /* MSG_STOP; its exit status */
void peer_kill(struct peer *p);                 /* kill -9 */
int peer_apply(struct peer *p, struct slice rows);                    /* MSG_DIR_APPLY; 0: it is on its way */
int peer_done(struct peer *p, int timeout_ms);                       /* waits for its MSG_DIR_DONE */
int front_start(struct peer *p, struct front *f, struct loop *loop);
void front_stop(struct front *f);
int front_open(struct front *f, uint32_t rec, const unsigned char id[16], const char *user);   /* waits; 1: may go on */
int front_data(struct front *f, uint32_t rec, uint64_t *pos, uint64_t t_ms, const void *p, size_t n);
int front_wait_ack(struct front *f, uint32_t rec, uint64_t pos, int timeout_ms);               /* 0: durable */
int front_event(struct front *f, const char *text);                /* waits; 0: durable */
int front_close(struct front *f, uint32_t rec, uint64_t pos);      /* waits; 0: durable */

#endif
