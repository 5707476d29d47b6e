/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Starting fortress-menu, and for who looks at a session or a recording fortress-replay: a pty, a channel, an environment of a
 * few variables.  What the client said of its terminal, its language and how it wants to look reaches the program only in a
 * checked form.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/id.h"
#include "base/log.h"
#include "base/spawn.h"
#include "monitor/menu.h"

static int
pty_open(int *master, int *slave)
{
	char name[64];

	*slave = -1;
	*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master < 0)
		return -errno;
	if (grantpt(*master) == 0 && unlockpt(*master) == 0 && ptsname_r(*master, name, sizeof(name)) == 0)
		*slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return *slave >= 0 ? 0 : -errno;
}

static unsigned short
clamp(uint32_t v, unsigned short deflt)
{
	return v == 0 ? deflt : v > 1000 ? 1000 : (unsigned short)v;
}

/* Letters, digits and ._+- only (for LANG also @): no path, no format, no escape. */
static void
word_copy(struct slice s, const char *deflt, char *dst, size_t size)
{
	size_t i;

	for (i = 0; i < s.n && i + 1 < size; i++) {
		if (!isalnum(s.p[i]) && strchr("._+-@", s.p[i]) == NULL)
			break;
		dst[i] = (char)s.p[i];
	}
	dst[i] = '\0';
	if (i == 0 || i != s.n)
		snprintf(dst, size, "%s", deflt);
}

/* What such a program is started with: its words, descriptor 3, and what it reads, writes and complains to (-1 as in spawn.h). */
struct program {
	const char *name;
	char *const *words;
	struct slice term, lang;
	int chan_end, in, out, err;
};

/* Its descriptor 3, its words, and of the environment what curses looks at (and in a build tree, where our files lie).  Its
 * pid, or negative. */
static pid_t
program_spawn(const struct program *p, struct err *e)
{
	const char *libexec = secure_getenv("FORTRESS_LIBEXEC");
	char name[80], language[48], term_env[96], language_env[64], libexec_env[4096], path[4096];
	char *env[] = { term_env, (char *)"LANG=C.UTF-8", language_env, (char *)"PATH=/usr/bin:/bin", libexec != NULL ? libexec_env : NULL, NULL };
	struct spawn s = { .path = path, .argv = p->words, .envp = env, .fds = { p->chan_end }, .nfds = 1,
		.stdio = { p->in, p->out, p->err }, .setsid = 1 };

	word_copy(p->term, "dumb", name, sizeof(name));
	word_copy(p->lang, "C", language, sizeof(language));
	snprintf(term_env, sizeof(term_env), "TERM=%s", name);
	snprintf(language_env, sizeof(language_env), "LANGUAGE=%s", language);
	snprintf(libexec_env, sizeof(libexec_env), "FORTRESS_LIBEXEC=%s", libexec != NULL ? libexec : "");
	if (spawn_path(p->name, path, sizeof(path)) != 0)
		return err_set(e, -ENAMETOOLONG, "the path of %s is too long", p->name);
	return spawn_start(&s, e);
}

static void
menu_ended(void *arg, pid_t pid, int status)
{
	struct conn *c = arg;

	(void)pid;
	(void)status;
	c->menus--;
}

static int
menu_spawn(struct conn *c, const struct msg_menu_start *msg, int slave, int chan_end, struct err *e)
{
	char title[300];
	char *words[] = { title, (char *)"--user", c->monitor->conf->user, NULL };
	const struct program program = { "fortress-menu", words, msg->term, msg->lang, chan_end, slave, slave, -1 };
	pid_t pid;

	snprintf(title, sizeof(title), "menu: conn %llu %s", (unsigned long long)c->id, c->user);
	pid = program_spawn(&program, e);
	if (pid < 0)
		return (int)pid;
	c->menus++;
	return reap_add(pid, menu_ended, c) == 0 ? 0 : err_set(e, -ENOMEM, "out of memory");
}

/* May the connection have one more? */
static int
terminal_allowed(const struct conn *c, struct err *e)
{
	if (c->logged_in && c->menus < CONN_MENUS_MAX)
		return 0;
	return err_set(e, -EPERM, "no screen now: %s", c->logged_in ? "too many are open" : "not logged in");
}

/* A pty of that size. */
static int
terminal_make(const struct conn *c, uint32_t cols, uint32_t rows, int *master, int *slave, struct err *e)
{
	struct winsize ws = { .ws_col = clamp(cols, 80), .ws_row = clamp(rows, 24) };
	int r = terminal_allowed(c, e);

	if (r != 0)
		return r;
	r = pty_open(master, slave);
	if (r != 0)
		return err_set(e, r, "no terminal: %s", strerror(-r));
	(void)ioctl(*master, TIOCSWINSZ, &ws);
	return 0;
}

static int
menu_try(struct conn *c, const struct msg_menu_start *msg, int *master, int *slave, int pair[2], struct err *e)
{
	int r = terminal_make(c, msg->cols, msg->rows, master, slave, e);

	if (r != 0)
		return r;
	r = fd_pair(pair);
	if (r != 0)
		return err_set(e, r, "no channel for the menu: %s", strerror(-r));
	return menu_spawn(c, msg, *slave, pair[1], e);
}

void
menu_start(struct conn *c, const struct msg_menu_start *msg)
{
	int master = -1, slave = -1, pair[2] = { -1, -1 };
	struct err e = { 0 };
	int r = menu_try(c, msg, &master, &slave, pair, &e);
	struct msg_menu_started answer = { .ok = r == 0, .text = slice_from(e.text) };
	int fds[2] = { master, pair[0] };

	if (r != 0)
		log_warn("no menu: conn %llu: %s", (unsigned long long)c->id, e.text);
	(void)chan_send_fds(c->chan, MSG_MENU_STARTED, &answer, fds, r == 0 ? 2 : 0);
	fd_close(&master);
	fd_close(&slave);
	fd_close(&pair[0]);
	fd_close(&pair[1]);
}

/* ---- what looks at sessions and recordings ---- */

enum { OPTIONS_MAX = 6, OPTION_BYTES = 40 };

/* The words of fortress-replay. */
struct view {
	char title[300], dir[4096], index[4096], ids[2][ID_TEXT], options[OPTIONS_MAX][OPTION_BYTES + 3];
	char *words[OPTIONS_MAX + 12];
	unsigned n;
};

static void
view_add(struct view *v, const char *word)
{
	v->words[v->n++] = (char *)(uintptr_t)word;
}

static bool
view_add_id(struct view *v, unsigned i, struct slice id)
{
	unsigned char bytes[ID_BYTES];

	if (slice_copy(id, v->ids[i], sizeof(v->ids[i])) != 0 || !id_parse(id, bytes))
		return false;
	view_add(v, v->ids[i]);
	return true;
}

/* Those that are known, with a value of letters, digits, points and colons: whether it is one the program says. */
static bool
option_is_known(const char *word)
{
	static const char *const known[] = { "speed=", "idle=", "at=", "export=", "follow", "text" };
	size_t n = strcspn(word, "=");

	n += word[n] == '=';
	for (const char *p = word + n; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && *p != '.' && *p != ':')
			return false;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i]) == n && memcmp(known[i], word, n) == 0)
			return true;
	return false;
}

static bool
view_add_options(struct view *v, struct slice options)
{
	char word[OPTION_BYTES];
	struct slice one;

	for (unsigned i = 0; take_part(&options, ' ', &one); i++) {
		if (i == OPTIONS_MAX || slice_copy(one, word, sizeof(word)) != 0 || !option_is_known(word))
			return false;
		snprintf(v->options[i], sizeof(v->options[i]), "--%s", word);
		view_add(v, v->options[i]);
	}
	return true;
}

static int
view_fill(const struct conn *c, const struct msg_screen_start *msg, struct view *v, struct err *e)
{
	bool past = msg->op == MSG_LIVE_REPLAY || msg->op == MSG_LIVE_EXPORT;
	const char *how = past ? "--replay" : msg->op == MSG_LIVE_JOIN ? "--join" : "--watch";

	snprintf(v->title, sizeof(v->title), "%s: conn %llu %s", how + 2, (unsigned long long)c->id, c->user);
	snprintf(v->dir, sizeof(v->dir), "%s/db", c->monitor->state_dir);
	snprintf(v->index, sizeof(v->index), "%s/index", c->monitor->state_dir);
	view_add(v, v->title);
	view_add(v, "--db");
	view_add(v, v->dir);
	if (past) {
		view_add(v, "--index");
		view_add(v, v->index);
		view_add(v, "--reading");
	} else {
		view_add(v, how);
		view_add(v, "--live");
	}
	view_add(v, "3");
	if (past && !view_add_options(v, msg->options))
		return err_set(e, -EINVAL, "those are not options of replay");
	view_add(v, "--");
	if (!view_add_id(v, 0, msg->session) || (past && msg->other.n > 0 && !view_add_id(v, 1, msg->other)))
		return err_set(e, -EINVAL, "that is not the id of a session");
	return 0;
}

struct screen {
	struct monitor *monitor;
	uint64_t conn;
	uint32_t req;
};

/* Its connection may have gone before. */
static void
screen_ended(void *arg, pid_t pid, int status)
{
	struct screen *s = arg;
	struct conn *c = conn_find(s->monitor, s->conn);
	struct msg_screen_ended m = { .req = s->req, .status = WIFEXITED(status) ? (uint32_t)WEXITSTATUS(status) : 1 };

	(void)pid;
	if (c != NULL) {
		c->menus--;
		(void)chan_send(c->chan, MSG_SCREEN_ENDED, &m);
	}
	free(s);
}

static int
screen_spawn(struct conn *c, uint32_t req, const struct program *p, struct err *e)
{
	struct screen *s = malloc(sizeof(*s));
	pid_t pid = s != NULL ? program_spawn(p, e) : -ENOMEM;

	if (pid >= 0 && reap_add(pid, screen_ended, s) == 0) {
		*s = (struct screen){ c->monitor, c->id, req };
		c->menus++;
		return 0;
	}
	free(s);
	return e->text[0] != '\0' ? (int)pid : err_set(e, -ENOMEM, "out of memory");
}

/* What has no terminal: its standard output alone, which nobody types into. */
static int
output_make(const struct conn *c, int *ours, int *its, struct err *e)
{
	int pair[2], r = terminal_allowed(c, e);

	if (r != 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return err_set(e, -errno, "no way out for it: %s", strerror(errno));
	*ours = pair[0];
	*its = pair[1];
	return 0;
}

static int
screen_try(struct conn *c, const struct msg_screen_start *msg, int way, int *master, int *slave, struct err *e)
{
	struct view v = { .n = 0 };
	struct program p = { .name = "fortress-replay", .words = v.words, .term = msg->term, .lang = msg->lang, .chan_end = way };
	int r = view_fill(c, msg, &v, e);

	if (r == 0)
		r = msg->op == MSG_LIVE_EXPORT ? output_make(c, master, slave, e) : terminal_make(c, msg->cols, msg->rows, master, slave, e);
	p.in = msg->op == MSG_LIVE_EXPORT ? -1 : *slave;
	p.out = *slave;
	p.err = p.in;                            /* what it says is for who asked, but not in a file */
	return r == 0 ? screen_spawn(c, msg->req, &p, e) : r;
}

void
screen_start(struct monitor *m, const struct msg_screen_start *msg, int way)
{
	struct conn *c = conn_find(m, msg->conn);
	int master = -1, slave = -1, r;
	struct err e = { 0 };
	struct msg_screen_started answer = { .req = msg->req };

	if (c == NULL)
		return;
	r = screen_try(c, msg, way, &master, &slave, &e);
	if (r != 0)
		log_warn("no screen: conn %llu: %s", (unsigned long long)c->id, e.text);
	answer.ok = r == 0;
	answer.text = slice_from(e.text);
	(void)chan_send_fds(c->chan, MSG_SCREEN_STARTED, &answer, &master, r == 0);
	fd_close(&master);
	fd_close(&slave);
}

static void
sentry_ended(void *arg, pid_t pid, int status)
{
	(void)arg, (void)pid, (void)status;      /* the gate has seen it */
}

void
sentry_start(struct monitor *m, const struct msg_sentry_start *msg, const int fds[2])
{
	char title[64], path[4096];
	char *words[] = { title, (char *)(uintptr_t)"--user", m->conf->user, NULL };
	struct spawn s = { .path = path, .argv = words, .fds = { fds[0], fds[1] }, .nfds = 2, .stdio = { -1, -1, -1 } };
	struct err e = { 0 };
	pid_t pid;

	snprintf(title, sizeof(title), "sentry: conn %llu", (unsigned long long)msg->conn);
	pid = spawn_path("fortress-sentry", path, sizeof(path)) == 0 ? spawn_start(&s, &e) : -ENAMETOOLONG;
	if (pid < 0)
		log_error("no sentry: conn %llu: %s", (unsigned long long)msg->conn, e.text[0] != '\0' ? e.text : "its path is too long");
	else if (reap_add(pid, sentry_ended, NULL) != 0)
		log_error("no sentry: conn %llu: out of memory", (unsigned long long)msg->conn);
}
