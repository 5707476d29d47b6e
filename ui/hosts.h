/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The host picker as a screen (hosts.c: what keys and clicks do, hosts_draw.c), and as plain lines where there is none. */
#ifndef UI_HOSTS_H
#define UI_HOSTS_H

#include "ui/layout.h"
#include "ui/list.h"
#include "ui/page.h"

enum hosts_pane { HOSTS_LIST, HOSTS_DETAILS, HOSTS_LOGINS, HOSTS_HELP };

/* What a click hits. */
struct hosts_target {
	const struct list_row *row;        /* or NULL */
	int login;                         /* of the chooser, or -1 */
};

struct hosts {
	struct list list;
	char user[128], notice[400], banner[700];
	enum hosts_pane pane, under;       /* under: the help's */
	unsigned login;                    /* index in the chooser */
	char wanted_login[256];            /* taken without asking where a host has it */
	struct page page;                  /* of the details, or the help */
	const struct list_row *paged;      /* whose details */
	char logins[1024];                 /* as the details show them */
	struct layout layout;              /* of what was drawn last */
	struct hosts_target pressed, clicked;     /* where the button went down; what the last click hit */
	/* the result */
	bool complete;                     /* all rows have come */
	size_t others_n;                   /* how many there are that may not be reached */
	bool others_wanted;                /* they are to be asked for; once is enough */
	bool over, chosen;
	bool sessions, approvals;          /* the screen of sessions, of requests for approval, is wanted */
	char host[256], chosen_login[256];
};

void hosts_init(struct hosts *h);
void hosts_done(struct hosts *h);
void hosts_draw(struct hosts *h);
void hosts_keys(struct hosts *h);          /* handles all keys that are there */
/* The n-th of "a,b,c"; false when there are fewer. */
bool hosts_login_at(const struct list_row *r, unsigned n, char *out, size_t size);
unsigned hosts_logins(const struct list_row *r);
/* "3/12 of 51": the cursor's place, what was found, all. */
const char *hosts_count(const struct hosts *h, char *out, size_t size);

/* Where the wanted login is among the host's; false: none is wanted, or the host has it not. */
bool hosts_wanted_at(const struct hosts *h, const struct list_row *r, unsigned *at);

void hosts_toggle_others(struct hosts *h);

/* Plain mode: lines in, lines out, until a choice or the end of input.  others: brings those rows that were not asked for yet. */
void plain_run(struct hosts *h, void (*others)(void *arg), void *arg);

#endif
