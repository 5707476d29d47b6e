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

/* By pid: with PAM there are as many as there are users. */
#define BUCKETS 1024

static struct kid *kids[BUCKETS];

static struct kid **
bucket(pid_t pid)
{
	return &kids[(unsigned)pid % BUCKETS];
}

int
reap_add(pid_t pid, reap_fn *fn, void *arg)
{
	struct kid *k = malloc(sizeof(*k));

	if (k == NULL)
		return -ENOMEM;
	*k = (struct kid){ *bucket(pid), pid, fn, arg };
	*bucket(pid) = k;
	return 0;
}

void
reap_forget(void *arg)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct kid *k = kids[i]; k != NULL; k = k->next)
			if (k->arg == arg)
				k->fn = NULL;
}

static void
reap_one(pid_t pid, int status)
{
	struct kid **at, *k;

	for (at = bucket(pid); (k = *at) != NULL; at = &k->next)
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
