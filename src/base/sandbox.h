/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The last thing a process does before it says READY: give up what it does not need.
 * Each process states its needs as one const struct sandbox in its main.c.
 *
 * As root: chroot, own uid and gid, no capabilities.  Always: no_new_privs, not
 * dumpable, rlimits, Landlock where the kernel has it, seccomp that denies by default
 * and kills on a call that is not listed.
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct sandbox_path {
	const char *path;            /* after chroot, if there is one */
	bool writable;
};

struct sandbox {
	const char *name;
	const char *user;            /* account to become when root; NULL: stay */
	bool empty_root;             /* chroot into an empty, read-only directory when root */
	const int *calls;            /* SCMP_SYS numbers, ended by -1; base's own set is always in */
	const unsigned *ioctls;      /* requests of ioctl, ended by 0: only these, without ioctl in calls; NULL: none */
	bool open_read;              /* may open files, without openat in calls: for reading alone */
	bool exec_memory;            /* may map executable memory (never, but for the agent's children) */
	size_t memory_max;           /* RLIMIT_AS in bytes, 0: none (ignored under sanitizers) */
	unsigned files_max;          /* RLIMIT_NOFILE, 0: as it is */
	unsigned processes_max;      /* RLIMIT_NPROC + 1, 0: as it is */
	/* Only for a process whose children must not inherit anything: no seccomp, no Landlock,
	 * no no_new_privs, no limit on core dumps. */
	bool no_seccomp;
};

/* For user, of a program that works on somebody's directory: its owner's name.  NULL: this is not root, or the directory is
 * root's, or it cannot be said.  It lies in the one struct of getpwuid. */
const char *sandbox_owner(const char *dir);

struct sandbox_state {               /* what held, for doctor and the log */
	bool root;                   /* it sits in a chroot */
	bool unprivileged;           /* it was not started as root: no chroot, no uid of its own */
	bool landlock, seccomp;
};

/* root_dir: chroot here instead of the empty directory (NULL: none unless empty_root).
 * paths: what Landlock leaves reachable (n may be 0: nothing; { "/", true } alone: no Landlock).  What is
 * writable may not be executed, what is read-only may (if calls lists execve).  0 or a negative code with e. */
int sandbox_enter(const struct sandbox *s, const char *root_dir,
    const struct sandbox_path *paths, size_t n, struct sandbox_state *ret_state, struct err *e);

/* All that this account can have of it: seccomp, and as root another root directory. */
bool sandbox_holds(const struct sandbox_state *state);

/* A filter made once and put on many children after fork (front): seccomp alone. */
struct sandbox_filter;
struct sandbox_filter *sandbox_filter_new(const struct sandbox *s, struct err *e);
int sandbox_filter_apply(const struct sandbox_filter *f);     /* 0 or -errno */
void sandbox_filter_free(struct sandbox_filter *f);

/* Sets the process title that ps shows; call sandbox_title_init first thing in main. */
void sandbox_title_init(int argc, char **argv);
void sandbox_title(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
