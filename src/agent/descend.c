/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * One pass over /proc, then marks run down the tree until nothing moves.  A process may be born
 * between the pass and the signal; callers repeat until descend_is_empty.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/descend.h"

#define PROCESSES_MAX 65536

struct process {
	pid_t pid, parent, session;
	char state;
	enum { UNKNOWN, MARKED, SPARED } mark;
};

struct table {
	struct process *p;
	size_t n, cap;
};

int
descend_adopt(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -errno : 0;
}

bool
descend_is_empty(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
}

/* "PID (name) S PPID PGRP SESSION …"; the name may hold anything, so look for the last ")". */
static bool
read_process(const char *name, struct process *ret)
{
	char path[64], text[512], *end;
	ssize_t n;
	int fd, parent, group, session;

	(void)snprintf(path, sizeof path, "/proc/%.20s/stat", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof text - 1);
	(void)close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	end = NULL;
	for (char *p = text; *p != '\0'; p++)
		if (*p == ')')
			end = p;
	*ret = (struct process){ .pid = (pid_t)strtol(name, NULL, 10) };
	if (end == NULL || sscanf(end + 1, " %c %d %d %d", &ret->state, &parent, &group, &session) != 4)
		return false;
	ret->parent = parent;
	ret->session = session;
	return true;
}

static int
add_process(struct table *t, const struct process *p)
{
	if (t->n == t->cap) {
		size_t cap = t->cap > 0 ? t->cap * 2 : 256;
		struct process *more;

		if (cap > PROCESSES_MAX)
			return -E2BIG;
		more = realloc(t->p, cap * sizeof *more);
		if (more == NULL)
			return -ENOMEM;
		t->p = more;
		t->cap = cap;
	}
	t->p[t->n++] = *p;
	return 0;
}

static int
read_all(struct table *t)
{
	DIR *dir = opendir("/proc");
	const struct dirent *d;
	struct process p;
	int rc = 0;

	if (dir == NULL)
		return -errno;
	while (rc == 0 && (d = readdir(dir)) != NULL)
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9' && read_process(d->d_name, &p))
			rc = add_process(t, &p);
	(void)closedir(dir);
	return rc;
}

static bool
is_among(pid_t pid, const pid_t *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == pid)
			return true;
	return false;
}

static void
mark_children(struct table *t, const struct descend_families *f, bool all)
{
	pid_t self = getpid();

	for (size_t i = 0; i < t->n; i++) {
		struct process *p = &t->p[i];

		if (p->parent != self)
			continue;
		if (is_among(p->pid, f->live, f->nlive) || is_among(p->pid, f->helpers, f->nhelpers))
			p->mark = SPARED;
		else if (all || f->nlive == 0 || is_among(p->session, f->ended, f->nended))
			p->mark = MARKED;
		else
			p->mark = SPARED;
	}
}

/* A child takes its parent's mark; parents may stand behind their children in the table. */
static void
mark_below(struct table *t)
{
	bool moved = true;

	while (moved) {
		moved = false;
		for (size_t i = 0; i < t->n; i++) {
			if (t->p[i].mark != UNKNOWN)
				continue;
			for (size_t j = 0; j < t->n; j++) {
				if (t->p[j].pid != t->p[i].parent || t->p[j].mark == UNKNOWN)
					continue;
				t->p[i].mark = t->p[j].mark;
				moved = true;
				break;
			}
		}
	}
}

static int
signal_marked(int sig, const struct descend_families *f, bool all)
{
	struct table t = { 0 };
	int rc = read_all(&t);

	if (rc == 0) {
		mark_children(&t, f, all);
		mark_below(&t);
	}
	for (size_t i = 0; rc >= 0 && i < t.n; i++)
		if (t.p[i].mark == MARKED && t.p[i].state != 'Z' && kill(t.p[i].pid, sig) == 0)
			rc++;
	free(t.p);
	return rc;
}

int
descend_signal(int sig, const struct descend_families *f)
{
	return signal_marked(sig, f, false);
}

int
descend_orphans(int sig, const struct descend_families *f)
{
	return signal_marked(sig, f, true);
}
