/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "tests/tap.h"
#include "tests/ui/run.h"

#define SAME_MS 5000

void
run_start(struct run *r, unsigned short cols, unsigned short rows, void (*child)(const void *arg), const void *arg)
{
	struct winsize ws = { .ws_col = cols, .ws_row = rows };

	*r = (struct run){ .screen = screen_new(cols, rows) };
	(void)fflush(stdout);
	r->pid = forkpty(&r->fd, NULL, NULL, &ws);
	if (r->pid == 0) {
		child(arg);
		_exit(127);
	}
}

void
run_end(struct run *r)
{
	if (r->pid > 0) {
		(void)kill(r->pid, SIGKILL);
		(void)waitpid(r->pid, NULL, 0);
	}
	close(r->fd);
	screen_free(r->screen);
}

bool
run_send(struct run *r, const char *keys)
{
	return write(r->fd, keys, strlen(keys)) == (ssize_t)strlen(keys);
}

static void
take(struct run *r, int timeout_ms)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	unsigned char bytes[4096];
	ssize_t n;

	if (r->eof || poll(&p, 1, timeout_ms) <= 0)
		return;
	n = read(r->fd, bytes, sizeof(bytes));
	if (n <= 0)
		r->eof = true;
	else
		screen_feed(r->screen, slice_of(bytes, (size_t)n));
}

void
run_resize(struct run *r, const char *text)
{
	struct winsize ws = { 0 };
	unsigned cols = 0, rows = 0;

	(void)sscanf(text, "%ux%u", &cols, &rows);
	ws.ws_col = (unsigned short)cols;
	ws.ws_row = (unsigned short)rows;
	screen_resize(r->screen, cols, rows);
	(void)ioctl(r->fd, TIOCSWINSZ, &ws);
}

static char
look_of(const struct screen_cell *c)
{
	if (c->fg >= 0)
		return c->reverse ? 'C' : c->bold ? 'A' : 'a';
	return c->reverse ? (c->underline ? 'R' : 'r') : c->bold ? 'b' : c->underline ? 'u' : ' ';
}

static void
render_look(struct run *r, unsigned y, unsigned cols, struct buf *out)
{
	struct screen_cell c;
	char line[SCREEN_COLS_MAX + 1];
	size_t n = 0;

	for (unsigned x = 0; x < cols; x++) {
		screen_cell(r->screen, y, x, &c);
		line[x] = look_of(&c);
		n = line[x] != ' ' ? x + 1 : n;
	}
	(void)buf_printf(out, "%.*s\n", (int)n, line);
}

static void
render(struct run *r, bool looks, struct buf *out)
{
	unsigned cols, rows;

	buf_clear(out);
	screen_size(r->screen, &cols, &rows);
	for (unsigned y = 0; y < rows; y++) {
		(void)screen_row(r->screen, y, out);
		(void)buf_u8(out, '\n');
		if (looks)
			render_look(r, y, cols, out);
	}
	while (out->len > 1 && out->p[out->len - 1] == '\n' && out->p[out->len - 2] == '\n')
		out->len--;
}

/* As it stands on a screen, from the first column on: a tab leads to the next one of eight. */
static void
expand(const char *text, char *out, size_t size)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		size_t to = *text == '\t' ? (n / 8 + 1) * 8 : n + 1;

		while (n < to && n + 1 < size)
			out[n++] = *text == '\t' ? ' ' : *text;
	}
	out[n] = '\0';
}

/* Rows stand one behind the other here: text may go on in the next one. */
static bool
shows(struct run *r, const char *text)
{
	struct buf screen;
	bool found;

	buf_init(&screen, 1u << 20);
	render(r, false, &screen);
	found = strcasestr(buf_cstr(&screen), text) != NULL;
	buf_done(&screen);
	return found;
}

bool
run_waits_for(struct run *r, const char *text)
{
	mono_t from = clock_mono();
	char shown[SCREEN_COLS_MAX + 1];

	expand(text, shown, sizeof(shown));
	while (!shows(r, shown)) {
		if (r->eof || clock_ms_since(from) >= RUN_WAIT_MS)
			return false;
		take(r, 100);
	}
	return true;
}

static void
show(const char *what, struct slice s)
{
	size_t from = 0;

	printf("# %s:\n", what);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\n') {
			printf("# |%.*s\n", (int)(i - from), (const char *)s.p + from);
			from = i + 1;
		}
}

/* Until nothing has come for a while: only to write down what is there. */
static void
settle(struct run *r)
{
	for (struct pollfd p = { .fd = r->fd, .events = POLLIN }; !r->eof && poll(&p, 1, 300) > 0;)
		take(r, 0);
}

void
run_golden(struct run *r, const char *test, const char *file, bool looks)
{
	struct buf got, want;
	struct err e = { 0 };
	char path[4096];
	mono_t from = clock_mono();
	bool same;

	(void)snprintf(path, sizeof(path), "%s/tests/ui/%s.txt", getenv("top_srcdir"), file);
	buf_init(&got, 1u << 20);
	buf_init(&want, 1u << 20);
	if (getenv("UPDATE_GOLDEN") != NULL) {
		settle(r);
		render(r, looks, &got);
		(void)fd_write_file(path, got.p, got.len, 0644, &e);
	}
	(void)fd_read_file(path, 1u << 19, &want, &e);
	render(r, looks, &got);
	while (!(same = slice_eq(buf_slice(&got), buf_slice(&want))) && !r->eof && clock_ms_since(from) < SAME_MS) {
		take(r, 100);
		render(r, looks, &got);
	}
	ok(same, "%s: the screen is %s.txt %s", test, file, e.text);
	if (!same) {
		show("got", buf_slice(&got));
		show("want", buf_slice(&want));
	}
	buf_done(&got);
	buf_done(&want);
}

bool
run_is_gone(struct run *r, int status)
{
	mono_t from = clock_mono();

	while (!r->eof && clock_ms_since(from) < RUN_WAIT_MS)
		take(r, 100);
	if (!r->eof)
		return false;
	(void)waitpid(r->pid, &r->status, 0);
	r->pid = 0;
	return WIFEXITED(r->status) && WEXITSTATUS(r->status) == status;
}
