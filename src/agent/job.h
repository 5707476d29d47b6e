/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A job: one SSH session channel and the child behind it.  Callbacks of libssh only take notes; all
 * reading and writing happens in job_pump, called once a turn.
 */
#ifndef AGENT_JOB_H
#define AGENT_JOB_H

#include <libssh/libssh.h>
#include <sys/types.h>
#include <stdbool.h>

#include "agent/account.h"
#include "agent/pump.h"

struct job;

/* What a channel may use of its connection; outlives it. */
struct job_host {
	struct line line;
	const struct account *account;
	const char *connection;              /* SSH_CONNECTION, NULL on a Unix socket */
	bool may_pty;
	const char *(*lend)(void *arg);      /* the path of a socket that leads to the user's agent, or NULL: there is none */
	void *lend_arg;
};

/* Opens the libssh side too.  NULL when out of memory. */
struct job *job_new(const struct job_host *h, unsigned number);
ssh_channel job_ssh(const struct job *c);
/* Moves what can be moved; true if something moved, so that another turn may be worth while. */
bool job_pump(struct job *c);
/* Sets what to wait for; after the last pump of a turn. */
void job_watch(struct job *c);
pid_t job_leader(const struct job *c);            /* 0: none, or reaped */
void job_reaped(struct job *c, int status);       /* its leader ended with this wait status */
/* SIGHUP to the process group, nothing more is read or written (the connection is gone, or the peer closed). */
void job_hangup(struct job *c);
void job_kill(struct job *c);                     /* SIGKILL to the process group */
bool job_is_closed(const struct job *c);          /* we sent CLOSE; its leader may still live */
bool job_is_over(const struct job *c);            /* both sides closed, leader reaped */
void job_free(struct job *c);

#endif
