/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The host picker as a screen, and as plain lines where there is none. */
#ifndef UI_HOSTS_H
#define UI_HOSTS_H

#include "ui/list.h"

struct hosts {
	struct list list;
	char user[128], notice[400];
	/* what is open over the list */
	enum { HOSTS_LIST, HOSTS_DETAILS, HOSTS_HELP, HOSTS_LOGINS } pane;
	unsigned login;                    /* index in the chooser */
	char wanted_login[256];            /* taken without asking where a host has it */
	/* the result */
	bool complete;                     /* all rows have come */
	bool over, chosen;
	char host[256], chosen_login[256];
};

void hosts_init(struct hosts *h);
void hosts_done(struct hosts *h);
void hosts_draw(struct hosts *h);
void hosts_keys(struct hosts *h);          /* handles all keys that are there */
/* The n-th of "a,b,c"; false when there are fewer. */
bool hosts_login_at(const struct list_row *r, unsigned n, char *out, size_t size);

/* Where the wanted login is among the host's; false: none is wanted, or the host has it not. */
bool hosts_wanted_at(const struct hosts *h, const struct list_row *r, unsigned *at);

/* Plain mode: lines in, lines out, until a choice or the end of input. */
void plain_run(struct hosts *h);

#endif
