/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Every child of the monitor is reaped here, once, and its owner told. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "monitor/monitor.h"

struct kid {
	struct kid *next;
	pid_t pid;
	reap_fn *fn;
	void *arg;
};

static struct kid *kids;

int
reap_add(pid_t pid, reap_fn *fn, void *arg)
{
	struct kid *k = malloc(sizeof(*k));

	if (k == NULL)
		return -ENOMEM;
	*k = (struct kid){ kids, pid, fn, arg };
	kids = k;
	return 0;
}

void
reap_forget(void *arg)
{
	for (struct kid *k = kids; k != NULL; k = k->next)
		if (k->arg == arg)
			k->fn = NULL;
}

static void
reap_one(pid_t pid, int status)
{
	struct kid **at, *k;

	for (at = &kids; (k = *at) != NULL; at = &k->next)
		if (k->pid == pid)
			break;
	if (k == NULL)
		return;
	*at = k->next;
	if (k->fn != NULL)
		k->fn(k->arg, pid, status);
	free(k);
}

static void
reap_all(void *arg, int signo)
{
	pid_t pid;
	int status;

	(void)arg;
	(void)signo;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		reap_one(pid, status);
}

int
reap_init(struct monitor *m)
{
	return loop_signal(m->loop, SIGCHLD, reap_all, m);
}
