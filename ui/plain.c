/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Plain lines, for terminals that cannot be drawn on, for screen readers and scripts:
 * a numbered list, a prompt, and words or numbers as answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/draw.h"
#include "ui/hosts.h"

#define PAGE 15

/* Padded by columns, not by bytes. */
static void
cell(const char *text, int width)
{
	char safe[300];
	int n = draw_width(slice_from(text));

	printf("%s%*s", text_escaped(slice_from(text), safe, sizeof(safe)), n < width ? width - n + 1 : 1, "");
}

static void
show(const struct hosts *h)
{
	for (size_t i = h->list.top; i < h->list.found_n && i < h->list.top + PAGE; i++) {
		const struct list_row *r = h->list.found[i];

		printf("%4zu  ", i + 1);
		cell(r->name, 20);
		cell(r->logins, 14);
		cell(r->labels, 24);
		printf("%s\r\n", r->allowed ? "" : "(no)");
	}
	if (h->list.found_n == 0)
		printf("nothing matches\r\n");
	else if (h->list.found_n > PAGE)
		printf("%zu to %zu of %zu\r\n", h->list.top + 1,
		    h->list.top + PAGE < h->list.found_n ? h->list.top + PAGE : h->list.found_n, h->list.found_n);
}

static void
help(void)
{
	printf("NUMBER [LOGIN] connects, words search, n b page, p all, ? help, q leaves\r\n");
}

static void
pick(struct hosts *h, size_t index, const char *login)
{
	const struct list_row *r = index < h->list.found_n ? h->list.found[index] : NULL;
	char why[400];
	unsigned at;

	if (r == NULL) {
		printf("there is no number %zu\r\n", index + 1);
		return;
	}
	if (!r->allowed) {
		printf("%s\r\n", text_escaped(slice_from(r->why), why, sizeof(why)));
		return;
	}
	if (login[0] == '\0' && hosts_wanted_at(h, r, &at))
		login = h->wanted_login;
	for (unsigned i = 0; hosts_login_at(r, i, h->chosen_login, sizeof(h->chosen_login)); i++) {
		if (login[0] != '\0' ? strcmp(login, h->chosen_login) != 0 : strchr(r->logins, ',') != NULL)
			continue;
		(void)snprintf(h->host, sizeof(h->host), "%s", r->name);
		h->chosen = h->over = true;
		return;
	}
	printf("which login? write %zu and one of %s\r\n", index + 1, text_escaped(slice_from(r->logins), why, sizeof(why)));
}

static void
page(struct hosts *h, bool on)
{
	if (on && h->list.top + PAGE < h->list.found_n)
		h->list.top += PAGE;
	else if (!on)
		h->list.top = h->list.top > PAGE ? h->list.top - PAGE : 0;
	show(h);
}

static void
search(struct hosts *h, const char *words)
{
	list_set_query(&h->list, words);
	h->list.top = 0;
	if (h->list.found_n == 1 && words[0] != '\0' && h->list.found[0]->allowed &&
	    strcmp(h->list.found[0]->name, words) == 0)
		pick(h, 0, "");
	else
		show(h);
}

static void
answer(struct hosts *h, char *line)
{
	size_t digits, blanks;
	uint64_t n;

	line[strcspn(line, "\r\n")] = '\0';
	digits = strspn(line, "0123456789");
	blanks = strspn(line + digits, " ");
	if (strcmp(line, "q") == 0 || strcmp(line, "exit") == 0 || strcmp(line, "quit") == 0)
		h->over = true;
	else if (strcmp(line, "?") == 0 || strcmp(line, "h") == 0)
		help();
	else if (strcmp(line, "n") == 0 || line[0] == '\0')
		page(h, true);
	else if (strcmp(line, "b") == 0)
		page(h, false);
	else if (strcmp(line, "p") == 0)
		search(h, "");
	else if ((line[digits] == '\0' || blanks > 0) && text_u64(slice_of(line, digits), LIST_ROWS_MAX, &n) && n > 0)
		pick(h, (size_t)n - 1, line + digits + blanks);
	else
		search(h, line[0] == '/' ? line + 1 : line);
}

void
plain_run(struct hosts *h)
{
	char line[512], notice[500];

	if (h->notice[0] != '\0')
		printf("%s\r\n", text_cleaned(slice_from(h->notice), notice, sizeof(notice)));
	list_set_height(&h->list, PAGE);
	printf("fortress: %s\r\n", h->user);
	search(h, h->list.query);
	help();
	while (!h->over) {
		printf("host> ");
		(void)fflush(stdout);
		if (fgets(line, sizeof(line), stdin) == NULL)
			break;
		answer(h, line);
	}
	(void)fflush(stdout);
}
