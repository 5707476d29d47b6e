/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include "base/text.h"
#include "front/channel.h"
#include "front/held.h"
#include "front/jump.h"
#include "front/listen.h"

uint32_t
held_new(struct front *f)
{
	if (++f->last_hold == 0)
		f->last_hold = 1;
	return f->last_hold;
}

void
held_drop(struct front *f, uint32_t hold, const char *verb)
{
	struct msg_release m = { .hold = hold, .verb = slice_from(verb) };

	(void)chan_send(f->gate, MSG_RELEASE, &m);
}

void
held_release(struct front *f, uint32_t *hold)
{
	if (*hold != 0)
		held_drop(f, *hold, "");
	*hold = 0;
}

void
held_revoked(struct front *f, const struct msg_revoked *m)
{
	const char *code = slice_is(m->code, HELD_TIMEOUT) ? HELD_TIMEOUT : HELD_CODE;
	char verb[64], reason[600];
	struct channel *c = f->channels;

	(void)text_cleaned(m->reason, reason, sizeof(reason));
	(void)text_escaped(m->verb, verb, sizeof(verb));
	while (c != NULL && c->hold != m->hold)
		c = c->next;
	if (c != NULL)
		channel_revoked(c, code, verb, reason);
	else if (!jump_revoked(f, m->hold, code, reason) && !listen_revoked(f, m->hold, code, reason))
		held_drop(f, m->hold, "");       /* it has just ended */
}
