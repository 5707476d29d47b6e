/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Thousands of people at their terminals, in one process: SSH sessions through a bastion to scale_echo.  They log in at a
 * bounded rate; then each types one key every --every ms, from a phase of its own, and waits for its echo; then each ends its shell.
 *
 *     scale_load --port N --user NAME --key FILE --sessions N [--rate N] [--seconds N] [--every MS] [--proxy COMMAND]
 *
 * With --proxy the command's stdin and stdout are the connection (as OpenSSH's ProxyCommand).  Each stage ends with a line of
 * JSON, and the next one waits for a line on stdin, so that whoever started it can measure in between:
 *     {"at":"up"} all are in; {"at":"minute"} while they type; {"at":"typed"} all echoes came or are lost; {"at":"ended"}.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/flags.h"
#include "base/log.h"
#include "base/text.h"
#include "tests/bench/scale_person.h"

#define AT_ONCE    64                    /* logins on their way */
#define ECHO_MS    30000                 /* for the last echoes */
#define TICK_MS    20
#define MINUTE_MS  60000

static const struct flag flags[] = {
	{ "port", FLAG_NUMBER, offsetof(struct load_options, port), true, 65535, NULL },
	{ "user", FLAG_TEXT, offsetof(struct load_options, user), true, 0, NULL },
	{ "key", FLAG_TEXT, offsetof(struct load_options, key), true, 0, NULL },
	{ "sessions", FLAG_NUMBER, offsetof(struct load_options, sessions), true, 100000, NULL },
	{ "rate", FLAG_NUMBER, offsetof(struct load_options, rate), false, 10000, NULL },
	{ "seconds", FLAG_NUMBER, offsetof(struct load_options, seconds), false, 86400, NULL },
	{ "every", FLAG_NUMBER, offsetof(struct load_options, every), false, 600000, NULL },
	{ "proxy", FLAG_TEXT, offsetof(struct load_options, proxy), false, 0, NULL },
};

int64_t
load_us_since(mono_t then)
{
	return clock_mono().us - then.us;
}

static int
us_compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double
share_ms(const struct times *t, size_t from, unsigned permille)
{
	size_t n = t->n - from, i = n * permille / 1000;

	return n == 0 ? 0 : t->us[from + (i < n ? i : n - 1)] / 1000.0;
}

/* Those from `from` on are what the times are of; they are sorted. */
static void
tell(struct load *l, const char *at, size_t from)
{
	const struct { const char *name; uint64_t n; } counts[] = { { "up", l->up }, { "ended", l->ended }, { "refused", l->refused },
		{ "lost", l->lost }, { "keys", l->keys }, { "echoed", l->echoed }, { "wrong", l->wrong }, { "stalled", l->stalled } };
	static const struct { const char *name; unsigned permille; } shares[] = { { "p50_ms", 500 }, { "p99_ms", 990 }, { "p999_ms", 999 },
		{ "max_ms", 1000 } };
	struct times *t = &l->times;
	struct buf why;

	buf_init(&why, 4 * sizeof(l->why));
	if (t->n > from)
		qsort(t->us + from, t->n - from, sizeof(t->us[0]), us_compare);
	printf("{\"at\":\"%s\",\"seconds\":%.2f", at, (double)load_us_since(l->since) / 1e6);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		printf(",\"%s\":%llu", counts[i].name, (unsigned long long)counts[i].n);
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
		printf(",\"%s\":%.3f", shares[i].name, share_ms(t, from, shares[i].permille));
	printf(",\"why\":%s}\n", text_json(&why, slice_from(l->why)) == 0 ? buf_cstr(&why) : "\"?\"");
	buf_done(&why);
	(void)fflush(stdout);
}

static void
minute_over(void *arg)
{
	struct load *l = arg;

	tell(l, "minute", l->times.before);
	l->times.before = l->times.n;
	loop_timer_start(l->loop, &l->minute, MINUTE_MS, minute_over, l);
}

static void
stage_tell(struct load *l, const char *at)
{
	l->told = true;
	loop_timer_stop(&l->tick);
	tell(l, at, 0);
}

/* Has the stage been reached where the next one may begin? */
void
load_look(struct load *l)
{
	if (l->told)
		return;
	if (l->stage == LOAD_COMING && l->up + l->refused + l->lost == l->o.sessions)
		stage_tell(l, "up");
	else if (l->stage == LOAD_GOING && l->up == 0)
		stage_tell(l, "ended");
}

static void
come_tick(void *arg)
{
	struct load *l = arg;
	uint64_t due = (uint64_t)load_us_since(l->since) * l->o.rate / 1000000 + 1;

	while (l->begun < l->o.sessions && l->begun < due && l->in_flight < AT_ONCE)
		person_begin(&l->people[l->begun++]);
	if (l->begun < l->o.sessions)
		loop_timer_start(l->loop, &l->tick, TICK_MS, come_tick, l);
}

static void
settle_tick(void *arg)
{
	struct load *l = arg;

	if (l->echoed < l->keys && load_us_since(l->since) < ((int64_t)l->o.seconds * 1000 + ECHO_MS) * 1000)
		loop_timer_start(l->loop, &l->tick, TICK_MS, settle_tick, l);
	else
		stage_tell(l, "typed");
}

static void
typed_enough(void *arg)
{
	struct load *l = arg;

	l->stage = LOAD_SETTLING;
	loop_timer_stop(&l->minute);
	for (uint64_t i = 0; i < l->o.sessions; i++)
		person_stop(&l->people[i]);
	settle_tick(l);
}

static void
go_tick(void *arg)
{
	struct load *l = arg;
	uint64_t due = (uint64_t)load_us_since(l->since) * l->o.rate / 1000000 + 1;

	for (; l->begun < l->o.sessions && l->begun < due; l->begun++)
		if (l->people[l->begun].state == PERSON_UP)
			person_end(&l->people[l->begun]);
	if (l->begun < l->o.sessions)
		loop_timer_start(l->loop, &l->tick, TICK_MS, go_tick, l);
}

static void
stage_next(struct load *l)
{
	l->told = false;
	l->since = clock_mono();
	if (l->stage == LOAD_COMING) {
		l->stage = LOAD_TYPING;
		for (uint64_t i = 0; i < l->o.sessions; i++)
			if (l->people[i].state == PERSON_UP)
				person_type(&l->people[i]);
		loop_timer_start(l->loop, &l->tick, (int64_t)l->o.seconds * 1000, typed_enough, l);
		loop_timer_start(l->loop, &l->minute, MINUTE_MS, minute_over, l);
	} else if (l->stage == LOAD_SETTLING) {
		l->stage = LOAD_GOING;
		l->begun = 0;
		go_tick(l);
		load_look(l);
	} else {
		loop_stop(l->loop, l->refused + l->lost == 0 ? 0 : 1);
	}
}

static void
on_word(void *arg, int fd, uint32_t events)
{
	struct load *l = arg;
	char text[64];
	ssize_t n = read(fd, text, sizeof(text));

	(void)events;
	if (n <= 0)
		loop_stop(l->loop, 1);               /* who started it is gone */
	else if (l->told)
		stage_next(l);
}

static void
load_prepare(struct load *l, int argc, char **argv)
{
	struct err e = { 0 };

	l->o = (struct load_options){ .rate = 40, .seconds = 60, .every = 5000 };
	if (flags_read(flags, sizeof(flags) / sizeof(flags[0]), &l->o, argc, argv, &e) != 0 || line_raise_files(l->o.sessions + 64, &e) != 0)
		fatal("%s", e.text);
	if (l->o.every == 0 || l->o.rate == 0 || l->o.sessions == 0)
		fatal("--every, --rate and --sessions cannot be 0");
	l->times.max = l->o.sessions * (l->o.seconds * 1000 / l->o.every + 2);
	l->loop = loop_new();
	l->people = calloc(l->o.sessions, sizeof(*l->people));
	l->times.us = calloc(l->times.max, sizeof(l->times.us[0]));
	if (l->loop == NULL || l->people == NULL || l->times.us == NULL || ssh_init() != SSH_OK)
		fatal("out of memory");
	if (ssh_pki_import_privkey_file(l->o.key, NULL, NULL, NULL, &l->key) != SSH_OK)
		fatal("%s: not a private key", l->o.key);
	for (uint64_t i = 0; i < l->o.sessions; i++)
		l->people[i] = (struct person){ .load = l, .line = { .fd = -1 } };
	if (fd_set_nonblock(STDIN_FILENO) != 0 || loop_add(l->loop, STDIN_FILENO, EPOLLIN, on_word, l) != 0)
		fatal("stdin must be a pipe: the next stage begins at a line on it");
}

static void
load_done(struct load *l)
{
	for (uint64_t i = 0; i < l->o.sessions; i++)
		person_leave(&l->people[i]);
	loop_free(l->loop);
	ssh_key_free(l->key);
	free(l->people);
	free(l->times.us);
}

int
main(int argc, char **argv)
{
	struct load l = { 0 };
	int r;

	log_open("scale_load", LOG_LEVEL_INFO, STDERR_FILENO);
	load_prepare(&l, argc, argv);
	l.since = clock_mono();
	come_tick(&l);
	r = loop_run(l.loop);
	load_done(&l);
	return r;
}
