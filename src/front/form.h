/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A few questions, one line each, on the terminal of a channel that has not reached its host yet. */
#ifndef FRONT_FORM_H
#define FRONT_FORM_H

#include "front/front.h"
#include "front/intake.h"

#define FORM_FIELDS 2
#define FORM_TEXT   257                  /* bytes of an answer, with the NUL */

struct form_field {
	const char *prompt;
	bool hidden;                     /* nothing of it is shown */
};

struct form {
	struct form_field fields[FORM_FIELDS];
	unsigned n, at;
	char text[FORM_FIELDS][FORM_TEXT];
	size_t len;
	unsigned escape;                 /* where in a key's sequence it is */
	struct intake in;
};

enum form_state { FORM_ASKS, FORM_DONE, FORM_GIVEN_UP };

/* Shows the first prompt.  fields are copied; prompts must outlive it. */
void form_start(struct form *form, ssh_channel to, const struct form_field *fields, unsigned n);
/* Takes what was typed; *moved if something was.  GIVEN_UP: Ctrl-C, Ctrl-D, or the end. */
enum form_state form_step(struct form *form, ssh_channel c, bool *moved);
/* What was typed behind the last line. */
void form_rest(struct form *form, struct intake *to);
void form_done(struct form *form);       /* wipes it */

#endif
