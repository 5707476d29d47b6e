/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The client's terminal is raw, so the echo is ours.  Only what a screen takes as one more character is echoed; a key that
 * sends a sequence does nothing.
 */
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "front/form.h"

enum { CTRL_C = 3, CTRL_D = 4, CTRL_H = 8, CTRL_U = 21, ESC = 27, DEL = 127 };
enum { OUTSIDE, AFTER_ESC, IN_SEQUENCE };

static void
put(ssh_channel to, const char *text, size_t n)
{
	if (ssh_channel_is_open(to))
		(void)ssh_channel_write(to, text, (uint32_t)n);
}

static void
prompt(struct form *form, ssh_channel to)
{
	const char *text = form->fields[form->at].prompt;

	put(to, text, strlen(text));
	form->len = 0;
}

void
form_start(struct form *form, ssh_channel to, const struct form_field *fields, unsigned n)
{
	*form = (struct form){ .n = n };
	memcpy(form->fields, fields, n * sizeof(fields[0]));
	prompt(form, to);
}

void
form_rest(struct form *form, struct intake *to)
{
	if (form->in.off > 0)
		secret_wipe(form->in.p, form->in.off);
	*to = form->in;
	form->in = (struct intake){ 0 };
}

void
form_done(struct form *form)
{
	if (form->in.p != NULL)
		secret_wipe(form->in.p, form->in.cap);
	intake_done(&form->in);
	secret_wipe(form, sizeof(*form));
}

/* The whole character goes; the line is drawn anew, whatever its width was. */
static void
erase(struct form *form, ssh_channel to, bool all)
{
	const struct form_field *field = &form->fields[form->at];
	char *text = form->text[form->at];

	if (form->len == 0)
		return;
	do
		form->len--;
	while (form->len > 0 && (all || (text[form->len] & 0xc0) == 0x80));
	if (field->hidden)
		return;
	put(to, "\r\033[K", 4);
	put(to, field->prompt, strlen(field->prompt));
	put(to, text, form->len);
}

static bool
in_sequence(struct form *form, unsigned char byte)
{
	if (form->escape == OUTSIDE && byte == ESC) {
		form->escape = AFTER_ESC;
		return true;
	}
	if (form->escape == AFTER_ESC) {
		form->escape = byte == '[' || byte == 'O' ? IN_SEQUENCE : OUTSIDE;
		return true;
	}
	if (form->escape == OUTSIDE)
		return false;
	if (byte >= 0x40 && byte <= 0x7e)
		form->escape = OUTSIDE;
	return true;
}

static void
add(struct form *form, ssh_channel to, unsigned char byte)
{
	char one = (char)byte;

	if (byte < 0x20 || form->len >= FORM_TEXT - 1)
		return;
	form->text[form->at][form->len++] = one;
	if (!form->fields[form->at].hidden)
		put(to, &one, 1);
}

/* A line is over.  True: it was the last. */
static bool
next_field(struct form *form, ssh_channel to)
{
	char *text = form->text[form->at];

	put(to, "\r\n", 2);
	text[form->len] = '\0';
	if (!text_is_utf8(slice_from(text)))
		text[0] = '\0';
	if (++form->at == form->n)
		return true;
	prompt(form, to);
	return false;
}

static enum form_state
take(struct form *form, ssh_channel to, unsigned char byte)
{
	if (in_sequence(form, byte))
		return FORM_ASKS;
	if (byte == CTRL_C || (byte == CTRL_D && form->len == 0)) {
		put(to, "\r\n", 2);
		return FORM_GIVEN_UP;
	}
	if (byte == '\r' || byte == '\n')
		return next_field(form, to) ? FORM_DONE : FORM_ASKS;
	if (byte == CTRL_H || byte == DEL)
		erase(form, to, false);
	else if (byte == CTRL_U)
		erase(form, to, true);
	else
		add(form, to, byte);
	return FORM_ASKS;
}

enum form_state
form_step(struct form *form, ssh_channel c, bool *moved)
{
	enum form_state state = FORM_ASKS;
	int n = intake_fill(&form->in, c, false);

	*moved = n != 0;
	if (n < 0)
		return FORM_GIVEN_UP;
	while (state == FORM_ASKS && intake_left(&form->in) > 0)
		state = take(form, c, intake_take(&form->in, 1).p[0]);
	return state;
}
