/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Starting what a channel asked for: a login shell, a command line for that shell, or a subsystem's
 * program; on a terminal or on three pipes; as the account; in a session of its own.
 */
#ifndef AGENT_EXEC_H
#define AGENT_EXEC_H

#include <sys/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "agent/account.h"
#include "base/err.h"
#include "base/limits.h"

#define EXEC_ENV_MAX   32            /* variables that a client may set */
#define EXEC_VALUE_MAX 256
#define EXEC_TERM_MAX  64

struct exec_size {
	unsigned short cols, rows, x, y;
};

struct exec_want {
	const struct account *account;
	const char *command;             /* for "SHELL -c"; NULL: a login shell */
	const char *program;             /* a subsystem's program, absolute, instead of both; NULL: none */
	char *const *argv;               /* words to be run as they stand, instead of all these; NULL: none */
	const char *connection;          /* value of SSH_CONNECTION; NULL: none */
	const char *agent;               /* value of SSH_AUTH_SOCK; NULL: none */
	bool pty;
	char term[EXEC_TERM_MAX];
	struct exec_size size;
	char *env[EXEC_ENV_MAX];         /* "NAME=value", by exec_add_env */
	size_t nenv;
	struct limits limits;            /* digests only with argv */
};

struct exec_child {
	pid_t pid;                       /* also its process group and session */
	int in, out, err;                /* non-blocking, the caller's; on a terminal in == out, err == -1 */
	int verdict;                     /* with digests: why the program was not run can be read here, once it has ended; or -1 */
};

/* Call once, before limits are lowered: children get the limits of this moment. */
void exec_init(void);
/* LANG, LANGUAGE, LC_* and COLORTERM with harmless values, nothing else.  0, -EPERM, -ENOBUFS, -ENOMEM. */
int exec_add_env(struct exec_want *w, const char *name, const char *value);
/* TERM goes into a path of terminfo: letters, digits and "+-._" only, else "dumb". */
void exec_set_term(struct exec_want *w, const char *term);
struct exec_size exec_size_from(int cols, int rows, int x, int y);
void exec_want_done(struct exec_want *w);
/* Can the kernel keep these for the account?  It does not count root's processes. */
bool exec_can_limit(const struct limits *l, const struct account *a);

/* The system's sftp-server, or NULL. */
const char *exec_find_sftp(void);
/* 0 or a negative code with e. */
int exec_start(const struct exec_want *w, struct exec_child *ret, struct err *e);
int exec_resize(int terminal, struct exec_size size);    /* 0 or -errno */

#endif
