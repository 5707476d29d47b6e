/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress-notify: tells others, by webhook or syslog, what a policy's `require notify` is about.  It owns the sinks' keys and
 * the way out to the network, and nothing else: it reads what the monitor hands it, and answers nobody.  Nobody waits for it.
 *
 * options → keys → sandbox → READY → loop → exit.  Each sink has a queue of its own, bounded; what cannot be delivered is tried
 * again with growing pauses, and given up in the log after TRIES.
 */
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/flags.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "msg/chan.h"
#include "notify/send.h"

enum { FD_MONITOR = 3, WAITING_MAX = 1000, TRIES = 10, PAUSE_FIRST_MS = 1000, PAUSE_MAX_MS = 600000, TEXT_BYTES = 4096, DATA_BYTES = 32768 };

/* Names are resolved in a thread of libcurl's; certificates are read from the system's files. */
static const int calls[] = { SCMP_SYS(openat), SCMP_SYS(socket), SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
	SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(socketpair), SCMP_SYS(pipe2), SCMP_SYS(ioctl), SCMP_SYS(clone), SCMP_SYS(clone3),
	SCMP_SYS(mprotect), SCMP_SYS(sendmmsg), SCMP_SYS(recvmmsg), SCMP_SYS(getdents64), SCMP_SYS(uname), SCMP_SYS(access), SCMP_SYS(readlink),
	SCMP_SYS(shutdown), SCMP_SYS(prctl), SCMP_SYS(getrusage), SCMP_SYS(tgkill), SCMP_SYS(eventfd2), SCMP_SYS(statx), -1 };

struct options {
	struct flag_texts sinks;
	const char *user;
	uint64_t log_level;
};

static const struct flag flags[] = {
	{ "sink", FLAG_TEXTS, offsetof(struct options, sinks), .needed = true },
	{ "user", FLAG_TEXT, offsetof(struct options, user) },
	{ "log-level", FLAG_WORD, offsetof(struct options, log_level), .words = log_words },
};

struct notify {
	struct loop *loop;
	struct chan *monitor;
	struct sink sinks[FLAG_TEXTS_MAX];
	unsigned n;
};

static struct notify self;

static void
notice_free(struct notice *n)
{
	buf_done(&n->data);
	buf_done(&n->text);
	free(n);
}

static void
pop(struct sink *s)
{
	struct notice *n = s->first;

	s->first = n->next;
	if (s->first == NULL)
		s->last = &s->first;
	s->waiting--;
	s->tries = 0;
	notice_free(n);
}

static int64_t
pause_ms(unsigned tries)
{
	int64_t ms = PAUSE_FIRST_MS;

	while (--tries > 0 && ms < PAUSE_MAX_MS)
		ms *= 4;
	return ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS;
}

/* The oldest one of a sink, once. */
static void
try_first(void *arg)
{
	struct sink *s = arg;
	char why[300];

	if (s->first == NULL)
		return;
	if (send_notice(s, s->first, why, sizeof(why)) == 0) {
		log_info("notified: %s: %s", s->name, s->first->id);
		pop(s);
	} else if (++s->tries == TRIES) {
		log_error("not notified, given up: %s: %s: %s", s->name, s->first->id, why);
		pop(s);
	} else {
		log_warn("not notified yet: %s: %s: %s: try %u of %d", s->name, s->first->id, why, s->tries, TRIES);
	}
	if (s->first != NULL)
		loop_timer_start(self.loop, &s->timer, s->tries > 0 ? pause_ms(s->tries) : 0, try_first, s);
}

static struct notice *
notice_new(const struct msg_notify *m)
{
	struct notice *n = calloc(1, sizeof(*n));
	unsigned char id[ID_BYTES];
	char text[ID_TEXT];

	if (n == NULL || id_new(id) != 0) {
		free(n);
		return NULL;
	}
	snprintf(n->id, sizeof(n->id), "msg_%s", id_print(id, text));
	n->at = (wall_t){ (int64_t)m->at_us };
	buf_init(&n->data, DATA_BYTES);
	buf_init(&n->text, TEXT_BYTES);
	if (buf_slice_append(&n->data, m->data) == 0 && buf_slice_append(&n->text, m->text) == 0)
		return n;
	notice_free(n);
	return NULL;
}

static void
take(const struct msg_notify *m)
{
	struct sink *s = self.sinks;
	struct notice *n;

	while (s < self.sinks + self.n && !slice_is(m->sink, s->name))
		s++;
	if (s == self.sinks + self.n)
		return;
	n = s->waiting < WAITING_MAX ? notice_new(m) : NULL;
	if (n == NULL) {
		log_error("not notified, too many wait: %s: %u are lost", s->name, ++s->dropped);
		return;
	}
	*s->last = n;
	s->last = &n->next;
	s->waiting++;
	if (!loop_timer_is_running(&s->timer))
		loop_timer_start(self.loop, &s->timer, 0, try_first, s);
}

static void
monitor_message(void *arg, struct chan *chan, struct chan_in *in)
{
	(void)arg, (void)chan;
	if (in->type == MSG_NOTIFY) {
		take(in->message);
		return;
	}
	for (unsigned i = 0; i < self.n; i++)
		if (self.sinks[i].waiting > 0)
			log_warn("not notified, the bastion stops: %s: %u", self.sinks[i].name, self.sinks[i].waiting);
	loop_stop(self.loop, in->type == MSG_STOP ? 0 : 1);
}

static void
enter_sandbox(const struct options *o)
{
	const struct sandbox box = { .name = "notify", .user = o->user, .calls = calls, .memory_max = 512u << 20, .files_max = 256 };
	const struct sandbox_path paths[] = {
		{ .path = "/etc" }, { .path = "/usr/share/ca-certificates" }, { .path = "/usr/lib/ssl" }, { .path = "/run/systemd/resolve" },
	};
	struct sandbox_path there[sizeof(paths) / sizeof(paths[0])];
	struct sandbox_state state = { 0 };
	struct msg_ready ready;
	struct err e = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i].path, F_OK) == 0)
			there[n++] = paths[i];
	/* Names and certificates are the system's, so its root stays; what may be read there Landlock says. */
	if (sandbox_enter(&box, geteuid() == 0 ? "/" : NULL, there, n, &state, &e) != 0)
		fatal("sandbox: %s", e.text);
	ready.sandboxed = sandbox_holds(&state);
	if (chan_send(self.monitor, MSG_READY, &ready) != 0)
		fatal("the monitor does not listen");
}

int
main(int argc, char **argv)
{
	struct options o = { .log_level = LOG_LEVEL_INFO };
	struct err e = { 0 };

	sandbox_title_init(argc, argv);
	log_open("notify", LOG_LEVEL_INFO, 2);
	(void)signal(SIGPIPE, SIG_IGN);
	if (flags_read(flags, sizeof(flags) / sizeof(flags[0]), &o, argc, argv, &e) != 0)
		fatal("%s", e.text);
	log_set_level((enum log_level)o.log_level);
	for (; self.n < o.sinks.n; self.n++) {
		if (sink_parse(o.sinks.items[self.n], &self.sinks[self.n], &e) != 0)
			fatal("%s", e.text);
		self.sinks[self.n].last = &self.sinks[self.n].first;
	}
	self.loop = loop_new();
	self.monitor = self.loop != NULL ? chan_new(self.loop, FD_MONITOR, LINK_NOTIFY_OF_MONITOR, monitor_message, NULL) : NULL;
	if (self.monitor == NULL || send_init() != 0)
		fatal("descriptor 3 must be a channel: fortress serve starts this program");
	enter_sandbox(&o);
	sandbox_title("notify");
	return loop_run(self.loop) == 0 ? 0 : 1;
}
