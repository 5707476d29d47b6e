/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress-gate: holds policy, directory and keys, and answers "may U do A on H now, as whom, and
 * why".  It signs for fronts as an ssh-agent does.  It never talks to the network.
 *
 * options → fds (3 monitor, 4 store) → keys → policy's files → the directory from the store → sandbox → READY → loop → exit
 */
#include <errno.h>
#include <malloc.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/flags.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/sandbox.h"
#include "gate/again.h"
#include "gate/batch.h"
#include "gate/control.h"
#include "gate/enrol.h"
#include "gate/gate.h"
#include "gate/puts.h"
#include "gate/sentry.h"
#include "gate/settings.h"
#include "gate/vouch.h"
#include "msg/reserved.h"

enum { FD_MONITOR = 3, FD_STORE = 4, LOAD_REQ = 1 };

/* It reads policies and keys again, and makes channels for those that ask. */
static const int calls[] = { SCMP_SYS(openat), SCMP_SYS(getdents64), SCMP_SYS(socketpair), SCMP_SYS(setsockopt), -1 };

struct options {
	const char *state, *policy, *user;
	uint64_t log_level, name_formats;
	struct flag_texts sinks;
	bool own_keys;
};

static const struct flag flags[] = {
	{ "state", FLAG_TEXT, offsetof(struct options, state), .needed = true },
	{ "policy", FLAG_TEXT, offsetof(struct options, policy), .needed = true },
	{ "user", FLAG_TEXT, offsetof(struct options, user) },
	{ "name-formats", FLAG_NUMBER, offsetof(struct options, name_formats) },
	{ "sink", FLAG_TEXTS, offsetof(struct options, sinks) },
	{ "own-keys", FLAG_YES, offsetof(struct options, own_keys) },
	{ "log-level", FLAG_WORD, offsetof(struct options, log_level), .words = log_words },
};

static void
enter_sandbox(struct gate *g)
{
	struct sandbox box = { .name = "gate", .user = g->account, .calls = calls, .memory_max = 1u << 30, .files_max = 65536 };
	const char *dir = rules_dir(g->rules);
	struct sandbox_path path = { .path = geteuid() == 0 ? "/" : dir };
	struct sandbox_state state = { 0 };
	struct err e = { 0 };

	/* As root the policy's directory becomes the root of what can be seen; without root Landlock alone says so. */
	if (sandbox_enter(&box, geteuid() == 0 ? dir : NULL, &path, 1, &state, &e) != 0)
		fatal("sandbox: %s", e.text);
	g->sandboxed = sandbox_holds(&state);
}

/* From a time before the word was reserved: the word wins, USER+HOST@bastion reaches the host. */
static void
reserved_warn(const struct gate *g)
{
	for (size_t i = 0; i < directory_hosts(g->dir); i++) {
		const char *name = directory_host_at(g->dir, i)->name;

		if (reserved_is_word(slice_from(name)))
			log_warn("host %s: is named like a word that the bastion answers itself: only USER+%s@bastion reaches it", name, name);
	}
}

static void
on_loaded(struct gate *g)
{
	struct msg_ready ready;
	struct err e = { 0 };

	if (g->loaded)
		return;
	g->loaded = true;
	reserved_warn(g);
	(void)control_load_policy(g, "fortress", &e);
	enrol_purge(g);
	enter_sandbox(g);
	ready.sandboxed = g->sandboxed;
	log_info("serving: %zu users %zu hosts", directory_users(g->dir), directory_hosts(g->dir));
	again_start(g);
	if (chan_send(g->monitor, MSG_READY, &ready) != 0)
		loop_stop(g->loop, 1);
}

/* Started again, it asks again. */
static void
not_loaded(struct gate *g, const struct msg_dir_done *why)
{
	log_error("the directory cannot be loaded: %.*s", (int)why->text.n, (const char *)why->text.p);
	loop_stop(g->loop, 1);
}

static void
store_message(void *arg, struct chan *chan, struct chan_in *in)
{
	struct gate *g = arg;
	const struct msg_dir_done *done = in->message;
	const struct msg_event_done *event = in->message;
	const struct msg_session_rows *sessions = in->message;
	const struct msg_live_rows *live = in->message;
	int r = 0;

	(void)chan;
	switch (in->type) {
	case 0:
		log_error("store: %s: nothing can be decided without a record", in->why);
		loop_stop(g->loop, 1);
		return;
	case MSG_DIR_END:
		on_loaded(g);
		return;
	case MSG_DIR_DONE:
		if (!g->loaded) {
			not_loaded(g, done);
			return;
		}
		r = puts_done(g, done->req, done->ok != 0, done->text);
		break;
	case MSG_SESSION_ROWS:
		r = puts_done(g, sessions->req, true, sessions->rows);
		break;
	case MSG_LIVE_ROWS:
		r = puts_done(g, live->req, true, live->rows);
		break;
	case MSG_EVENT_DONE:
		r = puts_done(g, event->req, event->ok != 0, slice_from(""));
		break;
	case MSG_DIR_APPROVAL:
		r = approvals_apply(&g->approvals, in->message);
		break;
	default:
		r = directory_apply(g->dir, in->type, in->message);
	}
	if (r != 0)
		log_warn("store: %s: %s", msg_name(in->type), strerror(-r));
}

static void
monitor_message(void *arg, struct chan *chan, struct chan_in *in)
{
	struct gate *g = arg;
	struct msg_reloaded reloaded = { 0 };
	struct err e = { 0 };
	int r;

	switch (in->type) {
	case MSG_CLIENT_NEW:
		r = client_new(g, in->message, &in->fds[0]);
		if (r != 0)
			log_warn("client refused: %s", strerror(-r));
		return;
	case MSG_VOUCH:
		vouch_take(g, in->message);
		return;
	case MSG_SETTINGS:
		settings_take(g, in);
		return;
	case MSG_BEAT:
		(void)chan_send(chan, MSG_BEAT, in->message);
		return;
	case MSG_RELOAD:
		reloaded.ok = control_load_policy(g, "fortress", &e) == 0;
		reloaded.text = slice_from(e.text);
		(void)chan_send(chan, MSG_RELOADED, &reloaded);
		return;
	default:                             /* MSG_STOP, or the monitor is gone */
		loop_stop(g->loop, in->type == MSG_STOP ? 0 : 1);
	}
}

static void
gate_open(struct gate *g, const struct options *o)
{
	struct msg_dir_load load = { .req = LOAD_REQ };
	const struct passwd *pw = getpwuid(getuid());
	struct err e = { 0 };

	g->account = o->user;
	g->name_formats = (unsigned)o->name_formats;
	g->own_keys = o->own_keys;
	g->sinks = o->sinks;
	g->owner_uid = getuid();
	snprintf(g->owner, sizeof(g->owner), "%s", pw != NULL ? pw->pw_name : "");
	g->loop = loop_new();
	g->dir = directory_new();
	g->puts = puts_new();
	if (secret_random(&g->state, sizeof(g->state)) != 0)
		fatal("no random bytes");
	g->state |= 1;                           /* 0 is none, and another life's is not this one's */
	g->trust = trust_new();
	g->recent = recent_new();
	if (g->loop == NULL || g->dir == NULL || g->puts == NULL || g->trust == NULL || g->recent == NULL)
		fatal("out of memory");
	g->keys = keys_open(o->state, &e);
	if (g->keys == NULL)
		fatal("%s", e.text);
	g->factor_key = factor_open(o->state, &e);
	if (g->factor_key == NULL)
		fatal("%s", e.text);
	g->rules = rules_open(o->policy, &e);
	if (g->rules == NULL)
		fatal("%s", e.text);
	g->monitor = chan_new(g->loop, FD_MONITOR, LINK_GATE_OF_MONITOR, monitor_message, g);
	g->store = chan_new(g->loop, FD_STORE, LINK_GATE_OF_STORE, store_message, g);
	if (g->monitor == NULL || g->store == NULL)
		fatal("descriptors 3 and 4 must be channels: fortress serve starts this program");
	if (chan_send(g->store, MSG_DIR_LOAD, &load) != 0)
		fatal("the store does not answer");
}

static void
gate_close(struct gate *g)
{
	while (g->clients != NULL)
		client_free(g->clients);
	sentry_done(g);
	table_done(&g->clients_by_id);
	table_done(&g->fronts_by_conn);
	chan_free(g->store);
	chan_free(g->monitor);
	rules_close(g->rules);
	keys_close(g->keys);
	factor_close(g->factor_key);
	puts_free(g->puts);
	batch_close(g);
	approvals_free(&g->approvals);
	recent_free(g->recent);
	trust_free(g->trust);
	directory_free(g->dir);
	loop_free(g->loop);
}

int
main(int argc, char **argv)
{
	struct options o = { .log_level = LOG_LEVEL_INFO };
	struct gate g = { 0 };
	struct err e = { 0 };
	int r;

	sandbox_title_init(argc, argv);
	log_open("gate", LOG_LEVEL_INFO, 2);
	(void)signal(SIGINT, SIG_IGN);           /* the monitor says when to stop */
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	if (flags_read(flags, sizeof(flags) / sizeof(flags[0]), &o, argc, argv, &e) != 0)
		fatal("%s", e.text);
	log_set_level((enum log_level)o.log_level);
	(void)mallopt(M_MXFAST, 0);              /* what is freed joins its neighbours then, not all of it at once when nobody expects it */
	gate_open(&g, &o);
	sandbox_title("gate");
	r = loop_run(g.loop);
	gate_close(&g);
	return r < 0 ? 1 : r;
}
