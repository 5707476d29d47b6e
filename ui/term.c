/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * New terminals are unknown to Debian 12's terminfo, so a name that is not there is looked
 * up by what it is like.  A name is used only if it is made of letters that no path needs.
 */
#include <ctype.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <curses.h>

#include "ui/term.h"

#define COLS_MIN 20
#define ROWS_MIN 5
#define SEQUENCE_MAX 64
#define SEQUENCE_MS  50                 /* for the rest of one whose beginning is here */

/* Curses' own reading of the mouse makes clicks of presses and releases that come together: these are beyond its keys. */
enum { KEY_MOUSE_SGR = KEY_MAX + 1, KEY_MOUSE_X10, KEY_PASTE, KEY_PASTED };

#define MODES_ON  "\033[?1000h\033[?1006h\033[?2004h"
#define MODES_OFF "\033[?1000l\033[?1006l\033[?2004l"

static SCREEN *screen;
static bool colour, modes, pasting;
static struct term_mouse mouse;

static const struct {
	const char *begins, *like;
} alike[] = {
	{ "xterm", "xterm-256color" }, { "alacritty", "xterm-256color" }, { "foot", "xterm-256color" },
	{ "ghostty", "xterm-256color" }, { "kitty", "xterm-256color" }, { "wezterm", "xterm-256color" },
	{ "contour", "xterm-256color" }, { "konsole", "xterm-256color" }, { "vte", "xterm-256color" },
	{ "gnome", "xterm-256color" }, { "iterm", "xterm-256color" }, { "putty", "xterm" }, { "rxvt", "rxvt" },
	{ "zellij", "screen-256color" }, { "tmux", "screen-256color" }, { "screen", "screen" }, { "st", "xterm" },
	{ "vt", "vt100" },
};

static bool
name_is_safe(const char *term)
{
	size_t n = strlen(term);

	for (const char *p = term; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("._+-", *p) == NULL)
			return false;
	return n > 0 && n <= 64 && term[0] != '.' && strcmp(term, "dumb") != 0 && strcmp(term, "unknown") != 0;
}

static bool
size_is_enough(void)
{
	struct winsize ws;

	return ioctl(0, TIOCGWINSZ, &ws) == 0 && ws.ws_col >= COLS_MIN && ws.ws_row >= ROWS_MIN;
}

static SCREEN *
open_like(const char *term)
{
	for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++)
		if (strncmp(term, alike[i].begins, strlen(alike[i].begins)) == 0)
			return newterm(alike[i].like, stdout, stdin);
	return NULL;
}

static void
colours(void)
{
	colour = has_colors() && (getenv("NO_COLOR") == NULL || getenv("NO_COLOR")[0] == '\0') && start_color() == OK;
	if (!colour)
		return;
	(void)use_default_colors();
	(void)init_pair(TERM_ACCENT, COLOR_MAGENTA, -1);      /* of the eight, the one that reads on dark and on light */
}

/* Some terminals send the cursor keys in one form, some in the other, whatever terminfo says. */
static void
both_key_forms(void)
{
	static const struct { const char *bytes; int key; } forms[] = {
		{ "\033[A", KEY_UP }, { "\033OA", KEY_UP }, { "\033[B", KEY_DOWN }, { "\033OB", KEY_DOWN },
		{ "\033[C", KEY_RIGHT }, { "\033OC", KEY_RIGHT }, { "\033[D", KEY_LEFT }, { "\033OD", KEY_LEFT },
		{ "\033[H", KEY_HOME }, { "\033OH", KEY_HOME }, { "\033[1~", KEY_HOME }, { "\033[F", KEY_END },
		{ "\033OF", KEY_END }, { "\033[4~", KEY_END }, { "\033[5~", KEY_PPAGE }, { "\033[6~", KEY_NPAGE },
		{ "\033OP", KEY_F(1) }, { "\033[11~", KEY_F(1) }, { "\033[3~", KEY_DC },
		{ "\033[<", KEY_MOUSE_SGR }, { "\033[M", KEY_MOUSE_X10 }, { "\033[200~", KEY_PASTE }, { "\033[201~", KEY_PASTED },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		(void)define_key(forms[i].bytes, forms[i].key);
}

/* Terminals that say how their mouse speaks know these modes. */
static void
modes_start(void)
{
	const char *kmous = tigetstr("kmous");

	modes = kmous != NULL && kmous != (const char *)-1 && write(1, MODES_ON, sizeof(MODES_ON) - 1) > 0;
}

bool
term_start(const char *term)
{
	(void)setlocale(LC_ALL, "C.UTF-8");
	if (term == NULL || !name_is_safe(term) || !size_is_enough())
		return false;
	(void)setenv("NCURSES_NO_UTF8_ACS", "1", 1);
	(void)unsetenv("LINES");
	(void)unsetenv("COLUMNS");
	(void)unsetenv("TERMINFO");
	(void)set_escdelay(30);
	screen = newterm(term, stdout, stdin);
	if (screen == NULL)
		screen = open_like(term);
	if (screen == NULL)
		return false;
	(void)cbreak();
	(void)noecho();
	(void)nonl();
	(void)keypad(stdscr, TRUE);
	(void)nodelay(stdscr, TRUE);
	colours();
	both_key_forms();
	modes_start();
	return true;
}

void
term_stop(void)
{
	if (screen == NULL)
		return;
	if (modes)
		(void)!write(1, MODES_OFF, sizeof(MODES_OFF) - 1);
	modes = false;
	(void)endwin();
	delscreen(screen);
	screen = NULL;
}

void
term_pass_keys(void)
{
	if (modes)
		(void)!write(1, MODES_OFF, sizeof(MODES_OFF) - 1);
	modes = false;
	(void)keypad(stdscr, FALSE);
	(void)raw();
}

void
term_resize(void)
{
	struct winsize ws;

	if (screen != NULL && ioctl(0, TIOCGWINSZ, &ws) == 0 && ws.ws_row > 0 && ws.ws_col > 0)
		(void)resizeterm(ws.ws_row, ws.ws_col);
}

/* The next character of a sequence that has begun; false: it does not come. */
static bool
sequence_next(wint_t *c)
{
	bool good;

	timeout(SEQUENCE_MS);
	good = get_wch(c) == OK;
	timeout(0);
	return good;
}

/* The rest of a control sequence, up to its final character (ECMA-48 5.4). */
static void
swallow_sequence(void)
{
	wint_t c;

	for (int i = 0; i < SEQUENCE_MAX && sequence_next(&c); i++)
		if (c >= 0x40 && c <= 0x7e && c != '[')
			return;
}

static void
mouse_set(int button, int x, int y, bool release)
{
	static const enum term_mouse_what wheel[] = { TERM_WHEEL_UP, TERM_WHEEL_DOWN };

	mouse = (struct term_mouse){ .x = x - 1, .y = y - 1 };
	if (button == 0)
		mouse.what = release ? TERM_RELEASE : TERM_PRESS;
	else if (button == 64 || button == 65)
		mouse.what = wheel[button - 64];
}

/* "0;12;5M", released "0;12;5m" */
static bool
mouse_sgr(void)
{
	int value[3] = { 0 }, n = 0;
	wint_t c;

	for (int i = 0; i < SEQUENCE_MAX && sequence_next(&c); i++) {
		if (c == 'M' || c == 'm') {
			mouse_set(value[0], value[1], value[2], c == 'm');
			return n == 2;
		}
		if (c >= '0' && c <= '9' && value[n] < 10000)
			value[n] = value[n] * 10 + (int)(c - '0');
		else if (c != ';' || ++n > 2)
			return false;
	}
	return false;
}

/* Three characters, each 32 more than its value; which button was released is not told. */
static bool
mouse_x10(void)
{
	wint_t c[3];

	for (int i = 0; i < 3; i++)
		if (!sequence_next(&c[i]) || c[i] < 32)
			return false;
	mouse_set((c[0] & 3) == 3 ? 0 : (int)c[0] - 32, (int)c[1] - 32, (int)c[2] - 32, (c[0] & 3) == 3);
	return true;
}

const struct term_mouse *
term_mouse(void)
{
	return &mouse;
}

/* What the sequences of our own mean; anything else as it came. */
static int
key_of_ours(int r, wint_t *code)
{
	pasting = pasting && r != ERR;           /* its end may have been lost on the way */
	if (r == OK && pasting && (*code < 0x20 || *code == 0x7f))
		*code = *code == '\r' || *code == '\n' || *code == '\t' ? ' ' : 0;
	if (r != KEY_CODE_YES || *code <= KEY_MAX)
		return r;
	if (*code == KEY_PASTE || *code == KEY_PASTED)
		pasting = *code == KEY_PASTE;
	else if (*code == KEY_MOUSE_SGR ? mouse_sgr() : mouse_x10()) {
		*code = KEY_MOUSE;
		return r;
	}
	*code = 0;
	return OK;
}

/* Curses has waited for what could follow an Esc: what is not there now does not belong to it. */
int
term_key(wint_t *code)
{
	wint_t follower;
	int r = key_of_ours(get_wch(code), code), next;

	if (r != OK || *code != 0x1b || (next = get_wch(&follower)) == ERR)
		return r;
	if (next == KEY_CODE_YES) {                  /* Alt with a known key: the key */
		*code = follower;
		return key_of_ours(next, code);
	}
	if (follower == 0x1b) {
		(void)unget_wch((wchar_t)follower);
		return OK;
	}
	if (follower == '[')
		swallow_sequence();
	else if (follower == 'O')
		(void)sequence_next(&follower);
	*code = 0;
	return OK;
}

bool
term_has_colour(void)
{
	return colour;
}
