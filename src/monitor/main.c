/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress serve: the monitor.  It listens, accepts, forks, runs PAM in short children
 * and speaks with the kernel's audit log.  It never reads a byte from the network,
 * parses no policy and opens no database.
 *
 * options → configuration → state → children → READY from all three → listening → loop → exit
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/package.h"
#include "base/sandbox.h"
#include "monitor/audit.h"
#include "monitor/child.h"
#include "monitor/conn.h"
#include "monitor/control.h"
#include "monitor/listen.h"
#include "monitor/reload.h"
#include "monitor/source.h"
#include "monitor/starter.h"
#include "monitor/state.h"

#define STOP_GRACE_MS 3000
#define TERMINAL_MS   200                /* after its SIGHUP a terminal that is closed is gone */

enum { OPT_STATE = 256, OPT_KEYWORDS, OPT_BACKGROUND };

struct options {
	char state[PATH_MAX], conf[PATH_MAX + 32];
	bool test, print, background;
	const char *keywords, *only;     /* only: the one that -T is to print; NULL: all */
};

static const struct option longs[] = {
	{ "state", required_argument, NULL, OPT_STATE },
	{ "config", required_argument, NULL, 'f' },
	{ "test", no_argument, NULL, 't' },
	{ "print", no_argument, NULL, 'T' },
	{ "keywords", required_argument, NULL, OPT_KEYWORDS },
	{ "background", no_argument, NULL, OPT_BACKGROUND },
	{ NULL, 0, NULL, 0 },
};

/* To whoever typed it: no line of a log. */
static void refuse(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3), noreturn));

static void
refuse(int status, const char *fmt, ...)
{
	va_list ap;

	fputs("fortress serve: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(status);
}

static void
options_parse(struct options *o, int argc, char **argv)
{
	const char *state = getenv("FORTRESS_STATE"), *conf = NULL;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":f:tT", longs, NULL)) != -1)
		switch (c) {
		case OPT_STATE:      state = optarg; break;
		case OPT_KEYWORDS:   o->keywords = optarg; break;
		case OPT_BACKGROUND: o->background = true; break;
		case 'f':            conf = optarg; break;
		case 't':            o->test = true; break;
		case 'T':            o->print = true; break;
		default:
			refuse(2, "%s: %s\nusage: fortress serve [-f FILE] [-t | -T [KEYWORD]] [--background]", argv[optind - 1],
			    c == ':' ? "needs a value" : "no such option");
		}
	if (o->print && optind + 1 == argc)
		o->only = argv[optind++];
	if (optind < argc)
		refuse(2, "%s: not understood here\nusage: fortress serve [-f FILE] [-t | -T [KEYWORD]] [--background]", argv[optind]);
	if (realpath(state != NULL ? state : PKGSTATEDIR, o->state) == NULL && o->keywords == NULL)
		refuse(1, "%s: %s: name the bastion's state with --state or FORTRESS_STATE; fortress setup makes one",
		    state != NULL ? state : PKGSTATEDIR, strerror(errno));
	snprintf(o->conf, sizeof(o->conf), conf != NULL ? "%s" : "%s/fortress.conf", conf != NULL ? conf : o->state);
}

/* -t, -T and --keywords: say it and be done. */
static int
answer_and_exit(const struct options *o)
{
	struct err e = { 0 };
	struct conf *c;

	if (o->keywords != NULL)
		return conf_print_keywords(o->keywords, stdout) == 0 ? 0 : 1;
	c = conf_load(o->conf, o->state, &e);
	if (c == NULL)
		refuse(1, "%s", e.text);
	if (!o->print)
		printf("%s: good\n", o->conf);
	else if (conf_print(c, o->only, stdout, &e) != 0)
		refuse(1, "%s", e.text);
	conf_free(c);
	return 0;
}

static void
stop_grace_over(void *arg)
{
	struct monitor *m = arg;

	for (struct conn *c = m->conns; c != NULL; c = c->next)
		if (c->pid > 0)
			(void)kill(c->pid, SIGKILL);
	child_stop_all(m);
}

static void
stop(struct monitor *m, const char *why)
{
	if (m->stopping)
		return;
	m->stopping = true;
	log_info("stopping: %s: %u connections are told", why, m->conns_n);
	listen_close(m);
	control_close(m);
	conn_terminate_all(m, "the bastion stops");
	if (m->conns == NULL)
		child_stop_all(m);
	else
		loop_timer_start(m->loop, &m->stop_timer, STOP_GRACE_MS, stop_grace_over, m);
}

static void
on_stop(void *arg, int signo)
{
	char why[32];

	(void)snprintf(why, sizeof(why), "signal %d", signo);
	stop(arg, why);
}

/* A connection takes a descriptor here; the soft limit that shells and service managers set is for programs of old. */
static void
raise_files(const struct monitor *m)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return;
	l.rlim_cur = l.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &l);
	if (l.rlim_max != RLIM_INFINITY && l.rlim_max < m->conf->connections_max + 256)
		log_warn("open files: the limit of %llu is too low for MaxConnections %llu: raise it where the bastion is started",
		    (unsigned long long)l.rlim_max, (unsigned long long)m->conf->connections_max);
}

static void
terminal_look(void *arg)
{
	struct monitor *m = arg;

	if (starter_terminal_is_gone())
		stop(m, "its terminal is gone");
	else
		reload_begin(m);
}

/* A reload, or the end of the terminal that it runs on. */
static void
on_hangup(void *arg, int signo)
{
	struct monitor *m = arg;

	(void)signo;
	if (m->terminal)
		loop_timer_start(m->loop, &m->terminal_timer, TERMINAL_MS, terminal_look, m);
	else
		reload_begin(m);
}

static int
start(struct monitor *m, struct err *e)
{
	int r = state_prepare(m, e);

	if (r == 0)
		r = state_lock(m, e);
	if (r == 0)
		r = audit_open_link((enum conf_kernel_audit)m->conf->kernel_audit, e);
	if (r == 0)
		r = listen_open(m, e);
	if (r == 0)
		r = control_open(m, e);
	if (r == 0 && m->root)
		r = state_drop_capabilities(e);
	if (r == 0 && (reap_init(m) != 0 || loop_signal(m->loop, SIGTERM, on_stop, m) != 0 ||
	    loop_signal(m->loop, SIGINT, on_stop, m) != 0 || loop_signal(m->loop, SIGHUP, on_hangup, m) != 0))
		r = err_set(e, -ENOMEM, "cannot watch signals");
	return r == 0 ? child_start_all(m, e) : r;
}

static void
announce(const struct monitor *m)
{
	char libssh[PACKAGE_VERSION_MAX];
	struct err e = { 0 };
	int r = package_check_libssh(PACKAGE_LIST, libssh, &e);

	log_info("fortress %s: state %s libssh %s", PACKAGE_VERSION, m->state_dir, libssh);
	if (r != 0)
		log_error("%s: apt-get install libssh-4, then start again", e.text);
	if (!m->root)
		log_warn("sandbox profile \"unprivileged\": not started as root, so every process runs under one account; "
		    "seccomp and Landlock still hold");
	if (m->conf->kernel_audit != CONF_AUDIT_OFF && !audit_is_recording())
		log_warn("the kernel's audit log takes no records: auditctl -e 1 turns it on");
}

int
main(int argc, char **argv)
{
	struct options o = { 0 };
	struct monitor m = { 0 };
	struct err e = { 0 };
	int r;

	sandbox_title_init(argc, argv);
	options_parse(&o, argc, argv);
	if (o.test || o.print || o.keywords != NULL)
		return answer_and_exit(&o);
	m = (struct monitor){ .loop = loop_new(), .conf_path = o.conf, .state_dir = o.state, .root = geteuid() == 0 };
	m.conf = conf_load(o.conf, o.state, &e);
	m.sources = sources_new();
	if (m.conf == NULL || m.loop == NULL || m.sources == NULL)
		refuse(1, "%s", m.loop == NULL || m.sources == NULL ? "out of memory" : e.text);
	log_open("monitor", (enum log_level)m.conf->log_level, 2);
	if (o.background && starter_leave(o.state, &e) != 0)
		refuse(1, "%s", e.text);
	m.terminal = starter_has_terminal();
	raise_files(&m);
	if (start(&m, &e) != 0) {
		state_unlock(&m);
		fatal("%s", e.text);
	}
	sandbox_title("monitor: %s", o.state);
	announce(&m);
	r = loop_run(m.loop);
	log_info("stopped");
	state_unlock(&m);
	audit_close_link();
	conf_free(m.conf);
	conf_free(m.conf_next);
	table_done(&m.conns_by_id);
	sources_free(m.sources);
	loop_free(m.loop);
	return r;
}
