/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Plain lines, for terminals that cannot be drawn on, for screen readers and scripts: a numbered
 * list that fits the terminal, a prompt, and words or numbers as answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/text.h"
#include "ui/hosts.h"
#include "ui/width.h"

enum { COLS = 80, COLS_MAX = 200, PAGE = 15, PAGE_MIN = 3, AROUND = 5, NUMBER = 6 };

struct plain {
	struct hosts *hosts;
	void (*others)(void *arg);
	void *arg;
	int cols, page;                    /* AROUND: lines beside the rows that a page takes */
};

/* What the terminal says of itself; a script's says nothing, or nonsense. */
static void
size_up(struct plain *p)
{
	struct winsize ws = { 0 };

	(void)ioctl(0, TIOCGWINSZ, &ws);
	p->cols = ws.ws_col >= 20 ? ws.ws_col < COLS_MAX ? ws.ws_col : COLS_MAX : COLS;
	p->page = ws.ws_row == 0 || ws.ws_row > PAGE + AROUND ? PAGE : ws.ws_row > PAGE_MIN + AROUND ? ws.ws_row - AROUND : PAGE_MIN;
	list_set_height(&p->hosts->list, (size_t)p->page);
}

/* In exactly width columns, cut with ~. */
static void
cell(const char *text, int width, bool last)
{
	struct slice s = slice_from(text), left = s;
	struct piece piece;
	int taken;
	size_t n = width_fit(s, width, &taken);

	if (n < s.n)
		n = width_fit(s, width - 1, &taken);
	while (s.n - left.n < n && width_piece(&left, &piece))
		printf("%s", piece.text);
	if (n < s.n)
		printf("~");
	if (!last)
		printf("%*s", width - taken - (n < s.n) + COLUMNS_GAP, "");
}

static void
row(const char *number, const int widths[LIST_COLUMNS], const char *const texts[LIST_COLUMNS])
{
	enum list_column last = LIST_COLUMNS - 1;

	while (last > 0 && widths[last] == 0)
		last--;
	printf("%*s", NUMBER, number);
	for (enum list_column i = 0; i <= last; i++)
		if (widths[i] > 0)
			cell(texts[i], widths[i], i == last);
	printf("\r\n");
}

static void
show(struct plain *p)
{
	const struct list *l = &p->hosts->list;
	size_t end;
	const char *heads[LIST_COLUMNS];
	int widths[LIST_COLUMNS];
	char number[32];

	size_up(p);
	end = l->top + l->height < l->found_n ? l->top + l->height : l->found_n;
	layout_columns(l, p->cols - NUMBER + LAYOUT_MARK - 1, widths);
	for (enum list_column i = 0; i < LIST_COLUMNS; i++)
		heads[i] = layout_list_columns[i].head;
	if (l->found_n > 0)
		row("#  ", widths, heads);
	for (size_t i = l->top; i < end; i++) {
		const struct list_row *r = l->found[i];
		const char *const texts[] = { r->name, r->logins, r->labels, r->brief };

		(void)snprintf(number, sizeof(number), "%zu%s", i + 1, r->allowed ? "  " : " -");
		row(number, widths, texts);
	}
}

/* What the page leaves out, and that a search is on. */
static void
show_place(const struct plain *p)
{
	const struct list *l = &p->hosts->list;
	size_t end = l->top + l->height < l->found_n ? l->top + l->height : l->found_n;
	char query[2 * LIST_QUERY_MAX];

	if (list_shown(l) == 0)
		printf(p->hosts->others_n == 0 ? "no hosts are registered for you yet\r\n" :
		    "none that you may reach; o shows the others, and why\r\n");
	else if (l->found_n == 0)
		printf("nothing matches ");
	else if (l->found_n > l->height)
		printf("%zu-%zu of %zu%s", l->top + 1, end, l->found_n, l->query.text[0] != '\0' ? " match " : "\r\n");
	else if (l->query.text[0] != '\0')
		printf("%zu of %zu match ", l->found_n, list_shown(l));
	if (list_shown(l) > 0 && l->query.text[0] != '\0')
		printf("\"%s\" (p: all)\r\n", text_cleaned(slice_from(l->query.text), query, sizeof(query)));
}

static void
show_page(struct plain *p)
{
	show(p);
	show_place(p);
}

static void
help(void)
{
	printf("NUMBER [LOGIN] connects, words search, n b page, p all, ? help, q quits\r\n");
}

static void
more_help(void)
{
	help();
	printf("/WORDS searches for what would mean something else; o shows the hosts that you may not reach, too, or not:\r\n"
	    "they have a -, and their number says why\r\n");
}

static void
pick(struct hosts *h, size_t index, const char *login)
{
	const struct list_row *r = index < h->list.found_n ? h->list.found[index] : NULL;
	char why[1200];
	unsigned at;

	if (r == NULL) {
		printf("there is no number %zu%s\r\n", index + 1, h->list.query.text[0] != '\0' ? " among what was searched for (p: all)" : "");
		return;
	}
	if (!r->allowed) {
		printf("%s\r\n", text_cleaned(slice_from(r->brief), why, sizeof(why)));
		if (strcmp(r->brief + strlen("denied: "), r->why) != 0)
			printf("%s\r\n", text_cleaned(slice_from(r->why), why, sizeof(why)));
		return;
	}
	if (login[0] == '\0' && hosts_wanted_at(h, r, &at))
		login = h->wanted_login;
	for (unsigned i = 0; hosts_login_at(r, i, h->chosen_login, sizeof(h->chosen_login)); i++) {
		if (login[0] != '\0' ? strcmp(login, h->chosen_login) != 0 : hosts_logins(r) > 1)
			continue;
		(void)snprintf(h->host, sizeof(h->host), "%s", r->name);
		h->chosen = h->over = true;
		return;
	}
	printf("which login? write %zu and one of %s\r\n", index + 1, text_cleaned(slice_from(r->logins), why, sizeof(why)));
}

static void
page(struct plain *p, bool on)
{
	struct list *l = &p->hosts->list;

	if (on && l->top + l->height < l->found_n)
		l->top += l->height;
	else if (!on)
		l->top = l->top > l->height ? l->top - l->height : 0;
	l->cursor = l->top;
	show_page(p);
}

static void
search(struct plain *p, const char *words)
{
	struct list *l = &p->hosts->list;

	list_set_query(l, words);
	if (l->found_n == 1 && words[0] != '\0' && l->found[0]->allowed && strcmp(l->found[0]->name, words) == 0)
		pick(p->hosts, 0, "");
	else
		show_page(p);
}

static void
others(struct plain *p)
{
	hosts_toggle_others(p->hosts);
	p->others(p->arg);
	list_refresh(&p->hosts->list);
	show_page(p);
}

static void
answer(struct plain *p, char *line)
{
	size_t digits, blanks;
	uint64_t n;

	line[strcspn(line, "\r\n")] = '\0';
	digits = strspn(line, "0123456789");
	blanks = strspn(line + digits, " ");
	if (strcmp(line, "q") == 0 || strcmp(line, "exit") == 0 || strcmp(line, "quit") == 0)
		p->hosts->over = true;
	else if (strcmp(line, "?") == 0 || strcmp(line, "h") == 0)
		more_help();
	else if (strcmp(line, "n") == 0 || line[0] == '\0')
		page(p, true);
	else if (strcmp(line, "b") == 0)
		page(p, false);
	else if (strcmp(line, "o") == 0)
		others(p);
	else if (strcmp(line, "p") == 0)
		search(p, "");
	else if ((line[digits] == '\0' || blanks > 0) && text_u64(slice_of(line, digits), LIST_ROWS_MAX, &n) && n > 0)
		pick(p->hosts, (size_t)n - 1, line + digits + blanks);
	else
		search(p, line[0] == '/' ? line + 1 : line);
}

void
plain_run(struct hosts *h, void (*bring)(void *arg), void *arg)
{
	struct plain p = { .hosts = h, .others = bring, .arg = arg };
	char line[512], text[500];

	if (h->notice[0] != '\0')
		printf("%s\r\n", text_cleaned(slice_from(h->notice), text, sizeof(text)));
	size_up(&p);
	printf("fortress: %s\r\n", text_cleaned(slice_from(h->user), text, sizeof(text)));
	list_refresh(&h->list);
	show_page(&p);
	help();
	while (!h->over) {
		printf("host> ");
		(void)fflush(stdout);
		if (fgets(line, sizeof(line), stdin) == NULL)
			break;
		answer(&p, line);
	}
	(void)fflush(stdout);
}
