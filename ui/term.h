/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The terminal: the only place that starts curses. */
#ifndef UI_TERM_H
#define UI_TERM_H

#include <stdbool.h>
#include <wchar.h>

/* Starts the screen on stdin and stdout for this TERM, or for the nearest one that is known here.
 * false: it cannot be drawn on (unknown, dumb, or smaller than 20×5): use plain lines. */
bool term_start(const char *term);
void term_stop(void);                     /* back to what it was; fine when not started */
void term_resize(void);                   /* after SIGWINCH: asks the kernel, tells curses */
/* As get_wch(3), without waiting; an escape sequence that is no known key comes as the character 0, which means nothing.
 * A lone Esc comes as 27; KEY_MOUSE says that term_mouse has something new.  What is pasted holds no Enter and no Tab. */
int term_key(wint_t *code);
/* Keys come as the terminal sends them, for somebody else: nothing is asked of it for our sake. */
void term_pass_keys(void);
bool term_has_colour(void);               /* and the user did not say NO_COLOR */

enum term_mouse_what { TERM_NOTHING, TERM_PRESS, TERM_RELEASE, TERM_WHEEL_UP, TERM_WHEEL_DOWN };

struct term_mouse {
	enum term_mouse_what what;        /* of the first button, or the wheel */
	int x, y;                         /* from 0 */
};

const struct term_mouse *term_mouse(void);

enum { TERM_ACCENT = 1 };                 /* a colour pair */

#endif
