/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stdio.h>
#include <stdlib.h>

#include "front/late.h"

struct late {
	struct late *next;
	struct record record;
	char reason[600];
};

/* The store's channel has drained. */
static void
close_all(void *arg)
{
	struct front *f = arg;
	struct late *l;

	while ((l = f->lates) != NULL && record_close(&l->record, l->reason, "") == 0) {
		f->lates = l->next;
		record_done(&l->record);
		free(l);
	}
}

void
late_close(struct channel *c, const char *reason)
{
	struct front *f = c->front;
	struct late *l = record_close(&c->record, reason, "") != 0 ? malloc(sizeof(*l)) : NULL;

	if (l == NULL)
		return;
	l->next = f->lates;
	l->record = c->record;
	(void)snprintf(l->reason, sizeof(l->reason), "%s", reason);
	f->lates = l;
	c->recording = false;
	chan_on_drained(f->store, close_all, f);
}
