/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A viewer hangs on the recording: what record_flush hands to the store goes to it too, with the same position.  So it sees
 * what is recorded, as it is recorded, and nothing else.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "front/channel.h"
#include "front/live.h"
#include "front/tty.h"

#define QUEUE_MAX  ((size_t)1 << 20)     /* bytes that a viewer may be behind */
#define KEYS_MAX   65536                 /* typed and not taken yet */
#define KEYS_STEP  4096
#define SENTRY_MS  5000                  /* that a session waits for a sentry which does not move */
#define SENTRY_LAG ((uint64_t)256 << 10) /* bytes of the record that may be before one, while the session goes on */

struct viewer {
	struct viewer *next;
	struct channel *channel;
	struct chan *chan;
	uint64_t live;
	char name[FRONT_NAME_MAX];
	bool types, behind, over;
	bool stuck;                          /* a sentry that did not move */
	bool sentry;                         /* no person, but a program that must miss nothing: the session waits for it */
	uint64_t seen;                       /* of a sentry: the position up to which it has looked */
	mono_t progress;                     /* … and since when it owes the rest, or its last step */
	struct buf keys;
};

static struct channel *
session_find(struct front *f, struct slice id)
{
	char text[ID_TEXT];
	struct channel *c = f->channels;

	while (c != NULL && (c->state < CH_MODERATOR || c->state > CH_RELAY || !c->recording || !slice_is(id, id_print(c->record.id, text))))
		c = c->next;
	return c;
}

/* ---- words ---- */

/* To the user if they are to know it, and for the record in any case. */
static void
say(struct channel *c, bool shown, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void
say(struct channel *c, bool shown, const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)record_add(&c->record, shown ? FRAME_NOTICE : FRAME_MARK, slice_from(text));
	if (shown)
		tty_notice(c, text);
}

static void
tell_viewer(struct viewer *v, const char *text)
{
	struct msg_live_note m = { slice_from(text) };

	(void)chan_send(v->chan, MSG_LIVE_NOTE, &m);
}

/* ---- viewers ---- */

/* The gate counts nobody who is not here. */
static void
left(struct front *f, uint64_t live, enum msg_lost lost)
{
	struct msg_live_left m = { .live = live, .lost = lost };

	if (live != 0)
		(void)chan_send(f->gate, MSG_LIVE_LEFT, &m);
}

static void
viewer_free(struct viewer *v)
{
	struct viewer **at = &v->channel->viewers;

	while (*at != v)
		at = &(*at)->next;
	*at = v->next;
	left(v->channel->front, v->live, !v->sentry || !v->over ? MSG_LOST_NOT : v->stuck ? MSG_LOST_STUCK : MSG_LOST_ENDED);
	chan_free(v->chan);
	buf_done(&v->keys);
	free(v);
}

/* Is somebody of that name here who may type?  but: not that one. */
static bool
has_typist(const struct channel *c, const char *name, const struct viewer *but)
{
	const struct viewer *v = c->viewers;

	while (v != NULL && (v == but || !v->types || v->over || strcmp(v->name, name) != 0))
		v = v->next;
	return v != NULL;
}

static void
viewer_leaves(struct viewer *v)
{
	struct channel *c = v->channel;
	bool had = v->types && strcmp(c->held.hand, v->name) == 0 && !has_typist(c, v->name, v);

	if (v->sentry) {
		viewer_free(v);
		return;
	}
	say(c, v->types || c->front->o->watch_notice, "%s %s", v->name, v->types ? "has left this session" : "looks at this session no more");
	if (had) {
		c->held.hand[0] = '\0';
		say(c, true, "what you type goes to the session again");
	}
	viewer_free(v);
}

/* Why what v types does not go in, or NULL. */
static const char *
is_shut_to(const struct viewer *v)
{
	const struct held_up *h = &v->channel->held;

	if (!v->channel->pty)
		return "this session has no terminal: nothing can be typed into it";
	if (h->locked)
		return "the session is locked: what is typed does not reach it";
	if (h->hand[0] != '\0' && strcmp(h->hand, v->name) != 0)
		return "somebody else has the keyboard: what is typed does not reach the session";
	return NULL;
}

static void
keys_take(struct viewer *v, struct slice keys)
{
	const char *no = is_shut_to(v);

	if (no == NULL && buf_slice_append(&v->keys, keys) != 0)
		no = "too much at once: what was typed is lost";
	if (no != NULL)
		tell_viewer(v, no);
}

static void
not_delivered(struct channel *c, size_t n)
{
	char count[64];

	(void)snprintf(count, sizeof(count), "%zu bytes typed, not delivered", n);
	(void)record_add(&c->record, FRAME_GAP, slice_from(count));
}

/* What was typed before it was locked, or given to somebody else, and waits still, must not come later. */
static void
keys_drop(struct channel *c)
{
	for (struct viewer *v = c->viewers; v != NULL; v = v->next) {
		if (v->keys.len == 0 || is_shut_to(v) == NULL)
			continue;
		not_delivered(c, v->keys.len);
		buf_clear(&v->keys);
	}
}

static void
sentry_seen(struct viewer *v, const struct msg_sentry_seen *m)
{
	if (m->pos <= v->seen || m->pos > v->channel->record.sent)
		return;
	v->seen = m->pos;
	v->progress = clock_mono();
}

static void
viewer_message(void *arg, struct chan *chan, struct chan_in *in)
{
	struct viewer *v = arg;

	(void)chan;
	if (in->type == 0)
		v->over = true;                  /* the turn lets it go */
	else if (v->sentry && in->type == MSG_SENTRY_SEEN)
		sentry_seen(v, in->message);
	else if (v->types && in->type == MSG_LIVE_KEYS)
		keys_take(v, ((const struct msg_live_keys *)in->message)->bytes);
}

/* The recording's: what the store was just given. */
static void
frames_sent(void *arg, uint64_t pos, struct slice frames)
{
	struct channel *c = arg;
	struct msg_live_frames m = { pos, frames };

	for (struct viewer *v = c->viewers; v != NULL; v = v->next) {
		if (v->behind || v->over)
			continue;
		if (v->seen == pos)
			v->progress = clock_mono();
		if ((v->sentry || chan_queued(v->chan) <= QUEUE_MAX) && chan_send(v->chan, MSG_LIVE_FRAMES, &m) == 0)
			continue;
		if (v->sentry) {
			v->over = true;
			continue;
		}
		v->behind = true;
		tell_viewer(v, "this is too slow for what comes: from here on the record is followed, a little later");
	}
}

static int
viewer_add(struct channel *c, const struct msg_live_act *m, int *fd)
{
	struct viewer *v = calloc(1, sizeof(*v));
	enum link_end end = m->op == MSG_LIVE_JOIN ? LINK_FRONT_OF_TYPIST :
	    m->op == MSG_LIVE_SENTRY ? LINK_FRONT_OF_SENTRY : LINK_FRONT_OF_VIEWER;

	if (v == NULL)
		return -ENOMEM;
	v->channel = c;
	v->live = m->live;
	v->types = m->op == MSG_LIVE_JOIN;
	v->sentry = m->op == MSG_LIVE_SENTRY;
	v->seen = c->record.sent;
	v->progress = clock_mono();
	(void)text_escaped(m->actor, v->name, sizeof(v->name));
	buf_init(&v->keys, KEYS_MAX);
	v->chan = chan_new(c->front->loop, *fd, end, viewer_message, v);
	if (v->chan == NULL) {
		free(v);
		return -ENOMEM;
	}
	*fd = -1;
	v->next = c->viewers;
	c->viewers = v;
	c->record.on_sent = frames_sent;
	c->record.on_sent_arg = c;
	return 0;
}

void
live_end(struct channel *c)
{
	while (c->viewers != NULL)
		viewer_free(c->viewers);
	c->held = (struct held_up){ 0 };
}

/* ---- what the gate says ---- */

static void
look(struct channel *c, const struct msg_live_act *m, int *fd, const char *who, const char *why)
{
	bool shown = m->op == MSG_LIVE_JOIN || c->front->o->watch_notice;

	if (*fd < 0 || viewer_add(c, m, fd) != 0)
		left(c->front, m->live, MSG_LOST_NOT);
	else
		say(c, shown, m->op == MSG_LIVE_JOIN ? "%s has joined this session and may type%s" : "%s watches this session%s", who, why);
}

/* Without a descriptor: there is nothing to look for. */
static void
sentry(struct channel *c, const struct msg_live_act *m, int *fd)
{
	c->looked_after = true;
	if (*fd >= 0 && viewer_add(c, m, fd) != 0)
		left(c->front, m->live, MSG_LOST_ENDED);
}

static void
hold_up(struct channel *c, bool on, const char *who, const char *why)
{
	if (c->held.paused == on)
		return;
	c->held.paused = on;
	say(c, true, on ? "%s has paused this session%s" : "%s lets this session go on%s", who, why);
}

static void
lock(struct channel *c, bool on, const char *who, const char *why)
{
	if (c->held.locked == on)
		return;
	c->held.locked = on;
	keys_drop(c);
	say(c, true, on ? "%s has locked this session: what is typed does not reach it%s" : "%s has unlocked this session%s", who, why);
}

static void
hand(struct channel *c, struct slice to, const char *who, const char *why)
{
	char name[FRONT_NAME_MAX];

	(void)text_escaped(to, name, sizeof(name));
	if (name[0] != '\0' && !has_typist(c, name, NULL))
		return;                          /* has just left */
	memcpy(c->held.hand, name, sizeof(name));
	keys_drop(c);
	if (c->held.hand[0] != '\0')
		say(c, true, "%s has handed this session to %s: what you type does not reach it%s", who, c->held.hand, why);
	else
		say(c, true, "%s has handed this session back to you%s", who, why);
}

/* The gate says whether whoever has to be there is; what waits is asked again, and it alone permits it. */
static void
moderate(struct channel *c, bool present)
{
	if (c->state == CH_MODERATOR) {
		if (present) {
			if (c->pty)
				tty_wait_for(c);
			c->state = CH_DECIDE;
		}
		return;
	}
	if (c->held.unmoderated == !present)
		return;
	c->held.unmoderated = !present;
	say(c, true, present ? "a moderator is here: the session goes on" :
	    "the moderator has left: nothing goes in or out until one is here, and in 60 seconds the session ends");
}

void
live_act(struct front *f, const struct msg_live_act *m, int *fd)
{
	struct channel *c = session_find(f, m->session);
	char who[FRONT_NAME_MAX], reason[400], why[420] = "";

	if (c == NULL) {
		left(f, m->live, MSG_LOST_NOT);  /* it has just ended */
		return;
	}
	(void)text_escaped(m->actor, who, sizeof(who));
	if (m->reason.n > 0)
		(void)snprintf(why, sizeof(why), ": %s", text_cleaned(m->reason, reason, sizeof(reason)));
	switch (m->op) {
	case MSG_LIVE_WATCH:
	case MSG_LIVE_JOIN:   look(c, m, fd, who, why); break;
	case MSG_LIVE_PRESENT:
	case MSG_LIVE_ABSENT: moderate(c, m->op == MSG_LIVE_PRESENT); break;
	case MSG_LIVE_SENTRY: sentry(c, m, fd); break;
	case MSG_LIVE_PAUSE:
	case MSG_LIVE_RESUME: hold_up(c, m->op == MSG_LIVE_PAUSE, who, why); break;
	case MSG_LIVE_LOCK:
	case MSG_LIVE_UNLOCK: lock(c, m->op == MSG_LIVE_LOCK, who, why); break;
	case MSG_LIVE_HAND:   hand(c, m->to, who, why); break;
	}
}

void
live_begun(struct channel *c)
{
	char id[ID_TEXT];
	struct msg_live_begun m = { .hold = c->hold, .session = slice_from(id_print(c->record.id, id)), .cols = c->pty ? c->cols : 0,
		.rows = c->pty ? c->rows : 0 };

	(void)chan_send(c->front->gate, MSG_LIVE_BEGUN, &m);
}

/* Has a sentry more than `most` bytes to look at? */
static bool
is_behind(struct channel *c, uint64_t most)
{
	bool behind = false;
	uint64_t owed;

	for (struct viewer *v = c->viewers; v != NULL; v = v->next) {
		owed = v->sentry && !v->over ? c->record.sent - v->seen : 0;
		if (owed > 0 && clock_ms_since(v->progress) > SENTRY_MS)
			v->over = v->stuck = true;       /* the gate makes an alarm of it */
		else if (owed > most)
			behind = true;
	}
	return behind;
}

bool
live_is_behind(struct channel *c)
{
	return is_behind(c, SENTRY_LAG);
}

bool
live_is_looked_at(struct channel *c)
{
	return !is_behind(c, 0);
}

/* ---- who types ---- */

/* From here on the input on the record is this one's. */
static int
typist_mark(struct channel *c, const char *name)
{
	char text[FRONT_NAME_MAX + 32];

	if (strcmp(c->held.typist, name) == 0)
		return 0;
	(void)snprintf(text, sizeof(text), "typed by %s", name[0] != '\0' ? name : c->front->user);
	if (record_add(&c->record, FRAME_MARK, slice_from(text)) != 0)
		return -EAGAIN;
	(void)snprintf(c->held.typist, sizeof(c->held.typist), "%s", name);
	return 0;
}

static bool
drop_gone(struct channel *c)
{
	struct viewer *v = c->viewers, *next;
	bool moved = false;

	for (; v != NULL; v = next) {
		next = v->next;
		if (!v->over)
			continue;
		viewer_leaves(v);
		moved = true;
	}
	return moved;
}

bool
live_look(struct channel *c)
{
	return c->viewers != NULL && drop_gone(c);
}

bool
live_type(struct channel *c)
{
	struct viewer *v;
	bool moved = live_look(c);
	size_t n;

	for (v = c->viewers; v != NULL && v->keys.len == 0; v = v->next)
		continue;
	if (v == NULL || c->held.paused || c->held.unmoderated || c->in.len > 0 || c->in.eof || record_is_full(&c->record) || typist_mark(c, v->name) != 0)
		return moved;
	n = v->keys.len < KEYS_STEP ? v->keys.len : KEYS_STEP;
	flow_inject(&c->in, &c->record, slice_of(v->keys.p, n));
	c->keys += n;
	buf_consume(&v->keys, n);
	return true;
}

/* Of a terminal what is typed now must not come later; anything else is not read meanwhile. */
static bool
throw_away(struct channel *c)
{
	struct flow *f = &c->in;
	int n;

	if (!c->pty || f->len > 0 || f->eof || record_is_full(&c->record))
		return false;
	n = intake_fill(&f->intake, f->from, false);
	if (n > 0)
		not_delivered(c, intake_take(&f->intake, intake_left(&f->intake)).n);
	f->eof = n < 0 || f->from_wire->dead;
	return n != 0;
}

bool
live_is_shut(struct channel *c, bool *moved)
{
	if (!c->held.locked && c->held.hand[0] == '\0')
		return false;
	*moved = throw_away(c) || *moved;
	return true;
}

bool
live_may_type(struct channel *c, bool *moved)
{
	if (live_is_shut(c, moved))
		return false;
	return c->held.typist[0] == '\0' || ssh_channel_poll(c->ssh, 0) <= 0 || typist_mark(c, "") == 0;
}
