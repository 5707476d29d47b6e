/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress-menu: the picker's process.  A plain terminal program: it draws on its own
 * stdin and stdout, gets rows from the front over descriptor 3 (or from a file, by hand)
 * and says what was chosen.  It opens no sockets and, once the terminal is set up, no files.
 *
 * options → rows or channel → terminal → sandbox → loop → terminal back → choice
 */
#include <errno.h>
#include <getopt.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "msg/chan.h"
#include "ui/approvals.h"
#include "ui/hosts.h"
#include "ui/sessions.h"
#include "ui/term.h"

#define ROWS_WAIT_MS 10000
#define GRACE_MS     300               /* what was typed ahead waits so long for the hosts it may mean, and so does the screen */
#define AGAIN_MS     2000              /* the list of sessions is asked for anew */
#define REDRAW_MS    100               /* while they come */

static const int menu_calls[] = {
	SCMP_SYS(ioctl), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(nanosleep), SCMP_SYS(getppid), SCMP_SYS(kill), -1
};
static const struct sandbox menu_sandbox = {
	.name = "menu", .empty_root = true, .calls = menu_calls, .memory_max = (size_t)1 << 30, .files_max = 16,
};

struct menu {
	struct hosts hosts;
	struct sessions sessions;
	struct approvals_screen approvals;
	uint32_t req;
	struct loop *loop;
	struct chan *chan;
	char host[256];                    /* where the cursor goes until somebody moves it */
	bool plain, live;                  /* live: keys are read */
	bool asked_others;
	mono_t drawn;
	struct loop_timer grace, again;
};

static void on_keys(void *arg, int fd, uint32_t events);
static void ask_sessions(struct menu *m);
static void ask_approvals(struct menu *m);
static void look_again(void *arg);

static void
redraw(struct menu *m)
{
	if (m->plain)
		return;
	if (m->sessions.open)
		sessions_draw(&m->sessions);
	else if (m->approvals.open)
		approvals_draw(&m->approvals);
	else
		hosts_draw(&m->hosts);
}

/* The first screen, and from now on keys count: the cursor stays with the host that it shows. */
static void
go_live(void *arg)
{
	struct menu *m = arg;

	loop_timer_stop(&m->grace);
	if (m->plain || m->live || m->loop == NULL)
		return;
	m->live = true;
	list_refresh(&m->hosts.list);
	(void)list_move_to_name(&m->hosts.list, m->host);
	(void)loop_add(m->loop, 0, EPOLLIN, on_keys, m);
	redraw(m);
}

/* They go on to come while keys are read. */
static void
show_late(struct menu *m)
{
	if (!m->live || (!m->hosts.complete && clock_ms_since(m->drawn) < REDRAW_MS))
		return;
	list_update(&m->hosts.list);
	m->drawn = clock_mono();
	redraw(m);
}

/* What an administrator must know stands in the title, and in full until the first key. */
static void
take_banner(struct menu *m, struct slice text)
{
	struct hosts *h = &m->hosts;
	bool is_new = text.n > 0 && h->banner[0] == '\0';

	if (is_new && slice_copy(text, h->banner, sizeof(h->banner)) == 0 && h->notice[0] == '\0')
		(void)snprintf(h->notice, sizeof(h->notice), "%.390s", h->banner);
}

/* Once; they come as rows. */
static void
ask_others(struct menu *m)
{
	struct msg_menu_others ask = { 0 };

	if (!m->hosts.others_wanted || m->asked_others || m->chan == NULL)
		return;
	m->asked_others = true;
	m->hosts.complete = false;
	(void)chan_send(m->chan, MSG_MENU_OTHERS, &ask);
}

static void
on_rows(struct menu *m, const struct msg_host_rows *rows)
{
	struct slice left = rows->rows;
	struct msg_host_row r;

	while (msg_host_row_take(&left, &r) == 1) {
		struct list_fields f = { .name = r.name, .addr = r.addr, .logins = r.logins, .labels = r.labels,
			.brief = r.brief, .why = r.why, .allowed = r.allowed == 1 };

		(void)list_add(&m->hosts.list, &f);
	}
	take_banner(m, rows->banner);
	m->hosts.complete = !rows->more;
	if (m->hosts.complete && !m->hosts.others_wanted)
		m->hosts.others_n = rows->others;
	show_late(m);
	if (m->hosts.complete)
		go_live(m);
}

/* Where the session was chosen that has been looked at. */
static void
list_again(struct menu *m, const struct msg_menu_init *init)
{
	if (init->session.n == 0 || slice_copy(init->session, m->sessions.act_id, sizeof(m->sessions.act_id)) != 0 || m->plain)
		return;
	sessions_open(&m->sessions, init->past == 1);
	(void)snprintf(m->sessions.notice, sizeof(m->sessions.notice), "%.290s", m->hosts.notice);
	m->hosts.notice[0] = '\0';
	loop_timer_start(m->loop, &m->again, AGAIN_MS, look_again, m);
	ask_sessions(m);
}

static void
on_init(struct menu *m, const struct msg_menu_init *init)
{
	char query[LIST_QUERY_MAX + 1];

	(void)slice_copy(init->user, m->hosts.user, sizeof(m->hosts.user));
	(void)slice_copy(init->notice, m->hosts.notice, sizeof(m->hosts.notice));
	(void)slice_copy(init->login, m->hosts.wanted_login, sizeof(m->hosts.wanted_login));
	if (slice_copy(init->query, query, sizeof(query)) == 0)
		list_set_query(&m->hosts.list, query);
	(void)slice_copy(init->host, m->host, sizeof(m->host));
	list_again(m, init);
}

/* What others do, and alarms, are seen without a key. */
static void
look_again(void *arg)
{
	struct menu *m = arg;

	if (!m->sessions.open && !m->approvals.open)
		return;
	m->sessions.ask = m->sessions.open && !m->sessions.past;         /* what is over stays as it is */
	m->approvals.ask = m->approvals.open;
	ask_sessions(m);
	ask_approvals(m);
	loop_timer_start(m->loop, &m->again, AGAIN_MS, look_again, m);
}

/* Looking at one is for another program: the front starts it when this one has ended. */
static void
ask_sessions(struct menu *m)
{
	struct sessions *s = &m->sessions;
	struct msg_live_ask ask = { .max = SESSIONS_MAX };
	struct msg_live_do act = { .op = s->act, .session = slice_from(s->act_id) };

	if (m->hosts.sessions && m->chan != NULL) {
		sessions_open(s, false);
		loop_timer_start(m->loop, &m->again, AGAIN_MS, look_again, m);
	}
	m->hosts.sessions = false;
	if (s->act != 0) {
		act.req = ++m->req;
		(void)chan_send(m->chan, MSG_LIVE_DO, &act);
		m->hosts.over = m->hosts.over || s->act <= MSG_LIVE_JOIN || s->act == MSG_LIVE_REPLAY;
		s->act = 0;
	}
	if (!s->ask)
		return;
	s->ask = false;
	ask.past = s->past;
	ask.req = ++m->req;
	(void)chan_send(m->chan, MSG_LIVE_ASK, &ask);
}

/* The same for requests; what is said is about one of them. */
static void
ask_approvals(struct menu *m)
{
	struct approvals_screen *s = &m->approvals;
	struct msg_approval_list ask = { 0 };
	struct msg_approval_say say = { .say = s->say, .id = slice_from(s->say_id) };

	if (m->hosts.approvals && m->chan != NULL) {
		approvals_open(s);
		loop_timer_start(m->loop, &m->again, AGAIN_MS, look_again, m);
	}
	m->hosts.approvals = false;
	if (s->says) {
		say.req = ++m->req;
		(void)chan_send(m->chan, MSG_APPROVAL_SAY, &say);
		s->says = s->ask = false;        /* the list comes behind the answer */
	}
	if (!s->ask)
		return;
	s->ask = false;
	s->coming.n = 0;
	ask.req = ++m->req;
	(void)chan_send(m->chan, MSG_APPROVAL_LIST, &ask);
}

static void
approvals_message(struct menu *m, const struct chan_in *in)
{
	if (in->type == MSG_APPROVAL_ROW)
		approvals_row(&m->approvals, in->message);
	if (in->type == MSG_DIR_END)
		approvals_end(&m->approvals);
	if (in->type == MSG_DIR_DONE)
		approvals_done(&m->approvals, in->message);
	if ((in->type != MSG_DIR_END && in->type != MSG_DIR_DONE) || !m->live)
		return;
	ask_approvals(m);
	redraw(m);
}

static void
on_message(void *arg, struct chan *c, struct chan_in *in)
{
	struct menu *m = arg;

	(void)c;
	if (in->type == MSG_HOST_ROWS)
		on_rows(m, in->message);
	if (in->type == MSG_MENU_INIT)
		on_init(m, in->message);
	if (in->type == MSG_LIVE_ROWS)
		sessions_rows(&m->sessions, ((const struct msg_live_rows *)in->message)->rows);
	if (in->type == MSG_LIVE_DONE)
		sessions_done(&m->sessions, in->message);
	if ((in->type == MSG_LIVE_ROWS || in->type == MSG_LIVE_DONE) && m->live) {
		ask_sessions(m);
		redraw(m);
	}
	approvals_message(m, in);
	if (in->type == 0) {
		m->hosts.over = true;
		if (m->loop != NULL)
			loop_stop(m->loop, 0);
	}
}

static void
on_keys(void *arg, int fd, uint32_t events)
{
	struct menu *m = arg;

	(void)fd;
	if ((events & EPOLLIN) != 0 && m->sessions.open)
		sessions_keys(&m->sessions);
	else if ((events & EPOLLIN) != 0 && m->approvals.open)
		approvals_keys(&m->approvals);
	else if ((events & EPOLLIN) != 0)
		hosts_keys(&m->hosts);
	ask_others(m);
	ask_sessions(m);
	ask_approvals(m);
	if (m->hosts.over || (events & (EPOLLHUP | EPOLLERR)) != 0)
		loop_stop(m->loop, 0);
	else
		redraw(m);
}

static void
on_winch(void *arg, int signo)
{
	(void)signo;
	term_resize();
	redraw(arg);
}

static void
on_end(void *arg, int signo)
{
	struct menu *m = arg;

	(void)signo;
	m->hosts.over = true;
	loop_stop(m->loop, 0);
}

/* By hand and in tests: name, address, logins, labels, 0 or 1, why, why in brief; separated by tabs. */
static void
rows_from_file(struct menu *m, const char *path)
{
	FILE *in = fopen(path, "re");
	struct list_fields f;
	char *line = NULL, *rest, *cell[7];
	size_t size = 0;

	if (in == NULL)
		fatal("%s: %s", path, strerror(errno));
	while (getline(&line, &size, in) > 0) {
		line[strcspn(line, "\n")] = '\0';
		rest = line;
		for (int i = 0; i < 7; i++)
			if ((cell[i] = strsep(&rest, "\t")) == NULL)
				cell[i] = line + strlen(line);
		f = (struct list_fields){ .name = slice_from(cell[0]), .addr = slice_from(cell[1]), .logins = slice_from(cell[2]),
			.labels = slice_from(cell[3]), .allowed = cell[4][0] == '1', .why = slice_from(cell[5]),
			.brief = slice_from(cell[6]) };
		(void)list_add(&m->hosts.list, &f);
	}
	free(line);
	(void)fclose(in);
	m->hosts.others_n = m->hosts.list.n - m->hosts.list.allowed_n;
	m->hosts.complete = true;
	(void)snprintf(m->hosts.user, sizeof(m->hosts.user), "%s", path);
	list_refresh(&m->hosts.list);
}

static void
run_screen(struct menu *m)
{
	if (loop_signal(m->loop, SIGWINCH, on_winch, m) != 0 || loop_signal(m->loop, SIGHUP, on_end, m) != 0 ||
	    loop_signal(m->loop, SIGTERM, on_end, m) != 0 || loop_signal(m->loop, SIGINT, on_end, m) != 0 ||
	    loop_signal(m->loop, SIGQUIT, on_end, m) != 0)
		return;
	if (m->hosts.complete)
		go_live(m);
	else
		loop_timer_start(m->loop, &m->grace, GRACE_MS, go_live, m);
	(void)loop_run(m->loop);
	term_stop();
}

static void
wait_rows(struct menu *m)
{
	while (m->chan != NULL && !m->hosts.complete && chan_wait(m->chan, ROWS_WAIT_MS) == 0)
		continue;
}

/* Somebody wants the others, too: plain lines wait for them. */
static void
plain_others(void *arg)
{
	ask_others(arg);
	wait_rows(arg);
}

static void
run_plain(struct menu *m)
{
	wait_rows(m);
	plain_run(&m->hosts, plain_others, m);
}

static int
answer(struct menu *m)
{
	struct hosts *h = &m->hosts;
	struct msg_menu_choice choice = { .host = slice_from(h->host), .login = slice_from(h->chosen_login),
		.query = slice_from(h->list.query.text) };
	struct msg_menu_quit quit = { 0 };

	if (m->chan != NULL)
		(void)(h->chosen ? chan_send(m->chan, MSG_MENU_CHOICE, &choice) : chan_send(m->chan, MSG_MENU_QUIT, &quit));
	else if (h->chosen)
		printf("%s\t%s\n", h->chosen_login, h->host);
	return h->chosen ? 0 : 1;
}

int
main(int argc, char **argv)
{
	static struct menu m;
	struct sandbox sandbox = menu_sandbox;
	struct sandbox_state state;
	struct err e = { 0 };
	const char *file = NULL;
	int c;
	static const struct option longs[] = { { "user", required_argument, NULL, 'u' },
		{ "file", required_argument, NULL, 'f' }, { NULL, 0, NULL, 0 } };

	sandbox_title_init(argc, argv);
	while ((c = getopt_long(argc, argv, "f:", longs, NULL)) != -1) {
		if (c == 'f')
			file = optarg;
		else if (c == 'u')
			sandbox.user = optarg;
		else
			fatal("usage: fortress-menu -f FILE");
	}
	log_open("menu", LOG_LEVEL_INFO, 2);
	hosts_init(&m.hosts);
	m.loop = loop_new();
	if (file != NULL)
		rows_from_file(&m, file);
	else
		m.chan = chan_new(m.loop, 3, LINK_MENU_OF_FRONT, on_message, &m);
	if (m.loop == NULL || (file == NULL && m.chan == NULL))
		fatal("no channel on descriptor 3: run it with -f FILE");
	m.plain = !term_start(getenv("TERM"));
	if (sandbox_enter(&sandbox, NULL, NULL, 0, &state, &e) != 0) {
		term_stop();
		fatal("%s", e.text);
	}
	if (m.plain)
		run_plain(&m);
	else
		run_screen(&m);
	return answer(&m);
}
