/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Starting fortress-menu, and for who looks at a session fortress-replay: a pty, a channel, an environment of a few
 * variables.  What the client said of its terminal and language reaches the program only in a checked form.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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

static void
menu_ended(void *arg, pid_t pid, int status)
{
	struct conn *c = arg;

	(void)pid;
	(void)status;
	c->menus--;
}

/* What a program on a terminal gets: its descriptor 3, its words, and of the environment what curses looks at. */
static int
program_spawn(struct conn *c, const char *program, char *const *words, struct slice term, struct slice lang, int slave, int chan_end,
    struct err *e)
{
	char name[80], language[48], term_env[96], language_env[64], path[4096];
	char *env[] = { term_env, (char *)"LANG=C.UTF-8", language_env, (char *)"PATH=/usr/bin:/bin", NULL };
	struct spawn s = { .path = path, .argv = words, .envp = env, .fds = { chan_end }, .nfds = 1,
		.stdio = { slave, slave, -1 }, .setsid = 1 };
	pid_t pid;

	word_copy(term, "dumb", name, sizeof(name));
	word_copy(lang, "C", language, sizeof(language));
	snprintf(term_env, sizeof(term_env), "TERM=%s", name);
	snprintf(language_env, sizeof(language_env), "LANGUAGE=%s", language);
	if (spawn_path(program, path, sizeof(path)) != 0)
		return err_set(e, -ENAMETOOLONG, "the path of %s is too long", program);
	pid = spawn_start(&s, e);
	if (pid < 0)
		return (int)pid;
	c->menus++;
	return reap_add(pid, menu_ended, c) == 0 ? 0 : err_set(e, -ENOMEM, "out of memory");
}

static int
menu_spawn(struct conn *c, const struct msg_menu_start *msg, int slave, int chan_end, struct err *e)
{
	char title[300];
	char *words[] = { title, (char *)"--user", c->monitor->conf->user, NULL };

	snprintf(title, sizeof(title), "menu: conn %llu %s", (unsigned long long)c->id, c->user);
	return program_spawn(c, "fortress-menu", words, msg->term, msg->lang, slave, chan_end, e);
}

/* A pty of that size, for a connection that may have one more. */
static int
terminal_make(const struct conn *c, uint32_t cols, uint32_t rows, int *master, int *slave, struct err *e)
{
	struct winsize ws = { .ws_col = clamp(cols, 80), .ws_row = clamp(rows, 24) };
	int r;

	if (!c->logged_in || c->menus >= CONN_MENUS_MAX)
		return err_set(e, -EPERM, "no screen now: %s", c->logged_in ? "too many are open" : "not logged in");
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

static int
screen_try(struct conn *c, const struct msg_screen_start *msg, int live, int *master, int *slave, struct err *e)
{
	const char *how = msg->op == MSG_LIVE_JOIN ? "--join" : "--watch";
	char title[300], dir[4096], id[ID_TEXT];
	char *words[] = { title, (char *)"--db", dir, (char *)(uintptr_t)how, (char *)"--live", (char *)"3", (char *)"--", id, NULL };
	int r;

	if (slice_copy(msg->session, id, sizeof(id)) != 0 || !id_parse(slice_from(id), (unsigned char[ID_BYTES]){ 0 }))
		return err_set(e, -EINVAL, "that is not the id of a session");
	snprintf(title, sizeof(title), "%s: conn %llu %s", how + 2, (unsigned long long)c->id, c->user);
	snprintf(dir, sizeof(dir), "%s/db", c->monitor->state_dir);
	r = terminal_make(c, msg->cols, msg->rows, master, slave, e);
	return r == 0 ? program_spawn(c, "fortress-replay", words, msg->term, msg->lang, *slave, live, e) : r;
}

void
screen_start(struct monitor *m, const struct msg_screen_start *msg, int live)
{
	struct conn *c = conn_find(m, msg->conn);
	int master = -1, slave = -1, r;
	struct err e = { 0 };
	struct msg_screen_started answer = { .req = msg->req };

	if (c == NULL)
		return;
	r = screen_try(c, msg, live, &master, &slave, &e);
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
