/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The picker on a real pty, with the terminal model as its screen.  A case is a size, a
 * TERM and steps: wait for a text, send keys, resize, compare the screen with a file.
 * UPDATE_GOLDEN=1 writes the files; look at what it wrote.
 */
#include <errno.h>
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
#include "ui/screen.h"

#define WAIT_MS 10000

enum what { END, WAIT, SEND, SIZE, GOLDEN, GONE };

struct step {
	enum what what;
	const char *text;        /* SIZE: "50x12"; GONE: the exit status */
};

struct test {
	const char *name, *term;
	unsigned short cols, rows;
	struct step steps[12];
};

#define XTERM "xterm-256color"

static const struct test tests[] = {
	{ "start", XTERM, 80, 24, { { WAIT, "支付-1" }, { GOLDEN, "80x24-start" } } },
	{ "narrow", XTERM, 40, 10, { { WAIT, "web1" }, { GOLDEN, "40x10-start" } } },
	{ "smallest", XTERM, 20, 5, { { WAIT, "web-staging" }, { GOLDEN, "20x5-start" } } },
	{ "wide", XTERM, 200, 60, { { WAIT, "nearest permit" }, { GOLDEN, "200x60-start" } } },
	{ "search", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "支" }, { WAIT, "1 of 5" }, { GOLDEN, "80x24-search" } } },
	{ "details", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "db\t" }, { WAIT, "denied" }, { GOLDEN, "80x24-details" } } },
	{ "refused", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "db\r" }, { WAIT, "denied" }, { GOLDEN, "80x24-refused" } } },
	{ "help", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "?" }, { WAIT, "any key" }, { GOLDEN, "80x24-help" } } },
	{ "logins", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "\033[B\r" }, { WAIT, "deploy on web1" }, { SEND, "\033[B" },
		{ WAIT, "> deploy" }, { GOLDEN, "80x24-logins" }, { SEND, "\r" }, { WAIT, "deploy\tweb1" }, { GONE, "0" } } },
	{ "vt100", "vt100", 80, 24, { { WAIT, "支付-1" }, { GOLDEN, "80x24-start" } } },
	{ "putty", "putty", 80, 24, { { WAIT, "支付-1" }, { SEND, "\033OB" }, { WAIT, "> web1" }, { SEND, "\033[A" },
		{ WAIT, "> web-staging" }, { GOLDEN, "80x24-start" } } },
	{ "kitty", "xterm-kitty", 80, 24, { { WAIT, "支付-1" }, { GOLDEN, "80x24-start" } } },
	{ "dumb", "dumb", 80, 24, { { WAIT, "host>" }, { GOLDEN, "80x24-plain" }, { SEND, "web2\n" }, { WAIT, "root\tweb2" },
		{ GONE, "0" } } },
	{ "path as TERM", "../../x", 80, 24, { { WAIT, "host>" }, { SEND, "q\n" }, { GONE, "1" } } },
	{ "resize", XTERM, 80, 24, { { WAIT, "支付-1" }, { SEND, "web" }, { WAIT, "3 of 5" }, { SIZE, "50x12" },
		{ WAIT, "3 of 5" }, { GOLDEN, "50x12-resized" } } },
	{ "unknown sequences", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "\033x" }, { SEND, "\033[I" }, { SEND, "\033[?1;2c" },
		{ SEND, "\033[200~db\033[201~" }, { WAIT, "1 of 5" }, { GOLDEN, "80x24-pasted" } } },
	{ "unknown keys, vt100", "vt100", 80, 24, { { WAIT, "web1" }, { SEND, "\033[1;5A" }, { SEND, "\033[15~" }, { SEND, "\033[Z" },
		{ SEND, "db" }, { WAIT, "1 of 5" }, { GOLDEN, "80x24-pasted" } } },
	{ "another host than the chooser's", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "\033[B\r" }, { WAIT, "deploy on web1" },
		{ SEND, "\033[B" }, { WAIT, "> deploy" }, { SEND, "\033[H\r" }, { WAIT, "root\tweb-staging" }, { GONE, "0" } } },
	{ "quit key", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "\034" }, { GONE, "1" } } },
	{ "interrupt key", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "\003" }, { GONE, "1" } } },
	{ "login in plain lines", "dumb", 80, 24, { { WAIT, "host>" }, { SEND, "2\n" }, { WAIT, "which login? write 2" },
		{ SEND, "2 deploy\n" }, { WAIT, "deploy\tweb1" }, { GONE, "0" } } },
	{ "escape", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "web" }, { WAIT, "3 of 5" }, { SEND, "\033" },
		{ WAIT, "5 of 5" }, { SEND, "\033" }, { GONE, "1" } } },
};

struct run {
	struct screen *screen;
	int fd, status;
	pid_t pid;
	bool eof;
};

static void
start(struct run *r, const struct test *t)
{
	struct winsize ws = { .ws_col = t->cols, .ws_row = t->rows };
	char menu[4096], hosts[4096];

	(void)snprintf(menu, sizeof(menu), "%s/fortress-menu", getenv("top_builddir"));
	(void)snprintf(hosts, sizeof(hosts), "%s/tests/ui/hosts.tsv", getenv("top_srcdir"));
	*r = (struct run){ .screen = screen_new(t->cols, t->rows) };
	r->pid = forkpty(&r->fd, NULL, NULL, &ws);
	if (r->pid == 0) {
		(void)setenv("TERM", t->term, 1);
		(void)execl(menu, "fortress-menu", "-f", hosts, (char *)NULL);
		_exit(127);
	}
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

/* Until the text is there and nothing more comes for a moment: a frame may arrive in pieces. */
static bool
wait_for(struct run *r, const char *text)
{
	mono_t from = clock_mono();
	const char *tab = strchr(text, '\t');
	bool shown = false;

	while (!shown && clock_ms_since(from) < WAIT_MS && !r->eof) {
		take(r, 100);
		shown = tab != NULL ? screen_shows(r->screen, tab + 1) : screen_shows(r->screen, text);
	}
	for (struct pollfd p = { .fd = r->fd, .events = POLLIN }; !r->eof && poll(&p, 1, 60) > 0;)
		take(r, 0);
	return shown || (tab != NULL && screen_shows(r->screen, tab + 1)) || screen_shows(r->screen, text);
}

static void
resize(struct run *r, const char *text)
{
	struct winsize ws = { 0 };
	unsigned cols = 0, rows = 0;

	(void)sscanf(text, "%ux%u", &cols, &rows);
	ws.ws_col = (unsigned short)cols;
	ws.ws_row = (unsigned short)rows;
	screen_resize(r->screen, cols, rows);
	(void)ioctl(r->fd, TIOCSWINSZ, &ws);
}

static void
render(struct run *r, struct buf *out)
{
	unsigned cols, rows;

	screen_size(r->screen, &cols, &rows);
	for (unsigned y = 0; y < rows; y++) {
		(void)screen_row(r->screen, y, out);
		(void)buf_u8(out, '\n');
	}
	/* The user's name in the title is the file's path here. */
	while (out->len > 1 && out->p[out->len - 1] == '\n' && out->p[out->len - 2] == '\n')
		out->len--;
}

/* The first row holds the rows' file, which lies elsewhere in each tree. */
static struct slice
without_title(struct slice s)
{
	const unsigned char *end = memchr(s.p, '\n', s.n);

	return end != NULL ? slice_of(end, s.n - (size_t)(end - s.p)) : s;
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

static void
golden(struct run *r, const struct test *t, const char *name)
{
	struct buf got, want;
	struct err e = { 0 };
	char path[4096];
	bool same;

	(void)snprintf(path, sizeof(path), "%s/tests/ui/%s.txt", getenv("top_srcdir"), name);
	buf_init(&got, 1u << 20);
	buf_init(&want, 1u << 20);
	render(r, &got);
	if (getenv("UPDATE_GOLDEN") != NULL)
		(void)fd_write_file(path, without_title(buf_slice(&got)).p, without_title(buf_slice(&got)).n, 0644, &e);
	same = fd_read_file(path, 1u << 19, &want, &e) == 0 && slice_eq(without_title(buf_slice(&got)), buf_slice(&want));
	ok(same, "%s: the screen is %s.txt %s", t->name, name, e.text);
	if (!same) {
		show("got", without_title(buf_slice(&got)));
		show("want", buf_slice(&want));
	}
	buf_done(&got);
	buf_done(&want);
}

static bool
gone(struct run *r, int status)
{
	mono_t from = clock_mono();

	while (!r->eof && clock_ms_since(from) < WAIT_MS)
		take(r, 100);
	if (!r->eof)
		return false;
	(void)waitpid(r->pid, &r->status, 0);
	r->pid = 0;
	return WIFEXITED(r->status) && WEXITSTATUS(r->status) == status;
}

static void
step(struct run *r, const struct test *t, const struct step *s)
{
	switch (s->what) {
	case WAIT:   ok(wait_for(r, s->text), "%s: shows what it waits for", t->name); break;
	case SEND:   ok(write(r->fd, s->text, strlen(s->text)) == (ssize_t)strlen(s->text), "%s: keys", t->name); break;
	case SIZE:   resize(r, s->text); break;
	case GOLDEN: golden(r, t, s->text); break;
	case GONE:   ok(gone(r, atoi(s->text)), "%s: ends with %s", t->name, s->text); break;
	case END:    break;
	}
}

int
main(void)
{
	struct run r;

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		start(&r, &tests[i]);
		for (size_t k = 0; k < 12 && tests[i].steps[k].what != END; k++)
			step(&r, &tests[i], &tests[i].steps[k]);
		if (r.pid > 0) {
			(void)kill(r.pid, SIGKILL);
			(void)waitpid(r.pid, NULL, 0);
		}
		close(r.fd);
		screen_free(r.screen);
	}
	return tap_done();
}
