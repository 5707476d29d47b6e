/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The process graph in one place:
 *
 *      monitor ──┬── store      fd 3 monitor, fd 4 gate
 *                ├── gate       fd 3 monitor, fd 4 store
 *                ├── acceptor   fd 3 monitor; forks a front for each connection
 *                └── notify     fd 3 monitor; only where there is a NotifySink
 *
 * Store and gate live and die together: a gate without its store could decide but not
 * record, so when either ends both are started again (with growing pauses), and every
 * front, whose channel to the store is gone, ends with a sentence.  A gate that stands
 * still is ended (pulse.c).  A new acceptor harms nobody: fronts hold their own channels.
 * Before all three have served once, one that ends is a reason not to start at all.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/spawn.h"
#include "monitor/audit.h"
#include "monitor/child.h"
#include "monitor/conn.h"
#include "monitor/dial.h"
#include "monitor/menu.h"
#include "monitor/listen.h"
#include "monitor/pulse.h"
#include "monitor/reload.h"
#include "monitor/settings.h"
#include "monitor/starter.h"

#define RESTART_FIRST_MS 100
#define RESTART_MAX_MS   10000
#define STOP_TIMEOUT_MS  8000
#define ARGS_MAX         64

struct args {
	char *v[ARGS_MAX + 1];
	unsigned n;
};

static const char *const names[CHILDREN] = {
	[CHILD_STORE] = "store", [CHILD_GATE] = "gate", [CHILD_ACCEPTOR] = "acceptor", [CHILD_NEXT] = "acceptor",
	[CHILD_NOTIFY] = "notify",
};
static const char *const programs[CHILDREN] = {
	[CHILD_STORE] = "fortress-store", [CHILD_GATE] = "fortress-gate", [CHILD_ACCEPTOR] = "fortress-front",
	[CHILD_NEXT] = "fortress-front", [CHILD_NOTIFY] = "fortress-notify",
};

static void
arg_add(struct args *a, const char *text)
{
	if (a->n < ARGS_MAX && (a->v[a->n] = strdup(text)) != NULL)
		a->n++;
}

static void
arg_pair(struct args *a, const char *name, const char *value)
{
	if (value == NULL)
		return;
	arg_add(a, name);
	arg_add(a, value);
}

static void
arg_number(struct args *a, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	arg_pair(a, name, text);
}

static void
arg_path(struct args *a, const char *name, const char *dir, const char *file)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	arg_pair(a, name, path);
}

static void
args_done(struct args *a)
{
	while (a->n > 0)
		free(a->v[--a->n]);
}

static void
store_args(const struct monitor *m, const struct conf *c, struct args *a)
{
	arg_path(a, "--db", m->state_dir, "db");
	arg_path(a, "--key", m->state_dir, "keys/checkpoint_ed25519");
	arg_pair(a, "--checkpoint-to", c->checkpoint_file);
	arg_pair(a, "--checkpoint-syslog", c->checkpoint_syslog);
	arg_number(a, "--retain", c->retain_s);
	arg_pair(a, "--user", c->store_user);
}

static void
gate_args(const struct monitor *m, const struct conf *c, struct args *a)
{
	arg_pair(a, "--state", m->state_dir);
	arg_pair(a, "--policy", c->policy);
	arg_number(a, "--name-formats", c->name_formats);
	if (c->own_keys)
		arg_add(a, "--own-keys");
	for (unsigned i = 0; i < c->notify_sinks.n; i++)
		arg_pair(a, "--sink", c->notify_sinks.items[i]);
	arg_pair(a, "--user", c->gate_user);
}

static void
acceptor_args(const struct monitor *m, const struct conf *c, struct args *a)
{
	(void)m;
	for (unsigned i = 0; i < c->host_keys.n; i++)
		arg_pair(a, "--host-key", c->host_keys.items[i]);
	arg_pair(a, "--user", c->user);
	arg_pair(a, "--methods", c->methods);
	arg_number(a, "--login-grace", c->login_grace_s);
	arg_number(a, "--max-tries", c->auth_tries_max);
	arg_number(a, "--max-channels", c->channels_max);
	arg_number(a, "--window", c->record_window);
	arg_number(a, "--ack-timeout", c->record_timeout_s);
	if (c->watch_notice)
		arg_add(a, "--watch-notice");
	if (c->record_strict)
		arg_add(a, "--strict-record");
	if (c->use_pam)
		arg_add(a, "--pam");
	if (c->password)
		arg_add(a, "--password");
}

static void
notify_args(const struct monitor *m, const struct conf *c, struct args *a)
{
	(void)m;
	for (unsigned i = 0; i < c->notify_sinks.n; i++)
		arg_pair(a, "--sink", c->notify_sinks.items[i]);
	arg_pair(a, "--user", c->user);
}

static void (*const make_args[CHILDREN])(const struct monitor *, const struct conf *, struct args *) = {
	[CHILD_STORE] = store_args, [CHILD_GATE] = gate_args, [CHILD_ACCEPTOR] = acceptor_args,
	[CHILD_NEXT] = acceptor_args, [CHILD_NOTIFY] = notify_args,
};

static const enum link_end ends[CHILDREN] = {
	[CHILD_STORE] = LINK_MONITOR_OF_STORE, [CHILD_GATE] = LINK_MONITOR_OF_GATE,
	[CHILD_ACCEPTOR] = LINK_MONITOR_OF_ACCEPTOR, [CHILD_NEXT] = LINK_MONITOR_OF_ACCEPTOR,
	[CHILD_NOTIFY] = LINK_MONITOR_OF_NOTIFY,
};

static enum child
child_of_chan(const struct monitor *m, const struct chan *c)
{
	enum child i = 0;

	while (i < CHILDREN && m->children[i].chan != c)
		i++;
	return i;
}

bool
child_all_ready(const struct monitor *m)
{
	for (int i = 0; i < CHILD_NEXT; i++)
		if (!m->children[i].ready)
			return false;
	return true;
}

/* The old one ends with its last front; whatever it says until then nobody needs. */
static void
acceptor_take_over(struct monitor *m)
{
	struct child_state *old = &m->children[CHILD_ACCEPTOR];
	struct msg_stop stop = { slice_from("a new acceptor takes over") };

	if (old->chan != NULL)
		(void)chan_send(old->chan, MSG_STOP, &stop);
	chan_free(old->chan);
	*old = m->children[CHILD_NEXT];
	m->children[CHILD_NEXT] = (struct child_state){ 0 };
	log_info("a new acceptor serves");
	reload_done(m);
}

/* What has kept more rights than it should does not serve. */
static void
child_said_ready(struct monitor *m, enum child who, const struct msg_ready *msg)
{
	if (msg->sandboxed != 1) {
		log_error("process killed: %s: it says that its sandbox does not hold", names[who]);
		(void)kill(m->children[who].pid, SIGKILL);
		return;
	}
	m->children[who].ready = true;
	log_debug("child ready: %s", names[who]);
	if (who == CHILD_NEXT)
		acceptor_take_over(m);
	if (who == CHILD_GATE)
		pulse_start(m);
	if (!child_all_ready(m))
		return;
	m->restart_delay_ms = 0;
	m->served = true;
	listen_resume(m);
	starter_tell();
}

/* Without its channel a child ends by itself, in order; the acceptor would wait for its fronts, which need it no more. */
static void
child_lost(struct monitor *m, enum child who)
{
	struct child_state *c = &m->children[who];

	c->ready = false;
	if (who < CHILD_NEXT)
		listen_pause(m);
	chan_free(c->chan);
	c->chan = NULL;
	if (who >= CHILD_ACCEPTOR && c->pid > 0)
		(void)kill(c->pid, SIGKILL);
}

static void
child_message(void *arg, struct chan *c, struct chan_in *in)
{
	struct monitor *m = arg;
	enum child who = child_of_chan(m, c);
	const struct msg_reloaded *reloaded = in->message;

	switch (in->type) {
	case MSG_READY:
		child_said_ready(m, who, in->message);
		break;
	case MSG_RELOADED:
		if (reloaded->ok)
			log_info("policy loaded: %.*s", (int)reloaded->text.n, (const char *)reloaded->text.p);
		else
			log_error("policy not loaded, the old one stays: %.*s", (int)reloaded->text.n,
			    (const char *)reloaded->text.p);
		break;
	case MSG_BEAT:
		pulse_take(m, in->message);
		break;
	case MSG_DIAL:
		dial_start(m, in->message);
		break;
	case MSG_STORE_FULL:
		m->store_full = ((const struct msg_store_full *)in->message)->full != 0;
		break;
	case MSG_VOUCHED:
		conn_vouched(m, in->message);
		break;
	case MSG_ADMITTED:
		conn_admitted(m, in->message);
		break;
	case MSG_LET_GO:
		conn_let_go(m, in->message);
		break;
	case MSG_CUT:
		conn_cut(m, in->message);
		break;
	case MSG_SCREEN_START:
		screen_start(m, in->message, in->fds[0]);
		break;
	case MSG_SENTRY_START:
		sentry_start(m, in->message, in->fds);
		break;
	case MSG_NOTIFY:
		if (m->children[CHILD_NOTIFY].chan == NULL || chan_send(m->children[CHILD_NOTIFY].chan, MSG_NOTIFY, in->message) != 0)
			log_error("somebody is not told: the process that tells does not run, or is too far behind");
		break;
	case MSG_CONN_PID:
		conn_set_pid(m, in->message);
		break;
	case MSG_CONN_END:
		conn_note_end(m, in->message);
		break;
	case 0:
		log_debug("channel ended: %s: %s", names[who], in->why);
		child_lost(m, who);
		break;
	}
}

static void child_ended(void *arg, pid_t pid, int status);

/* Takes fd on success.  One that cannot be watched is not left alone. */
static int
child_watch(struct monitor *m, enum child who, pid_t pid, int fd)
{
	struct chan *chan = reap_add(pid, child_ended, m) == 0 ? chan_new(m->loop, fd, ends[who], child_message, m) : NULL;

	if (chan == NULL) {
		(void)kill(pid, SIGKILL);
		return -ENOMEM;
	}
	m->children[who] = (struct child_state){ .pid = pid, .chan = chan };
	return 0;
}

static int
child_start(struct monitor *m, enum child who, int fd_extra, struct err *e)
{
	struct args args = { 0 };
	struct spawn s = { .stdio = { -1, -1, -1 }, .setsid = 1 };     /* a terminal's signals are for the monitor */
	const struct conf *conf = who == CHILD_NEXT ? m->conf_next : m->conf;
	char path[4096];
	int pair[2];
	pid_t pid;

	if (spawn_path(programs[who], path, sizeof(path)) != 0 || fd_pair(pair) != 0)
		return err_set(e, -errno, "%s: cannot make its channel: %s", names[who], strerror(errno));
	arg_add(&args, names[who]);
	make_args[who](m, conf, &args);
	arg_pair(&args, "--log-level", log_words[conf->log_level]);
	s.path = path;
	s.argv = args.v;
	s.fds[s.nfds++] = pair[1];
	if (fd_extra >= 0)
		s.fds[s.nfds++] = fd_extra;
	pid = spawn_start(&s, e);
	args_done(&args);
	close(pair[1]);
	if (pid > 0 && child_watch(m, who, pid, pair[0]) == 0)
		return 0;
	close(pair[0]);
	return pid < 0 ? e->code : err_set(e, -ENOMEM, "%s: out of memory", names[who]);
}

/* By message, so that it finishes what is open; one that takes no message any more is killed. */
static void
child_ask_to_stop(struct monitor *m, enum child who, const char *why)
{
	struct child_state *c = &m->children[who];
	struct msg_stop stop = { slice_from(why) };

	if (c->pid > 0 && (c->chan == NULL || chan_send(c->chan, MSG_STOP, &stop) != 0))
		(void)kill(c->pid, SIGKILL);
}

/* Store and gate, with the channel between them; if the gate cannot be started, what was started ends again. */
static int
child_start_pair(struct monitor *m, struct err *e)
{
	int pair[2], r;

	r = fd_pair(pair);
	if (r != 0)
		return err_set(e, r, "cannot make a channel: %s", strerror(-r));
	r = child_start(m, CHILD_STORE, pair[0], e);
	if (r == 0) {
		r = child_start(m, CHILD_GATE, pair[1], e);
		if (r != 0)
			child_ask_to_stop(m, CHILD_STORE, "there is no gate");
	}
	if (r == 0)
		settings_send(m);                     /* before any client: the channel keeps the order */
	close(pair[0]);
	close(pair[1]);
	return r;
}

int
child_start_all(struct monitor *m, struct err *e)
{
	int r = child_start_pair(m, e);

	if (r == 0 && m->conf->notify_sinks.n > 0)
		r = child_start(m, CHILD_NOTIFY, -1, e);
	return r == 0 ? child_start(m, CHILD_ACCEPTOR, -1, e) : r;
}

int
child_renew_acceptor(struct monitor *m, struct err *e)
{
	struct child_state *next = &m->children[CHILD_NEXT];

	if (next->pid > 0)
		(void)kill(next->pid, SIGKILL);          /* it read a configuration of before */
	chan_free(next->chan);
	*next = (struct child_state){ 0 };
	return child_start(m, CHILD_NEXT, -1, e);
}

static void restart_later(struct monitor *m);

static void
child_restart(void *arg)
{
	struct monitor *m = arg;
	struct err e = { 0 };
	int r = 0;

	if (m->children[CHILD_STORE].pid == 0 && m->children[CHILD_GATE].pid == 0)
		r = child_start_pair(m, &e);
	if (r == 0 && m->children[CHILD_ACCEPTOR].pid == 0)
		r = child_start(m, CHILD_ACCEPTOR, -1, &e);
	if (r == 0 && m->conf->notify_sinks.n > 0 && m->children[CHILD_NOTIFY].pid == 0)
		r = child_start(m, CHILD_NOTIFY, -1, &e);
	if (r == 0)
		return;
	restart_later(m);
	log_error("cannot start again: %s: next try in %u ms", e.text, m->restart_delay_ms);
}

static void
restart_later(struct monitor *m)
{
	m->restart_delay_ms = m->restart_delay_ms == 0 ? RESTART_FIRST_MS : m->restart_delay_ms * 2;
	if (m->restart_delay_ms > RESTART_MAX_MS)
		m->restart_delay_ms = RESTART_MAX_MS;
	loop_timer_start(m->loop, &m->restart_timer, m->restart_delay_ms, child_restart, m);
}

/* The next one to be asked to end, or the end of the loop. */
static void
stop_next(struct monitor *m)
{
	static const enum child order[CHILDREN] = { CHILD_NEXT, CHILD_ACCEPTOR, CHILD_GATE, CHILD_STORE, CHILD_NOTIFY };

	for (int i = 0; i < CHILDREN; i++)
		if (m->children[order[i]].pid > 0) {
			child_ask_to_stop(m, order[i], "the bastion stops");
			return;
		}
	loop_stop(m->loop, m->failed);
}

static void
stop_too_slow(void *arg)
{
	struct monitor *m = arg;

	for (int i = 0; i < CHILDREN; i++)
		if (m->children[i].pid > 0) {
			log_warn("killed: %s: did not stop in %d s", names[i], STOP_TIMEOUT_MS / 1000);
			(void)kill(m->children[i].pid, SIGKILL);
		}
	loop_stop(m->loop, 1);
}

void
child_stop_all(struct monitor *m)
{
	loop_timer_stop(&m->restart_timer);
	loop_timer_stop(&m->pulse_timer);
	loop_timer_start(m->loop, &m->stop_timer, STOP_TIMEOUT_MS, stop_too_slow, m);
	stop_next(m);
}

static const char *
ended_how(int status, char *text, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(text, size, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(text, size, "exit status %d", WEXITSTATUS(status));
	return text;
}

static void
child_ended(void *arg, pid_t pid, int status)
{
	struct monitor *m = arg;
	enum child who = 0;
	char how[96];

	while (who < CHILDREN && m->children[who].pid != pid)
		who++;
	if (who == CHILDREN)
		return;                         /* an acceptor that was replaced */
	chan_free(m->children[who].chan);
	m->children[who] = (struct child_state){ 0 };
	if (who == CHILD_STORE)
		m->store_full = false;
	if (m->stopping) {
		stop_next(m);
		return;
	}
	if (who == CHILD_NEXT) {
		log_error("new acceptor ended: %s: the old one serves on", ended_how(status, how, sizeof(how)));
		reload_failed(m, "no acceptor can serve by it");
		return;
	}
	(void)ended_how(status, how, sizeof(how));
	if (!m->served) {
		log_error("process ended before it served: %s: %s: the bastion does not start", names[who], how);
		m->stopping = m->failed = true;
		listen_close(m);                 /* whoever is told by our end may start another at once */
		child_stop_all(m);
		return;
	}
	if (who != CHILD_NOTIFY)
		listen_pause(m);
	log_error("process ended: %s: %s: starting again", names[who], how);
	if (who == CHILD_STORE || who == CHILD_GATE)
		conn_orphan_all(m);
	if (who == CHILD_STORE)
		child_ask_to_stop(m, CHILD_GATE, "the store has ended");
	if (who == CHILD_GATE)
		child_ask_to_stop(m, CHILD_STORE, "the gate has ended");
	restart_later(m);
}
