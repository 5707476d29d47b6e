/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Which key means what.  The help screen is printed from this table, and the footer but for what depends on the state. */
#ifndef UI_KEYS_H
#define UI_KEYS_H

#include <stddef.h>
#include <stdint.h>

enum verb {
	VERB_NONE, VERB_TYPE, VERB_UP, VERB_DOWN, VERB_PAGE_UP, VERB_PAGE_DOWN, VERB_HOME, VERB_END, VERB_CONNECT,
	VERB_DETAILS, VERB_OTHERS, VERB_HELP, VERB_BACK, VERB_LEAVE, VERB_ERASE, VERB_ERASE_WORD, VERB_ERASE_ALL, VERB_REDRAW,
	VERB_MOUSE, VERB_RESIZE, VERB_SESSIONS, VERB_APPROVALS,
};

struct key {
	int code;                    /* curses' code, or a character */
	enum verb verb;
	const char *name;            /* "Enter"; NULL: another key of the row before, not shown */
	const char *help;
	const char *brief;           /* for the footer, NULL: not there */
};

extern const struct key keys[];
extern const size_t keys_n;

/* What this key means; is_char: it came as a character, not as a function key. */
enum verb keys_verb(int code, int is_char);

#endif
