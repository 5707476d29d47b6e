/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The timer counts CPU time of this process alone and is not inherited by fork. */
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "agent/watchdog.h"
#include "base/clock.h"

#define CPU_SECONDS  3
#define FEED_MS      1000
#define MEMORY_BYTES ((rlim_t)512 << 20)

static mono_t fed;

static void
arm(time_t seconds)
{
	struct itimerval it = { .it_value = { .tv_sec = seconds } };

	(void)setitimer(ITIMER_PROF, &it, NULL);
	fed = clock_mono();
}

void
watchdog_start(void)
{
	struct rlimit core = { 0, 0 };
	sigset_t prof;

	(void)signal(SIGPROF, SIG_DFL);
	(void)sigemptyset(&prof);
	(void)sigaddset(&prof, SIGPROF);
	(void)sigprocmask(SIG_UNBLOCK, &prof, NULL);
	(void)getrlimit(RLIMIT_CORE, &core);
	core.rlim_cur = 0;       /* the host key is in this memory */
	(void)setrlimit(RLIMIT_CORE, &core);
#ifndef SANITIZE
	struct rlimit memory;

	if (getrlimit(RLIMIT_AS, &memory) == 0 &&
	    (memory.rlim_cur == RLIM_INFINITY || memory.rlim_cur > MEMORY_BYTES)) {
		memory.rlim_cur = MEMORY_BYTES;     /* soft: children get the old one back */
		(void)setrlimit(RLIMIT_AS, &memory);
	}
#endif
	arm(CPU_SECONDS);
}

void
watchdog_feed(void)
{
	if (clock_ms_since(fed) >= FEED_MS)
		arm(CPU_SECONDS);
}

void
watchdog_stop(void)
{
	arm(0);
}
