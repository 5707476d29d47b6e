/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What is asked for goes the way of a session: CH_DECIDE, where the gate may want something more (lack.h), then CH_SHOW until the
 * monitor hands over the program's pty.  Whether the recordings are there, and whose they are, this process never learns.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/text.h"
#include "front/held.h"
#include "front/lack.h"
#include "front/replay.h"
#include "front/screen.h"
#include "front/steps.h"
#include "front/verbs.h"

#define OPTIONS_BYTES 256

struct wanted {
	char ids[2][ID_TEXT];
	unsigned n;
	char options[OPTIONS_BYTES];             /* as in msg_replay_ask */
	bool export, ended;
	uint32_t req;                            /* that the program goes by */
	int status;
};

/* ---- the words ---- */

static const struct { const char *name; bool valued; } options[] = {
	{ "speed", true }, { "idle", true }, { "at", true }, { "export", true }, { "follow", false }, { "text", false },
};

static const char usage[] = "write replay ID [ID], with --at TIME, --speed N, --idle S, --follow, or replay --export FORM ID, --text ID";

/* The next word of *at; 0: there is none, or it is too long. */
static size_t
next_word(const char **at, char *word, size_t size)
{
	size_t n;

	*at += strspn(*at, " ");
	n = strcspn(*at, " ");
	if (n == 0 || n >= size)
		return 0;
	(void)snprintf(word, size, "%.*s", (int)n, *at);
	*at += n;
	return n;
}

/* word: "--at=1:00", or "--at" with its value in the next one. */
static bool
take_option(struct wanted *w, const char *word, const char **at)
{
	size_t n = strcspn(word + 2, "="), used = strlen(w->options), i = 0;
	const char *value = word[2 + n] == '=' ? word + 2 + n + 1 : NULL;
	char next[64];
	int put;

	while (i < sizeof(options) / sizeof(options[0]) && (strlen(options[i].name) != n || memcmp(options[i].name, word + 2, n) != 0))
		i++;
	if (i == sizeof(options) / sizeof(options[0]) || (value != NULL && !options[i].valued))
		return false;
	if (options[i].valued && value == NULL) {
		if (next_word(at, next, sizeof(next)) == 0)
			return false;
		value = next;
	}
	put = snprintf(w->options + used, sizeof(w->options) - used, "%s%s%s%s", used > 0 ? " " : "", options[i].name,
	    value != NULL ? "=" : "", value != NULL ? value : "");
	w->export = w->export || strcmp(options[i].name, "export") == 0 || strcmp(options[i].name, "text") == 0;
	return put > 0 && (size_t)put < sizeof(w->options) - used;
}

static bool
take_words(struct wanted *w, const char *at)
{
	char word[64];

	while (next_word(&at, word, sizeof(word)) > 0) {
		if (strncmp(word, "--", 2) == 0) {
			if (!take_option(w, word, &at))
				return false;
		} else if (w->n == 2 || strlen(word) >= sizeof(w->ids[0])) {
			return false;
		} else {
			(void)snprintf(w->ids[w->n++], sizeof(w->ids[0]), "%.*s", ID_TEXT - 1, word);
		}
	}
	return at[strspn(at, " ")] == '\0' && w->n > 0 && !(w->export && w->n > 1);
}

void
replay_start(struct channel *c, const char *args)
{
	struct wanted *w = calloc(1, sizeof(*w));

	(void)args;                              /* both of its rows are read in one way */
	replay_free(c);
	c->wanted = w;
	if (w == NULL || !take_words(w, c->command + strlen("replay"))) {
		verb_refuse(c, "usage", usage);
		return;
	}
	if (!w->export && !c->pty) {
		verb_refuse(c, "no-terminal", "a recording is replayed in a terminal: ssh -t USER@bastion replay ID, or replay --export FORM ID >FILE");
		return;
	}
	if (w->export && c->pty) {
		verb_refuse(c, "terminal", "what was recorded is not sent to a terminal as it is: ssh without -t, into a file");
		return;
	}
	listing_free(c);
	channel_go(c, "replay", "", "");
}

/* ---- the gate's answer ---- */

/* What a request for approval is about is the recording, by its whole id. */
static void
name_whole(struct channel *c, struct slice id)
{
	char *copy = slice_dup(id);

	if (copy == NULL)
		return;
	free(c->command);
	c->command = copy;
}

static void
on_answer(void *arg, const struct msg_decision *d, int *agent)
{
	struct channel *c = arg;
	char reason[600];

	(void)agent;
	if (c->state != CH_DECIDE)
		return;                          /* cut meanwhile, or on screen already */
	if (d->permit == 1) {
		c->state = CH_SHOW;
		return;
	}
	if (d->lacks != 0)
		name_whole(c, d->words);
	lack_note(c, 0, d);
	if (d->lacks != 0 && lack_take(c, d))
		return;
	channel_refuse(c, "denied", text_cleaned(d->reason, reason, sizeof(reason)));
}

void
replay_decide(struct channel *c)
{
	struct wanted *w = c->wanted;
	struct msg_replay_ask m = { .op = w->export ? MSG_LIVE_EXPORT : MSG_LIVE_REPLAY, .hold = c->hold, .session = slice_from(w->ids[0]),
	    .other = slice_from(w->ids[1]), .options = slice_from(w->options), .term = slice_from(c->term), .lang = slice_from(c->lang),
	    .cols = c->cols, .rows = c->rows };

	if (ask_replay(c->front, &c->ask, &m, on_answer, c) == 0)
		w->req = m.req;
	else
		channel_refuse(c, "denied", "the gate does not answer");         /* and w is gone */
}

/* ---- the program ---- */

/* The monitor may be heard before the gate. */
struct channel *
replay_of(struct front *f, uint32_t req)
{
	struct channel *c = f->channels;

	while (c != NULL && (c->wanted == NULL || c->wanted->req != req || (c->state != CH_DECIDE && c->state != CH_SHOW)))
		c = c->next;
	return c;
}

void
replay_ended(struct front *f, const struct msg_screen_ended *m)
{
	struct channel *c = f->channels;

	while (c != NULL && (c->wanted == NULL || c->wanted->req != m->req))
		c = c->next;
	if (c == NULL)
		return;
	c->wanted->ended = true;
	c->wanted->status = (int)m->status;
}

/* A file of which a part is missing must not pass for the whole. */
bool
replay_end(struct channel *c)
{
	const struct wanted *w = c->wanted;
	bool failed = w->export && w->status != 0;

	if (!w->ended && !(c->pty && ssh_channel_is_eof(c->ssh)))
		return false;
	screen_free(c);
	if (failed)
		channel_refuse(c, "not-whole", w->status == 2 ? usage : "the recording was not exported whole: the bastion's log says why");
	else
		channel_end_or_menu(c, w->status);
	return true;
}

void
replay_free(struct channel *c)
{
	free(c->wanted);
	c->wanted = NULL;
}
