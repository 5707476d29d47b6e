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

static SCREEN *screen;
static bool colour;

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
	(void)init_pair(TERM_ACCENT, COLOR_CYAN, -1);
	(void)init_pair(TERM_GOOD, COLOR_GREEN, -1);
	(void)init_pair(TERM_BAD, COLOR_YELLOW, -1);
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
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		(void)define_key(forms[i].bytes, forms[i].key);
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
	(void)mousemask(BUTTON1_PRESSED | BUTTON1_DOUBLE_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	(void)mouseinterval(0);
	colours();
	both_key_forms();
	return true;
}

void
term_stop(void)
{
	if (screen == NULL)
		return;
	(void)endwin();
	delscreen(screen);
	screen = NULL;
}

void
term_resize(void)
{
	struct winsize ws;

	if (screen != NULL && ioctl(0, TIOCGWINSZ, &ws) == 0 && ws.ws_row > 0 && ws.ws_col > 0)
		(void)resizeterm(ws.ws_row, ws.ws_col);
}

/* The rest of a control sequence, up to its final character (ECMA-48 5.4). */
static void
swallow_sequence(void)
{
	wint_t c;

	for (int i = 0; i < SEQUENCE_MAX && get_wch(&c) == OK; i++)
		if (c >= 0x40 && c <= 0x7e && c != '[')
			return;
}

/* Curses has waited for what could follow an Esc: what is not there now does not belong to it. */
int
term_key(wint_t *code)
{
	wint_t follower;
	int r = get_wch(code), next;

	if (r != OK || *code != 0x1b || (next = get_wch(&follower)) == ERR)
		return r;
	if (next == KEY_CODE_YES) {                  /* Alt with a known key: the key */
		*code = follower;
		return next;
	}
	if (follower == 0x1b) {
		(void)unget_wch((wchar_t)follower);
		return OK;
	}
	if (follower == '[')
		swallow_sequence();
	else if (follower == 'O')
		(void)get_wch(&follower);
	*code = 0;
	return OK;
}

bool
term_has_colour(void)
{
	return colour;
}
