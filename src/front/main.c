/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress-front: options → host keys → handshake with itself → sandbox → READY → fork for
 * each connection.  It holds host keys (libssh signs in process) and one user's bytes per
 * child; it decides nothing, opens no database and keeps no target's secret.
 */
#include <seccomp.h>
#include <signal.h>

#include "base/flags.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "front/acceptor.h"

/* What a relaying child calls beyond what every process may: on its sockets, for its watchdog, for a menu's terminal and a
 * jump's inner connection.  openat: OpenSSL looks for random devices, and finds an empty root. */
#define FRONT_CALLS SCMP_SYS(setsockopt), SCMP_SYS(getsockopt), SCMP_SYS(shutdown), SCMP_SYS(ioctl), SCMP_SYS(setitimer), \
    SCMP_SYS(socketpair), SCMP_SYS(openat)

static const int front_calls[] = { FRONT_CALLS, -1 };
/* It forks, and its child puts on the narrower list. */
static const int acceptor_calls[] = {
	FRONT_CALLS, SCMP_SYS(clone), SCMP_SYS(clone3), SCMP_SYS(wait4), SCMP_SYS(kill), SCMP_SYS(seccomp), SCMP_SYS(prctl), -1
};

static const struct sandbox acceptor_sandbox = {
	.name = "acceptor", .empty_root = true, .calls = acceptor_calls, .memory_max = (size_t)2 << 30,
};
static const struct sandbox front_sandbox = {
	.name = "front", .empty_root = true, .calls = front_calls, .memory_max = (size_t)2 << 30,
};

static const struct flag flags[] = {
	{ "host-key", FLAG_TEXTS, offsetof(struct front_options, host_keys) },
	{ "user", FLAG_TEXT, offsetof(struct front_options, user) },
	{ "login-grace", FLAG_NUMBER, offsetof(struct front_options, login_grace_s), .max = UINT32_MAX },
	{ "max-tries", FLAG_NUMBER, offsetof(struct front_options, tries_max), .max = UINT32_MAX },
	{ "max-channels", FLAG_NUMBER, offsetof(struct front_options, channels_max), .max = UINT32_MAX },
	{ "window", FLAG_NUMBER, offsetof(struct front_options, window) },
	{ "ack-timeout", FLAG_NUMBER, offsetof(struct front_options, ack_timeout_s), .max = UINT32_MAX },
	{ "log-level", FLAG_WORD, offsetof(struct front_options, log_level), .words = log_words },
	{ "strict-record", FLAG_YES, offsetof(struct front_options, strict) },
	{ "pam", FLAG_YES, offsetof(struct front_options, pam) },
	{ "password", FLAG_YES, offsetof(struct front_options, password) },
	{ "watch-notice", FLAG_YES, offsetof(struct front_options, watch_notice) },
	{ "methods", FLAG_TEXT, offsetof(struct front_options, methods) },
};

/* Whoever ends everything (a service manager, a terminal) means the monitor, which tells each front. */
static void
ignore_signals(void)
{
	static const int signals[] = { SIGPIPE, SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)signal(signals[i], SIG_IGN);
}

int
main(int argc, char **argv)
{
	struct front_options o = { .login_grace_s = 60, .tries_max = 6, .channels_max = 64, .window = 16 << 20,
		.ack_timeout_s = 10, .log_level = LOG_LEVEL_INFO };
	struct sandbox sandbox = acceptor_sandbox;
	struct sandbox_filter *filter;
	struct sandbox_state state;
	struct loop *loop;
	struct chan *monitor;
	struct err e = { 0 };
	ssh_bind binding;

	sandbox_title_init(argc, argv);
	log_open("acceptor", LOG_LEVEL_INFO, 2);
	if (flags_read(flags, sizeof(flags) / sizeof(flags[0]), &o, argc, argv, &e) != 0)
		fatal("%s", e.text);
	log_set_level((enum log_level)o.log_level);
	ignore_signals();
	if (ssh_init() != SSH_OK)
		fatal("libssh cannot be initialised");
	loop = loop_new();
	monitor = loop != NULL ? chan_new(loop, 3, LINK_ACCEPTOR_OF_MONITOR, acceptor_message, NULL) : NULL;
	if (monitor == NULL)
		fatal("no channel on descriptor 3: fortress-front is started by fortress serve");
	binding = acceptor_bind(&o, &e);
	if (binding == NULL || acceptor_prewarm(binding, &e) != 0)
		fatal("%s", e.text);
	filter = sandbox_filter_new(&front_sandbox, &e);
	sandbox.user = o.user;
	if (filter == NULL || sandbox_enter(&sandbox, NULL, NULL, 0, &state, &e) != 0)
		fatal("%s", e.text);
	sandbox_title("acceptor");
	return acceptor_run(&o, binding, monitor, loop, filter, sandbox_holds(&state));
}
