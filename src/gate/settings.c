/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The descriptors come in the order of the fields, and only for files that could be opened. */
#include "base/log.h"
#include "base/text.h"
#include "gate/again.h"
#include "gate/events.h"
#include "gate/settings.h"

static void
tell(struct gate *g, int r, const char *what, const struct err *e)
{
	if (r == 0)
		log_info("%s", e->text);
	else
		log_error("%s not loaded, what was in force stays: %s", what, e->text);
	(void)events_trust(g, r == 0, what, e->text);
}

static void
take_file(struct gate *g, uint32_t how, struct slice path, const int **fd, const char *what,
    int (*load)(struct trust *, int, const char *, struct err *), void (*clear)(struct trust *))
{
	struct err e = { 0 };
	char name[256];

	if (how == MSG_FILE_NONE) {
		clear(g->trust);
		return;
	}
	(void)text_escaped(path, name, sizeof(name));
	tell(g, load(g->trust, how == MSG_FILE_COMES ? *(*fd)++ : -1, name, &e), what, &e);
}

void
settings_take(struct gate *g, const struct chan_in *in)
{
	const struct msg_settings *m = in->message;
	const int *fd = in->fds;
	struct methods methods;
	char text[4096];

	if ((m->cas == MSG_FILE_COMES) + (m->revoked == MSG_FILE_COMES) != in->nfds)
		return;
	take_file(g, m->cas, m->cas_name, &fd, "TrustedUserCAKeys", trust_load_cas, trust_clear_cas);
	take_file(g, m->revoked, m->revoked_name, &fd, "RevokedKeys", trust_load_revoked, trust_clear_revoked);
	if (slice_copy(m->methods, text, sizeof(text)) == 0 && methods_parse(text, &methods, NULL) == 0)
		g->methods = methods;
	g->mfa_period_s = m->mfa_period_s;
	again_all(g, "the lists of authorities and of revoked keys were read again");
}
