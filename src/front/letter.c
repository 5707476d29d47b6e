/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include "front/letter.h"
#include "front/overhear.h"

#define LETTERS_ROUND 256                /* others get their turn too */

/* libssh would have us use its callbacks, which must answer at once. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static ssh_message
letter_next(struct wire *w)
{
	ssh_message m = NULL;

	overhear_whose(w->ssh);
	if (!w->dead && w->event != NULL)
		m = ssh_message_get(w->ssh);
	overhear_whose(NULL);
	return m;
}

bool
letter_take_in(struct wire *w, void (*fn)(void *arg, ssh_message m), void *arg)
{
	ssh_message m;

	if (!wire_has_moved(w))
		return false;
	for (int i = 0; i < LETTERS_ROUND; i++) {
		m = letter_next(w);
		if (m == NULL)
			return true;
		fn(arg, m);
	}
	w->seen--;                       /* there may be more */
	return true;
}

void
letter_accept(ssh_message m)
{
	(void)ssh_message_channel_request_reply_success(m);
	ssh_message_free(m);
}

void
letter_refuse(ssh_message m)
{
	(void)ssh_message_reply_default(m);
	ssh_message_free(m);
}

struct letter_pty
letter_pty(ssh_message m)
{
	return (struct letter_pty){ ssh_message_channel_request_pty_term(m), ssh_message_channel_request_pty_width(m),
		ssh_message_channel_request_pty_height(m) };
}

struct letter_x11
letter_x11(ssh_message m)
{
	return (struct letter_x11){ ssh_message_channel_request_x11_single_connection(m) != 0,
		ssh_message_channel_request_x11_auth_protocol(m), ssh_message_channel_request_x11_auth_cookie(m),
		ssh_message_channel_request_x11_screen_number(m) };
}

ssh_key
letter_key(ssh_message m, enum ssh_publickey_state_e *state)
{
	*state = ssh_message_auth_publickey_state(m);
	return ssh_message_auth_pubkey(m);
}

const char *
letter_password(ssh_message m)
{
	return ssh_message_auth_password(m);
}
