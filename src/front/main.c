/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress-front: options → host keys → handshake with itself → sandbox → READY → fork for
 * each connection.  It holds host keys (libssh signs in process) and one user's bytes per
 * child; it decides nothing, opens no database and keeps no target's secret.
 */
#include <getopt.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "front/acceptor.h"

/* What libssh and OpenSSL call on the way of a relaying child; verified by strace over rekeys. */
static const int front_calls[] = {
	SCMP_SYS(setsockopt), SCMP_SYS(getsockopt), SCMP_SYS(getpeername), SCMP_SYS(getsockname), SCMP_SYS(shutdown),
	SCMP_SYS(ioctl), SCMP_SYS(openat), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
	SCMP_SYS(getrandom), SCMP_SYS(dup), SCMP_SYS(uname), SCMP_SYS(prctl), SCMP_SYS(setitimer),
	SCMP_SYS(sysinfo), SCMP_SYS(getppid), SCMP_SYS(access), SCMP_SYS(socketpair), -1
};
static const int acceptor_calls[] = {
	SCMP_SYS(setsockopt), SCMP_SYS(getsockopt), SCMP_SYS(getpeername), SCMP_SYS(getsockname), SCMP_SYS(shutdown),
	SCMP_SYS(ioctl), SCMP_SYS(openat), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
	SCMP_SYS(getrandom), SCMP_SYS(dup), SCMP_SYS(uname), SCMP_SYS(prctl), SCMP_SYS(setitimer),
	SCMP_SYS(sysinfo), SCMP_SYS(getppid), SCMP_SYS(access),
	SCMP_SYS(clone), SCMP_SYS(clone3), SCMP_SYS(fork), SCMP_SYS(wait4), SCMP_SYS(kill), SCMP_SYS(seccomp),
	SCMP_SYS(epoll_create1), SCMP_SYS(socketpair), SCMP_SYS(set_robust_list), SCMP_SYS(set_tid_address), -1
};

static const struct sandbox acceptor_sandbox = {
	.name = "acceptor", .empty_root = true, .calls = acceptor_calls, .memory_max = (size_t)2 << 30,
};
static const struct sandbox front_sandbox = {
	.name = "front", .empty_root = true, .calls = front_calls, .memory_max = (size_t)2 << 30,
};

enum { OPT_KEY = 256, OPT_USER, OPT_GRACE, OPT_TRIES, OPT_CHANNELS, OPT_WINDOW, OPT_ACK, OPT_STRICT, OPT_PAM,
	OPT_PASSWORD, OPT_DEBUG };

static const struct option longs[] = {
	{ "host-key", required_argument, NULL, OPT_KEY },     { "user", required_argument, NULL, OPT_USER },
	{ "login-grace", required_argument, NULL, OPT_GRACE }, { "max-tries", required_argument, NULL, OPT_TRIES },
	{ "max-channels", required_argument, NULL, OPT_CHANNELS }, { "window", required_argument, NULL, OPT_WINDOW },
	{ "ack-timeout", required_argument, NULL, OPT_ACK },  { "strict-record", no_argument, NULL, OPT_STRICT },
	{ "pam", no_argument, NULL, OPT_PAM },                { "password", no_argument, NULL, OPT_PASSWORD },
	{ "debug", no_argument, NULL, OPT_DEBUG },            { NULL, 0, NULL, 0 },
};

static void
option_set(struct front_options *o, int c, const char *arg)
{
	switch (c) {
	case OPT_KEY:
		if (o->host_keys_n == sizeof(o->host_keys) / sizeof(o->host_keys[0]))
			fatal("--host-key %s: 8 at most", arg);
		o->host_keys[o->host_keys_n++] = arg;
		break;
	case OPT_USER:     o->user = arg; break;
	case OPT_GRACE:    o->login_grace_s = (unsigned)strtoul(arg, NULL, 10); break;
	case OPT_TRIES:    o->tries_max = (unsigned)strtoul(arg, NULL, 10); break;
	case OPT_CHANNELS: o->channels_max = (unsigned)strtoul(arg, NULL, 10); break;
	case OPT_WINDOW:   o->window = strtoull(arg, NULL, 10); break;
	case OPT_ACK:      o->ack_timeout_s = (unsigned)strtoul(arg, NULL, 10); break;
	case OPT_STRICT:   o->strict = true; break;
	case OPT_PAM:      o->pam = true; break;
	case OPT_PASSWORD: o->password = true; break;
	case OPT_DEBUG:    o->debug = true; break;
	default:           fatal("fortress-front is started by fortress serve");
	}
}

int
main(int argc, char **argv)
{
	struct front_options o = { .login_grace_s = 60, .tries_max = 6, .channels_max = 64, .window = 4 << 20,
		.ack_timeout_s = 10 };
	struct sandbox sandbox = acceptor_sandbox;
	struct sandbox_filter *filter;
	struct sandbox_state state;
	struct loop *loop;
	struct chan *monitor;
	struct err e = { 0 };
	ssh_bind binding;
	int c;

	sandbox_title_init(argc, argv);
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		option_set(&o, c, optarg);
	log_open("acceptor", o.debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, 2);
	(void)signal(SIGPIPE, SIG_IGN);
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
	return acceptor_run(&o, binding, monitor, loop, filter);
}
