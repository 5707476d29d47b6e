/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * All of a new configuration or none of it.  It is read, then an acceptor is started that is to serve by it; only when
 * that does (so its host keys, say, can be read) it takes force here and in the gate, too, which then also reads the
 * policy again.  Until then, and when anything fails, all serve on by the old one.
 */
#include "base/log.h"
#include "monitor/child.h"
#include "monitor/reload.h"
#include "monitor/settings.h"

static void
not_loaded(const char *why)
{
	log_error("configuration not loaded, the old one stays: %s", why);
}

void
reload_failed(struct monitor *m, const char *why)
{
	not_loaded(why);
	conf_free(m->conf_next);
	m->conf_next = NULL;
}

void
reload_begin(struct monitor *m)
{
	struct err e = { 0 };
	struct conf *c = conf_load(m->conf_path, m->state_dir, &e);

	if (c == NULL) {
		not_loaded(e.text);
		return;
	}
	conf_free(m->conf_next);
	m->conf_next = c;
	if (child_renew_acceptor(m, &e) != 0)
		reload_failed(m, e.text);
}

void
reload_done(struct monitor *m)
{
	struct msg_reload reload = { 0 };

	conf_free(m->conf);
	m->conf = m->conf_next;
	m->conf_next = NULL;
	log_set_level((enum log_level)m->conf->log_level);
	if (m->children[CHILD_GATE].chan != NULL) {
		settings_send(m);
		(void)chan_send(m->children[CHILD_GATE].chan, MSG_RELOAD, &reload);
	}
	log_info("configuration loaded: %s (addresses, accounts, OwnKeys, UserNameFormats and LogLevel of store and gate change at "
	    "the next start)", m->conf_path);
}
