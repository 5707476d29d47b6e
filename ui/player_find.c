/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Places in a recording.  Going on, frames are shown in small parts, so that what scrolls by inside of one is still on
 * the screen when it is found.  Going back, the stretch behind each keyframe is gone through once, the last one first.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/player_model.h"

#define STEPS 1024                       /* between two questions whether to go on */
#define PART 256                         /* most bytes shown between two looks */

/* ---- what goes by ---- */

static bool
contains(struct slice s, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i + n <= s.n; i++)
		if (strncasecmp((const char *)s.p + i, text, n) == 0)
			return true;
	return false;
}

const char *
player_event_name(const struct frame *f)
{
	switch (f->kind) {
	case FRAME_RESIZE: return "resize";
	case FRAME_MARK:   return player_is_file(f) ? "file" : "mark";
	case FRAME_SIGNAL: return "signal";
	case FRAME_EXIT:   return "exit";
	case FRAME_NOTICE: return "notice";
	case FRAME_GAP:    return "gap";
	default:           return NULL;
	}
}

/* The words of front's records of files begin with the tool. */
bool
player_is_file(const struct frame *f)
{
	static const char *const tools[] = { "sftp ", "scp ", "rsync ", "git ", "zmodem " };

	for (size_t i = 0; f->kind == FRAME_MARK && i < sizeof(tools) / sizeof(tools[0]); i++)
		if (f->data.n > strlen(tools[i]) && memcmp(f->data.p, tools[i], strlen(tools[i])) == 0)
			return true;
	return false;
}

static void
hit(struct player *p, const char *name, struct slice text)
{
	char shown[240];

	p->goal.hit = true;
	(void)snprintf(p->found, sizeof(p->found), "%s: %s", name, text_cleaned(text, shown, sizeof(shown)));
}

void
goal_frame(struct player *p, const struct frame *f)
{
	const char *name = player_event_name(f);
	enum player_what what = p->goal.what;

	if (!p->goal.active || name == NULL)
		return;
	if (what == PLAYER_EVENT || (what == PLAYER_FILE && player_is_file(f)) ||
	    (what == PLAYER_MARK && f->kind == FRAME_MARK && !player_is_file(f)) ||
	    (what == PLAYER_RESIZE && f->kind == FRAME_RESIZE))
		hit(p, name, f->data);
}

/* A line that was found before it was finished is not found again when it is. */
void
goal_line(void *arg, uint64_t t_ms, struct slice text)
{
	struct player *p = arg;
	struct goal *g = &p->goal;

	(void)t_ms;
	if (!g->active || g->what != PLAYER_TEXT || !contains(text, g->text))
		return;
	if (g->was)
		g->was = false;
	else
		g->hit = true;
}

void
goal_command(void *arg, const struct command_seen *c)
{
	struct player *p = arg;
	char name[40];

	if (!p->goal.active || p->goal.what != PLAYER_COMMAND)
		return;
	(void)snprintf(name, sizeof(name), "command (%s)", command_source_name(c->source));
	hit(p, name, c->text);
}

/* ---- there ---- */

static bool
stands(struct player *p)
{
	return p->goal.what == PLAYER_TEXT && contains(lines_unsaid(p->stage.lines), p->goal.text);
}

static void
goal_begin(struct player *p, enum player_what what, const char *text)
{
	p->goal = (struct goal){ .what = what, .text = text, .active = true };
	p->goal.was = stands(p);
	p->found[0] = '\0';
}

/* To the end of a line: what was on it is still on the screen then. */
static size_t
part_of(struct player *p)
{
	struct slice left = slice_of(p->ahead.data.p + p->place.off, p->ahead.data.n - p->place.off);
	const unsigned char *end = left.n > 0 ? memchr(left.p, '\n', left.n) : NULL;
	size_t n = end != NULL ? (size_t)(end - left.p) + 1 : left.n;

	return n < PART ? n : PART;
}

/* One part on; true: it is here. */
static bool
goal_step(struct player *p)
{
	bool now;

	p->goal.hit = false;
	if (!player_peek(p) || !player_take(p, part_of(p)))
		return false;
	now = stands(p);
	if (now && !p->goal.was)
		p->goal.hit = true;
	p->goal.was = now;
	return p->goal.hit;
}

static bool
is_before(const struct player *p, const struct place *end)
{
	return p->place.pos < end->pos || (p->place.pos == end->pos && p->place.off < end->off);
}

static struct place
place_now(struct player *p)
{
	if (!player_peek(p))
		return (struct place){ UINT64_MAX, 0 };
	return p->place;
}

static bool
goes_on(struct player *p)
{
	if (p->wait != NULL && ++p->steps % STEPS == 0 && !p->wait(p->wait_arg, p->now_ms))
		p->stopped = true;
	return !p->stopped;
}

/* From where it is on to the end, or to a place. */
static bool
find_on(struct player *p, const struct place *end)
{
	while (player_peek(p) && is_before(p, end) && goes_on(p))
		if (goal_step(p))
			return true;
	return false;
}

/* Exactly there: in the middle of a frame, perhaps.  A keyframe of the same millisecond may lie behind it. */
static void
return_to(struct player *p, const struct place *place, uint64_t t_ms)
{
	if (t_ms > 0)
		player_go_back(p, t_ms - 1);
	else
		player_go_start(p);
	while (player_peek(p) && is_before(p, place))
		(void)player_take(p, p->place.pos == place->pos ? place->off - p->place.off : FRAME_DATA_MAX);
	p->now_ms = t_ms;
}

struct found {
	struct place place;
	uint64_t ms;
	char words[sizeof(((struct player *)NULL)->found)];
};

/* The last place from here to end, but not the one that we were at, at was_ms. */
static bool
find_last(struct player *p, const struct place *end, uint64_t was_ms, struct found *f)
{
	bool any = false;

	p->goal.was = false;
	while (find_on(p, end)) {
		struct place here = place_now(p);

		if (here.pos == end->pos && here.off == end->off && p->now_ms == was_ms)
			break;
		f->place = here;
		f->ms = p->now_ms;
		memcpy(f->words, p->found, sizeof(f->words));
		any = true;
	}
	return any && !p->stopped;
}

static bool
find_back(struct player *p)
{
	struct place was = place_now(p), end = was, begin;
	uint64_t was_ms = p->now_ms, from_ms = was_ms;
	bool start = was_ms == 0;
	struct found f;

	for (;;) {
		if (start)
			player_go_start(p);
		else
			player_go_back(p, from_ms);
		begin = place_now(p);
		from_ms = p->now_ms > 0 ? p->now_ms - 1 : 0;
		if (find_last(p, &end, end.pos == was.pos && end.off == was.off ? was_ms : UINT64_MAX, &f)) {
			return_to(p, &f.place, f.ms);
			memcpy(p->found, f.words, sizeof(p->found));
			return true;
		}
		if (start || begin.pos == 0 || p->stopped)
			break;
		if (begin.pos < end.pos)
			end = begin;
		start = from_ms == 0;
	}
	return_to(p, &was, was_ms);
	return false;
}

/* ---- asked for ---- */

static bool
find(struct player *p, enum player_what what, const char *text, bool back, bool round)
{
	static const struct place end = { UINT64_MAX, 1 };
	struct place was = place_now(p);
	uint64_t was_ms = p->now_ms;
	bool found;

	goal_begin(p, what, text);
	p->stopped = false;
	if (back) {
		found = find_back(p);
	} else {
		found = find_on(p, &end);
		if (!found && round && !p->stopped) {
			player_go_start(p);
			p->goal.was = false;
			found = find_on(p, &was);
		}
		if (!found)
			return_to(p, &was, was_ms);
	}
	p->goal.active = false;
	return found;
}

bool
player_search(struct player *p, const char *text)
{
	return find(p, PLAYER_TEXT, text, false, true);
}

bool
player_search_back(struct player *p, const char *text)
{
	return find(p, PLAYER_TEXT, text, true, false);
}

bool
player_jump(struct player *p, enum player_what what, bool back)
{
	return find(p, what, "", back, false);
}

bool
player_hear(struct player *p, const struct lines_sink *sink)
{
	struct place was = place_now(p);
	uint64_t was_ms = p->now_ms;
	struct stage stage;
	struct frame f;
	uint64_t pos;

	p->stopped = false;
	if (stage_init(&stage, p->src.cols, p->src.rows, sink) != 0)
		return false;
	p->src.seek(p->src.arg, 0);
	while (goes_on(p) && p->src.next(p->src.arg, &f, &pos) == 1)
		stage_frame(&stage, &f);
	stage_done(&stage);
	return_to(p, &was, was_ms);
	return !p->stopped;
}

void
player_set_wait(struct player *p, player_wait_fn *fn, void *arg)
{
	p->wait = fn;
	p->wait_arg = arg;
}

bool
player_was_stopped(const struct player *p)
{
	return p->stopped;
}

const char *
player_found(const struct player *p)
{
	return p->found;
}
