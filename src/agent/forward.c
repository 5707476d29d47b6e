/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include "agent/forward.h"
#include "base/log.h"

/* A connection from here (direct-tcpip).  True if it is on its way. */
static bool
take_tunnel(struct forwards *f, ssh_message m)
{
	struct tunnel *t;

	if (ssh_message_type(m) != SSH_REQUEST_CHANNEL_OPEN || ssh_message_subtype(m) != SSH_CHANNEL_DIRECT_TCPIP ||
	    !f->may_forward || f->ntunnels == TUNNELS_MAX)
		return false;
	t = tunnel_new(f->line, f->account, m);
	if (t != NULL)
		f->tunnels[f->ntunnels++] = t;
	return t != NULL;
}

/* A port of this host, or one no more (tcpip-forward).  True if it is answered. */
static bool
take_listen(struct forwards *f, ssh_message m)
{
	const char *address = ssh_message_global_request_address(m);
	int port = ssh_message_global_request_port(m);
	struct accept *a;
	struct err e;

	if (ssh_message_type(m) != SSH_REQUEST_GLOBAL || ssh_message_subtype(m) != SSH_GLOBAL_REQUEST_TCPIP_FORWARD ||
	    !f->may_forward || f->naccepts == ACCEPTS_MAX || address == NULL)
		return false;
	a = port < 0 || port > 65535 ? NULL : accept_port(f->line, address, &port, &e);
	if (a == NULL) {
		log_info("forward: port %d: %s", port, port < 0 || port > 65535 ? "is none" : e.text);
		return false;
	}
	f->accepts[f->naccepts++] = a;
	(void)ssh_message_global_request_reply_success(m, (uint16_t)port);
	return true;
}

static bool
take_unlisten(struct forwards *f, ssh_message m)
{
	const char *address = ssh_message_global_request_address(m);

	if (ssh_message_type(m) != SSH_REQUEST_GLOBAL || ssh_message_subtype(m) != SSH_GLOBAL_REQUEST_CANCEL_TCPIP_FORWARD ||
	    address == NULL)
		return false;
	for (size_t i = 0; i < f->naccepts; i++)
		if (accept_is_port(f->accepts[i], address, ssh_message_global_request_port(m))) {
			accept_free(f->accepts[i]);
			f->accepts[i] = f->accepts[--f->naccepts];
			(void)ssh_message_global_request_reply_success(m, 0);
			return true;
		}
	return false;
}

/* One socket serves all channels of a connection: it is one user's agent. */
const char *
forward_lend(void *arg)
{
	struct forwards *f = arg;
	struct err e;

	if (!f->may_lend)
		return NULL;
	if (f->lent == NULL && f->naccepts < ACCEPTS_MAX) {
		f->lent = accept_agent(f->line, f->account, &e);
		if (f->lent != NULL)
			f->accepts[f->naccepts++] = f->lent;
		else
			log_error("agent forwarding: %s", e.text);
	}
	return f->lent != NULL ? accept_path(f->lent) : NULL;
}

static void
take_accepted(struct forwards *f)
{
	struct tunnel *t;

	for (size_t k = 0; k < f->naccepts; k++)
		while (f->ntunnels < TUNNELS_MAX && (t = accept_next(f->accepts[k])) != NULL)
			f->tunnels[f->ntunnels++] = t;
}

static void
drop_tunnels(struct forwards *f)
{
	for (size_t k = 0; k < f->ntunnels;) {
		if (!tunnel_is_over(f->tunnels[k])) {
			tunnel_watch(f->tunnels[k++]);
			continue;
		}
		tunnel_free(f->tunnels[k]);
		f->tunnels[k] = f->tunnels[--f->ntunnels];
	}
}

bool
forward_take(struct forwards *f, ssh_message m)
{
	return take_tunnel(f, m) || take_listen(f, m) || take_unlisten(f, m);
}

bool
forward_pump(struct forwards *f)
{
	bool moved = false;

	take_accepted(f);
	for (size_t k = 0; k < f->ntunnels; k++)
		moved |= tunnel_pump(f->tunnels[k]);
	return moved;
}

void
forward_look(struct forwards *f)
{
	drop_tunnels(f);
	for (size_t k = 0; k < f->naccepts; k++)
		accept_watch(f->accepts[k], f->ntunnels < TUNNELS_MAX);
}

size_t
forward_helpers(const struct forwards *f, pid_t helpers[FORWARD_HELPERS])
{
	size_t n = 0;

	for (size_t i = 0; i < f->ntunnels; i++)
		helpers[n++] = tunnel_child(f->tunnels[i]);
	for (size_t i = 0; i < f->naccepts; i++)
		helpers[n++] = accept_child(f->accepts[i]);
	return n;
}

void
forward_done(struct forwards *f)
{
	while (f->ntunnels > 0)
		tunnel_free(f->tunnels[--f->ntunnels]);
	while (f->naccepts > 0)
		accept_free(f->accepts[--f->naccepts]);
	f->lent = NULL;
}
