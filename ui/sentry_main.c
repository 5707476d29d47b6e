/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress-sentry: looks, for the gate, at what a session shows, and says when a line fits what the policy watches for.
 * It has the session's frames (descriptor 3), a line to the gate (4), and nothing else: no file, terminal, network or account.
 *
 * options → channels → sandbox → rules → frames → hits.  A line is looked at while it is written, and once more when it
 * stands; a rule is told once for a line.  The front hears how far it has looked when the gate has what was seen there: the
 * session's end waits for that.  It ends with the session.
 */
#include <getopt.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "msg/chan.h"
#include "ui/stage.h"

#define RULES_MAX 64
#define LOOK_MS   100                     /* what nobody ends with Enter is looked at so often */
#define LINE_MAX_BYTES 4096
#define FLUSH_MS  1000                    /* for the gate to take what was seen */

enum { FD_SESSION = 3, FD_GATE = 4 };

static const struct sandbox sandbox_sentry = { .name = "sentry", .empty_root = true, .memory_max = (size_t)512 << 20, .files_max = 16 };

struct sentry {
	struct loop *loop;
	struct loop_timer timer;
	struct chan *session, *gate;
	struct stage stage;
	bool staged;
	regex_t rules[RULES_MAX];
	bool good[RULES_MAX];
	uint32_t rules_n;
	uint64_t told;                   /* bits: of the line that is being written */
};

/* ---- lines ---- */

static bool
fits(const struct sentry *s, uint32_t rule, const char *line)
{
	return s->good[rule] && regexec(&s->rules[rule], line, 0, NULL, 0) == 0;
}

static void
look(struct sentry *s, struct slice text)
{
	char line[LINE_MAX_BYTES + 1];
	struct msg_sentry_hit hit;
	size_t n = text.n < LINE_MAX_BYTES ? text.n : LINE_MAX_BYTES;

	memcpy(line, text.p, n);
	line[n] = '\0';
	for (uint32_t i = 0; i < s->rules_n; i++) {
		if ((s->told >> i & 1) != 0 || !fits(s, i, line))
			continue;
		s->told |= (uint64_t)1 << i;
		hit = (struct msg_sentry_hit){ i, slice_of(text.p, n) };
		if (chan_send(s->gate, MSG_SENTRY_HIT, &hit) != 0)
			loop_stop(s->loop, 1);
	}
}

static void
on_line(void *arg, uint64_t t_ms, struct slice text)
{
	struct sentry *s = arg;

	(void)t_ms;
	if (text.n > 0)
		look(s, text);
	s->told = 0;
}

static void
look_at_unsaid(struct sentry *s)
{
	struct slice text = s->staged ? lines_unsaid(s->stage.lines) : slice_of(NULL, 0);

	if (text.n > 0)
		look(s, text);
	else
		s->told = 0;
}

/* ---- what comes ---- */

static void
rules_drop(struct sentry *s)
{
	for (uint32_t i = 0; i < s->rules_n; i++)
		if (s->good[i])
			regfree(&s->rules[i]);
	s->rules_n = 0;
}

/* The policy has compiled each of them before. */
static void
rules_take(struct sentry *s, const struct msg_sentry_rules *m)
{
	const struct lines_sink sink = { .line = on_line, .arg = s };
	struct slice left = m->eres, ere;
	uint32_t n;
	char *text;

	if (!s->staged && stage_init(&s->stage, m->cols, m->rows, &sink) != 0)
		fatal("out of memory");
	s->staged = true;
	rules_drop(s);
	while (s->rules_n < RULES_MAX && take_u32(&left, &n) && take_bytes(&left, n, &ere)) {
		text = slice_dup(ere);
		s->good[s->rules_n] = text != NULL && regcomp(&s->rules[s->rules_n], text, REG_EXTENDED | REG_NOSUB) == 0;
		if (!s->good[s->rules_n])
			log_error("a pattern cannot be looked for");
		s->rules_n++;
		free(text);
	}
	chan_pause(s->session, false);
}

static void
on_gate(void *arg, struct chan *chan, struct chan_in *in)
{
	struct sentry *s = arg;

	(void)chan;
	if (in->type == MSG_SENTRY_RULES)
		rules_take(s, in->message);
	else
		loop_stop(s->loop, 0);
}

static void
on_session(void *arg, struct chan *chan, struct chan_in *in)
{
	struct sentry *s = arg;
	const struct msg_live_frames *frames = in->message;
	struct msg_sentry_seen seen;
	struct frame f;
	struct slice left;

	(void)chan;
	if (in->type == 0) {
		if (s->staged)
			lines_end(s->stage.lines);
		(void)chan_flush(s->gate, FLUSH_MS);
		loop_stop(s->loop, 0);
	}
	if (in->type != MSG_LIVE_FRAMES)
		return;
	left = frames->frames;
	while (frame_take(&left, &f) == 1)
		stage_frame(&s->stage, &f);
	look_at_unsaid(s);
	seen.pos = frames->pos + frames->frames.n;
	if (chan_flush(s->gate, FLUSH_MS) != 0 || chan_send(s->session, MSG_SENTRY_SEEN, &seen) != 0)
		loop_stop(s->loop, 1);
}

static void
on_timer(void *arg)
{
	struct sentry *s = arg;

	look_at_unsaid(s);
	loop_timer_start(s->loop, &s->timer, LOOK_MS, on_timer, s);
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = { { "user", required_argument, NULL, 'u' }, { NULL, 0, NULL, 0 } };
	struct sandbox sandbox = sandbox_sentry;
	struct sandbox_state state;
	static struct sentry s;
	struct err e = { 0 };
	int c, r;

	sandbox_title_init(argc, argv);
	log_open("sentry", LOG_LEVEL_INFO, 2);
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		if (c != 'u')
			fatal("fortress serve starts this program");
		else
			sandbox.user = optarg;
	screen_prepare();
	s.loop = loop_new();
	s.session = s.loop != NULL ? chan_new(s.loop, FD_SESSION, LINK_SENTRY_OF_FRONT, on_session, &s) : NULL;
	s.gate = s.loop != NULL ? chan_new(s.loop, FD_GATE, LINK_SENTRY_OF_GATE, on_gate, &s) : NULL;
	if (s.session == NULL || s.gate == NULL)
		fatal("descriptors 3 and 4 must be channels: fortress serve starts this program");
	if (sandbox_enter(&sandbox, NULL, NULL, 0, &state, &e) != 0)
		fatal("%s", e.text);
	chan_pause(s.session, true);             /* until it is known what to look for */
	loop_timer_start(s.loop, &s.timer, LOOK_MS, on_timer, &s);
	r = loop_run(s.loop);
	return r < 0 ? 1 : r;
}
