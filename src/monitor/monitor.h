/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What the monitor's modules share: the loop, the configuration, the three
 * long-lived children and the table of connections.  Nothing here leaves the process.
 */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/loop.h"
#include "base/table.h"
#include "monitor/conf.h"
#include "msg/chan.h"

struct conn;
struct sources;

/* CHILD_NEXT: an acceptor that takes over once it is ready.  CHILD_NOTIFY: only where there are sinks; nobody waits for it. */
enum child { CHILD_STORE, CHILD_GATE, CHILD_ACCEPTOR, CHILD_NEXT, CHILD_NOTIFY, CHILDREN };

struct child_state {
	pid_t pid;                     /* 0: not running */
	struct chan *chan;
	bool ready;
};

struct monitor {
	struct loop *loop;
	struct conf *conf;
	struct conf *conf_next;        /* read, and in force once CHILD_NEXT, which serves by it, is ready; else NULL */
	const char *conf_path, *state_dir;
	struct child_state children[CHILDREN];
	struct sources *sources;       /* where connections come from */
	struct conn *conns;            /* newest first */
	struct table conns_by_id;
	unsigned conns_n, startups_n;
	uint64_t conn_last;
	bool root, stopping, listening;
	bool served;                   /* all three were ready once: from then on what ends is started again */
	bool failed;
	bool store_full;               /* it cannot write, and nobody is let in */
	bool terminal;                 /* it was started on one, and ends with it */
	struct loop_timer restart_timer, stop_timer, terminal_timer, pulse_timer;
	unsigned restart_delay_ms;
	uint32_t beat;                 /* the gate's: its last one … */
	unsigned beats_missed;         /* … and for how many it has been waited for */
};

/* reap.c: who wants to know that a process of ours has ended. */
typedef void reap_fn(void *arg, pid_t pid, int status);
int reap_init(struct monitor *m);
int reap_add(pid_t pid, reap_fn *fn, void *arg);        /* 0 or -ENOMEM */
void reap_forget(void *arg);                            /* reaped all the same, but nobody is told */

#endif
