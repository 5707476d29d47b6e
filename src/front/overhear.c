/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <string.h>

#include "front/auth.h"
#include "front/jump.h"
#include "front/overhear.h"

#define UNKNOWN "UNKNOWN SSH_MSG_GLOBAL_REQUEST "
#define LOGIN   "Auth request for service "
#define METHOD  ", method "

static struct front *the_front;          /* libssh's log is one for the process */
static ssh_session whose;

static bool
is_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	return strncmp(text, word, n) == 0 && text[n] == ',';
}

/* The service stands before the method, and is the client's word. */
static void
heard_login(const char *text)
{
	size_t n = strlen(LOGIN "ssh-connection" METHOD);

	if (text != NULL)
		auth_overheard(the_front, strncmp(text, LOGIN "ssh-connection" METHOD, n) == 0 ? text + n : "");
}

/* A host's requests are nobody's: there is no such door. */
static void
on_log(int priority, const char *function, const char *text, void *arg)
{
	const char *name = whose != NULL ? strstr(text, UNKNOWN) : NULL;
	struct door *d;

	(void)priority, (void)arg;
	if (strcmp(function, "ssh_packet_userauth_request") == 0 && the_front->door.wire.ssh == whose)
		heard_login(strstr(text, LOGIN));
	if (name == NULL)
		return;
	d = the_front->door.wire.ssh == whose ? &the_front->door : jump_find_door(the_front, whose);
	name += strlen(UNKNOWN);
	if (d != NULL && is_word(name, "no-more-sessions@openssh.com"))
		d->no_more_sessions = true;
	else if (d != NULL && is_word(name, "streamlocal-forward@openssh.com"))
		d->sockets_refused++;
}

void
overhear_start(struct front *f)
{
	the_front = f;
	(void)ssh_set_log_callback(on_log);
	(void)ssh_set_log_level(SSH_LOG_PACKET);
}

void
overhear_whose(ssh_session s)
{
	whose = s;
}
