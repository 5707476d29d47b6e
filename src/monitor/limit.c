/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * One over a limit is closed without a word, as sshd does.  Between start and full of MaxStartups chance decides, so that
 * whoever floods takes most of the refusals and a user soon gets in; at full, whoever holds most has to go.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "monitor/limit.h"
#include "msg/ocsf.h"

bool
limit_ramp_refuses(const struct conf_ramp *r, unsigned n, unsigned roll)
{
	if (n < r->start)
		return false;
	if (n >= r->full)
		return true;
	return roll < r->rate + (100 - r->rate) * (n - r->start) / (r->full - r->start);
}

static unsigned
roll_now(void)
{
	uint32_t v;

	return secret_random(&v, sizeof(v)) == 0 ? v % 100 : 0;
}

const char *
limit_refuses(const struct monitor *m)
{
	if (m->store_full)
		return "the store cannot write, and has no room for more";
	if (m->conns_n >= m->conf->connections_max)
		return "MaxConnections reached";
	if (m->startups_n >= m->conf->startups.start && !limit_is_full(m) && limit_ramp_refuses(&m->conf->startups, m->startups_n, roll_now()))
		return "MaxStartups reached: refused at random";
	return NULL;
}

bool
limit_is_full(const struct monitor *m)
{
	return m->startups_n >= m->conf->startups.full;
}

static bool
is_among(const struct conf_networks *list, const struct net_addr *a)
{
	for (unsigned i = 0; i < list->n; i++)
		if (net_prefix_holds(&list->items[i], a))
			return true;
	return false;
}

bool
limit_is_proxy(const struct monitor *m, const struct net_addr *a)
{
	return is_among(&m->conf->proxies, a);
}

/* A proxy's own connections are looks whether we live. */
static bool
is_exempt(const struct monitor *m, const struct net_addr *a)
{
	return !m->conf->penalties || is_among(&m->conf->penalty_exempt, a) || limit_is_proxy(m, a);
}

const char *
limit_refuses_source(const struct monitor *m, const struct net_addr *a)
{
	static char why[96];
	unsigned s;

	if (sources_startups(m->sources, a) >= m->conf->startups_source_max)
		return "MaxStartupsPerSource reached";
	s = is_exempt(m, a) ? 0 : sources_refused_s(m->sources, a, clock_mono());
	if (s == 0)
		return NULL;
	(void)snprintf(why, sizeof(why), "too many connections without a login: %u s more (PerSourcePenalties)", s);
	return why;
}

#define REASONS    8
#define REASON_KEY 24                    /* so many bytes of a reason tell it from others */

void
limit_note(const char *peer, const char *why)
{
	static struct reason { char key[REASON_KEY + 1]; mono_t last; unsigned n; } reasons[REASONS];
	struct reason *r = reasons;

	for (unsigned i = 0; i < REASONS; i++) {
		if (strncmp(reasons[i].key, why, REASON_KEY) == 0) {
			r = &reasons[i];
			break;
		}
		if (reasons[i].last.us < r->last.us)
			r = &reasons[i];
	}
	if (strncmp(r->key, why, REASON_KEY) != 0) {
		*r = (struct reason){ 0 };
		(void)snprintf(r->key, sizeof(r->key), "%s", why);
	}
	r->n++;
	if (r->last.us != 0 && clock_ms_since(r->last) < 1000)
		return;
	log_warn("connection refused: %s: %s (%u so far)", peer, why, r->n);
	r->last = clock_mono();
}

/* That a source is refused from now on is worth a line in the audit; that it knocks again is not. */
void
limit_punish(struct monitor *m, const struct net_addr *a, enum source_fault fault)
{
	struct msg_event event = { .class_uid = OCSF_LOGIN, .activity = 99, .severity = 3 };
	char peer[NET_TEXT], text[200];
	unsigned s;

	if (is_exempt(m, a) || m->stopping || m->children[CHILD_STORE].chan == NULL)
		return;
	s = sources_punish(m->sources, a, fault, clock_mono());
	if (s == 0)
		return;
	(void)snprintf(text, sizeof(text), "%s is refused for %u s: too many connections without a login", net_print(a, peer), s);
	log_warn("%s", text);
	event.src = slice_from(peer);
	event.text = slice_from(text);
	(void)chan_send(m->children[CHILD_STORE].chan, MSG_EVENT, &event);
}
