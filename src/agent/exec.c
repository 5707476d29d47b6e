/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Everything that allocates happens before fork; the child makes system calls only.
 *
 * no_new_privs is not set on purpose: it would take sudo away from sessions.  There is no PAM
 * here: no utmp, no limits.conf, no motd.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "agent/digest.h"
#include "agent/exec.h"
#include "base/fd.h"

#define FIXED_ENV  11
#define PATH_USER  "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
#define PATH_ROOT  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define PIPE_BYTES (256 * 1024)

/* What the child needs after fork. */
struct plan {
	const struct account *account;
	const char *path;
	char *const *run;                       /* argv, or the words that came */
	char *argv[4], *env[EXEC_ENV_MAX + FIXED_ENV + 1];
	char argv0[256];
	size_t nenv, nowned;                    /* env[0..nowned) is ours to free */
	int stdio[3], pty_master, verdict;
	bool pty;
	const struct limits *limits;
	EVP_MD_CTX *md;                         /* with digests */
};

static struct rlimit original_memory, original_core;

void
exec_init(void)
{
	(void)getrlimit(RLIMIT_AS, &original_memory);
	(void)getrlimit(RLIMIT_CORE, &original_core);
}

static bool
name_is_admitted(const char *name)
{
	static const char *const names[] = { "LANG", "LANGUAGE", "COLORTERM", "GIT_PROTOCOL" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return strncmp(name, "LC_", 3) == 0 && strlen(name) < 32 &&
	    name[3 + strspn(name + 3, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

/* A locale's name can be a path: no "/", as sudo refuses it. */
static bool
value_is_harmless(const char *value)
{
	size_t n = strlen(value);

	for (size_t i = 0; i < n; i++)
		if (value[i] <= ' ' || value[i] > '~' || value[i] == '/' || value[i] == '%')
			return false;
	return n < EXEC_VALUE_MAX;
}

int
exec_add_env(struct exec_want *w, const char *name, const char *value)
{
	char *text;

	if (!name_is_admitted(name) || !value_is_harmless(value))
		return -EPERM;
	if (w->nenv == EXEC_ENV_MAX)
		return -ENOBUFS;
	if (asprintf(&text, "%s=%s", name, value) < 0)
		return -ENOMEM;
	w->env[w->nenv++] = text;
	return 0;
}

void
exec_set_term(struct exec_want *w, const char *term)
{
	size_t n = strspn(term, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._");

	if (n == 0 || n >= sizeof w->term || term[n] != '\0' || term[0] == '.')
		term = "dumb";
	(void)snprintf(w->term, sizeof w->term, "%s", term);
}

static unsigned short
to_short(int v)
{
	return v < 0 ? 0 : v > 65535 ? 65535 : (unsigned short)v;
}

struct exec_size
exec_size_from(int cols, int rows, int x, int y)
{
	return (struct exec_size){ to_short(cols), to_short(rows), to_short(x), to_short(y) };
}

bool
exec_can_limit(const struct limits *l, const struct account *a)
{
	return l->value[LIMIT_PROCS] == 0 || a->uid != 0;
}

void
exec_want_done(struct exec_want *w)
{
	for (size_t i = 0; i < w->nenv; i++)
		free(w->env[i]);
	w->nenv = 0;
}

const char *
exec_find_sftp(void)
{
	static const char *const paths[] = { "/usr/lib/openssh/sftp-server",
		"/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server",
		"/usr/libexec/sftp-server" };

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

int
exec_resize(int terminal, struct exec_size size)
{
	struct winsize ws = { .ws_col = size.cols, .ws_row = size.rows,
		.ws_xpixel = size.x, .ws_ypixel = size.y };

	return ioctl(terminal, TIOCSWINSZ, &ws) < 0 ? -errno : 0;
}

static int
put_env(struct plan *p, const char *name, const char *value)
{
	if (value == NULL)
		return 0;
	if (asprintf(&p->env[p->nowned], "%s=%s", name, value) < 0)
		return -ENOMEM;
	p->nowned++;
	return 0;
}

static int
plan_env(struct plan *p, const struct exec_want *w, const char *tty)
{
	const struct account *a = w->account;

	if (put_env(p, "USER", a->name) < 0 || put_env(p, "LOGNAME", a->name) < 0 ||
	    put_env(p, "HOME", a->home) < 0 || put_env(p, "SHELL", a->shell) < 0 ||
	    put_env(p, "SSH_CONNECTION", w->connection) < 0 || put_env(p, "SSH_TTY", tty) < 0 ||
	    put_env(p, "SSH_AUTH_SOCK", w->agent) < 0 ||
	    put_env(p, "TERM", w->pty ? w->term : NULL) < 0)
		return -ENOMEM;
	p->nenv = p->nowned;
	p->env[p->nenv++] = (char *)(uintptr_t)(a->uid == 0 ? PATH_ROOT : PATH_USER);
	for (size_t i = 0; i < w->nenv; i++)
		p->env[p->nenv++] = w->env[i];
	p->env[p->nenv] = NULL;
	return 0;
}

static void
plan_argv(struct plan *p, const struct exec_want *w)
{
	const char *base = strrchr(w->account->shell, '/') + 1;

	p->run = w->argv != NULL ? w->argv : p->argv;
	if (w->argv != NULL) {
		p->path = w->argv[0];
		return;
	}
	p->path = w->program != NULL ? w->program : w->account->shell;
	(void)snprintf(p->argv0, sizeof p->argv0, "%s%s",
	    w->program == NULL && w->command == NULL ? "-" : "",
	    w->program != NULL ? strrchr(w->program, '/') + 1 : base);
	p->argv[0] = p->argv0;
	if (w->program == NULL && w->command != NULL) {
		p->argv[1] = (char *)(uintptr_t)"-c";
		p->argv[2] = (char *)(uintptr_t)w->command;
	}
}

static int
open_pipes(int stdio[3], struct exec_child *c)
{
	int *ends[3][2] = { { &stdio[0], &c->in }, { &c->out, &stdio[1] }, { &c->err, &stdio[2] } };

	for (int i = 0; i < 3; i++) {
		int pair[2], mine;

		if (pipe2(pair, O_CLOEXEC) < 0)
			return -errno;
		*ends[i][0] = pair[0];
		*ends[i][1] = pair[1];
		mine = pair[i == 0 ? 1 : 0];
		if (fd_set_nonblock(mine) < 0)
			return -errno;
	}
	return 0;
}

/* A larger pipe halves the wake-ups of a bulk transfer; costs no memory until it is used. */
static void
widen(const struct exec_child *c)
{
	(void)fcntl(c->in, F_SETPIPE_SZ, PIPE_BYTES);
	(void)fcntl(c->out, F_SETPIPE_SZ, PIPE_BYTES);
}

static int
open_terminal(const struct exec_want *w, int stdio[3], struct exec_child *c, char *tty, size_t size)
{
	c->out = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (c->out < 0)
		return -errno;
	c->in = c->out;
	if (grantpt(c->out) < 0 || unlockpt(c->out) < 0 || ptsname_r(c->out, tty, size) != 0)
		return -errno;
	stdio[0] = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (stdio[0] < 0)
		return -errno;
	if (geteuid() == 0 && (fchown(stdio[0], w->account->uid, (gid_t)-1) < 0 ||
	    fchmod(stdio[0], 0620) < 0))
		return -errno;
	stdio[1] = stdio[2] = stdio[0];
	return exec_resize(c->out, w->size);
}

static void
complain(const char *what, const char *path)
{
	const char *why = strerrordesc_np(errno);
	const char *parts[] = { "staragent: ", what, path, ": ", why != NULL ? why : "failed", "\r\n" };

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (write(2, parts[i], strlen(parts[i])) < 0)
			break;
}

static void
reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Both bounds, so that it cannot be raised again; at its processor time a program is told, and ended a second later.  What is
 * limited more tightly already stays so. */
static int
limit(int what, uint64_t value, uint64_t more)
{
	struct rlimit l;

	if (value == 0)
		return 0;
	if (getrlimit(what, &l) < 0)
		return -errno;
	if (l.rlim_max > value + more)
		l.rlim_max = value + more;
	if (l.rlim_cur > value)
		l.rlim_cur = value;
	return setrlimit(what, &l) < 0 ? -errno : 0;
}

static int
limit_all(const struct limits *l)
{
	static const struct { int what; enum limit limit; uint64_t more; } rows[] = {
		{ RLIMIT_AS, LIMIT_MEM_BYTES, 0 }, { RLIMIT_CPU, LIMIT_CPU_S, 1 }, { RLIMIT_NPROC, LIMIT_PROCS, 0 },
		{ RLIMIT_NOFILE, LIMIT_NOFILE, 0 }, { RLIMIT_FSIZE, LIMIT_FSIZE_BYTES, 0 },
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof rows / sizeof rows[0]; i++)
		rc = limit(rows[i].what, l->value[rows[i].limit], rows[i].more);
	return rc;
}

/* The descriptor of what is to be run; the reason why there is none goes to the parent. */
static int
check_program(const struct plan *p)
{
	char why[DIGEST_WHY];
	int fd = digest_check(p->md, p->limits, p->path, why);

	if (fd >= 0)
		return fd;
	(void)!write(p->verdict, why, strlen(why));
	_exit(126);
}

static void __attribute__((noreturn))
child(struct plan *p)
{
	int rc, program = -1;

	(void)setsid();
	if (p->pty)
		(void)ioctl(p->stdio[0], TIOCSCTTY, 0);
	for (int i = 0; i < 3; i++)
		if (dup2(p->stdio[i], i) < 0)
			_exit(126);
	if (p->verdict >= 0 && p->verdict != 3) {
		(void)dup3(p->verdict, 3, O_CLOEXEC);
		p->verdict = 3;
	}
	(void)close_range(p->verdict >= 0 ? 4 : 3, ~0u, 0);
	(void)setrlimit(RLIMIT_AS, &original_memory);
	(void)setrlimit(RLIMIT_CORE, &original_core);
	reset_signals();
	(void)umask(022);
	rc = account_become(p->account);
	if (rc < 0) {
		errno = -rc;
		complain("cannot become ", p->account->name);
		_exit(126);
	}
	if (chdir(p->account->home) < 0) {
		complain("home directory ", p->account->home);
		(void)!chdir("/");
	}
	if (p->md != NULL)
		program = check_program(p);
	rc = limit_all(p->limits);
	if (rc < 0) {
		errno = -rc;
		complain("cannot limit ", p->path);
		_exit(126);
	}
	if (program >= 0)
		(void)fexecve(program, p->run, p->env);
	else
		(void)execve(p->path, p->run, p->env);
	complain("", p->path);
	_exit(127);
}

static void
close_all(int stdio[3], struct exec_child *c)
{
	if (stdio[1] == stdio[0])
		stdio[1] = stdio[2] = -1;
	for (int i = 0; i < 3; i++)
		fd_close(&stdio[i]);
	if (c == NULL)
		return;
	if (c->out == c->in)
		c->in = -1;
	fd_close(&c->in);
	fd_close(&c->out);
	fd_close(&c->err);
	fd_close(&c->verdict);
}

/* Room for what the child finds out about its program. */
static int
plan_digest(struct plan *p, const struct exec_want *w, struct exec_child *c)
{
	int pair[2];

	if (w->limits.digests_n == 0)
		return 0;
	if (w->argv == NULL)
		return -EACCES;
	p->md = digest_new();
	if (p->md == NULL)
		return -ENOMEM;
	if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	c->verdict = pair[0];
	p->verdict = pair[1];
	return 0;
}

int
exec_start(const struct exec_want *w, struct exec_child *ret, struct err *e)
{
	struct exec_child c = { .pid = -1, .in = -1, .out = -1, .err = -1, .verdict = -1 };
	struct plan p = { .account = w->account, .pty = w->pty, .stdio = { -1, -1, -1 }, .verdict = -1,
		.limits = &w->limits };
	char tty[64];
	int rc;

	rc = w->pty ? open_terminal(w, p.stdio, &c, tty, sizeof tty) : open_pipes(p.stdio, &c);
	if (rc == 0)
		rc = plan_env(&p, w, w->pty ? tty : NULL);
	if (rc == 0)
		rc = plan_digest(&p, w, &c);
	if (rc == 0) {
		plan_argv(&p, w);
		if (!w->pty)
			widen(&c);
		c.pid = fork();
		if (c.pid == 0)
			child(&p);
		rc = c.pid < 0 ? -errno : 0;
	}
	close_all(p.stdio, rc < 0 ? &c : NULL);
	fd_close(&p.verdict);
	EVP_MD_CTX_free(p.md);
	for (size_t i = 0; i < p.nowned; i++)
		free(p.env[i]);
	if (rc < 0)
		return err_set(e, rc, "cannot start a session: %s", strerror(-rc));
	*ret = c;
	return 0;
}
