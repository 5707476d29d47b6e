/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <curses.h>

#include "ui/keys.h"

#define CTRL(c) ((c) & 0x1f)

const struct key keys[] = {
	{ '\r', VERB_CONNECT, "Enter", "connect to the selected host", "connect" },
	{ KEY_ENTER, VERB_CONNECT, NULL, NULL, NULL },
	{ '\n', VERB_CONNECT, NULL, NULL, NULL },
	{ '\t', VERB_DETAILS, "Tab", "all about the selected host, and why it is allowed or not", "details" },
	{ KEY_UP, VERB_UP, "Up, Ctrl-P", "one host up", NULL },
	{ CTRL('p'), VERB_UP, NULL, NULL, NULL },
	{ KEY_DOWN, VERB_DOWN, "Down, Ctrl-N", "one host down", NULL },
	{ CTRL('n'), VERB_DOWN, NULL, NULL, NULL },
	{ KEY_PPAGE, VERB_PAGE_UP, "PgUp", "a screen up; in details, the lines before", NULL },
	{ KEY_NPAGE, VERB_PAGE_DOWN, "PgDn", "a screen down; in details, the lines that follow", NULL },
	{ KEY_HOME, VERB_HOME, "Home", "the first host", NULL },
	{ KEY_END, VERB_END, "End", "the last host", NULL },
	{ KEY_BACKSPACE, VERB_ERASE, "Backspace", "erase a letter of the search", NULL },
	{ 0x7f, VERB_ERASE, NULL, NULL, NULL },
	{ CTRL('h'), VERB_ERASE, NULL, NULL, NULL },
	{ CTRL('w'), VERB_ERASE_WORD, "Ctrl-W", "erase a word of the search", NULL },
	{ CTRL('u'), VERB_ERASE_ALL, "Ctrl-U", "erase the search", NULL },
	{ CTRL('o'), VERB_OTHERS, "Ctrl-O", "the hosts that you may not reach too, and why; again: without them", "others" },
	{ CTRL('t'), VERB_SESSIONS, "Ctrl-T", "sessions that run: watch, join, end; and are over: replay", NULL },
	{ CTRL('y'), VERB_APPROVALS, "Ctrl-Y", "requests for approval: approve, reject", NULL },
	{ CTRL('l'), VERB_REDRAW, "Ctrl-L", "draw the screen anew", NULL },
	{ '?', VERB_HELP, "?", "this help (while the search is empty; F1 always)", "help" },
	{ KEY_F(1), VERB_HELP, NULL, NULL, NULL },
	{ 0x1b, VERB_BACK, "Esc", "close what is open, then clear the search, then quit", "quit" },
	{ CTRL('c'), VERB_LEAVE, "Ctrl-C, Ctrl-D", "quit", NULL },
	{ CTRL('d'), VERB_LEAVE, NULL, NULL, NULL },
	{ KEY_MOUSE, VERB_MOUSE, "mouse", "a click selects, a second one connects, the wheel scrolls", NULL },
	{ KEY_RESIZE, VERB_RESIZE, NULL, NULL, NULL },
};
const size_t keys_n = sizeof(keys) / sizeof(keys[0]);

enum verb
keys_verb(int code, int is_char)
{
	for (size_t i = 0; i < keys_n; i++)
		if (keys[i].code == code && (code < 256) == (is_char != 0))
			return keys[i].verb;
	return is_char && code >= 0x20 ? VERB_TYPE : VERB_NONE;
}
