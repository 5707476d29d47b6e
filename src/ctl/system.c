/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The bastion as a whole: serve, status, reload. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/spawn.h"
#include "ctl/ask.h"
#include "ctl/doctor.h"
#include "ctl/setup.h"

/* The monitor takes over this process, so that whoever started it (systemd, a shell) has it by its pid. */
static int
serve(struct ctl *c, int argc, char **argv)
{
	char path[4096];
	char **args = calloc((size_t)argc + 4, sizeof(*args));
	int n = 0;

	if (args == NULL || spawn_path("fortress-monitor", path, sizeof(path)) != 0) {
		free(args);
		return ctl_fail(c, "out of memory");
	}
	args[n++] = path;
	args[n++] = (char *)(uintptr_t)"--state";
	args[n++] = c->state;
	for (int i = 1; i < argc; i++)
		args[n++] = argv[i];
	execv(path, args);
	free(args);
	return ctl_fail(c, "%s: %s", path, strerror(errno));
}

static const struct out_column status_columns[] = {
	{ "users", OUT_NUMBER, 0 }, { "hosts", OUT_NUMBER, 0 }, { "rules", OUT_NUMBER, 0 }, { "policy", OUT_STRING, 0 },
	{ "policy_error", OUT_STRING, 0 }, { NULL, 0, 0 },
};

static bool
status_seen(void *arg, unsigned type, const void *message)
{
	struct ask_rows *l = arg;
	const struct msg_status_is *m = message;

	if (type != MSG_STATUS_IS)
		return false;
	l->n++;
	out_number(l->out, m->users);
	out_number(l->out, m->hosts);
	out_number(l->out, m->rules);
	out_text(l->out, m->policy_hash);
	out_text(l->out, m->policy_error);
	return true;
}

static int
status(struct ctl *c, int argc, char **argv)
{
	struct msg_status m = { .req = 1 };

	if (ctl_plain(c, argc, argv, 0, 0) != CTL_OK)
		return CTL_USAGE;
	return ask_print(c, status_columns, true, MSG_STATUS, &m, status_seen, NULL);
}

struct reloaded { struct ctl *c; bool ok; };

static const struct out_column reload_columns[] = { { "loaded", OUT_STRING, 0, 0 }, { NULL, 0, 0, 0 } };

static int
reloaded_print(const struct ctl *c, struct slice what)
{
	struct out *o = ctl_out(c, reload_columns, true);

	out_text(o, what);
	return out_end(o);
}

static bool
reload_seen(void *arg, unsigned type, const void *message)
{
	struct reloaded *r = arg;
	const struct msg_reloaded *m = message;

	if (type != MSG_RELOADED)
		return false;
	r->ok = m->ok != 0;
	if (r->ok && r->c->format != OUT_TEXT)
		r->ok = reloaded_print(r->c, m->text) == 0;
	else if (r->ok)
		printf("policy loaded: %.*s\n", (int)m->text.n, (const char *)m->text.p);
	else
		(void)err_set(&r->c->e, -EINVAL, "the policy was not loaded, the old one stays in force: %.*s", (int)m->text.n,
		    (const char *)m->text.p);
	return true;
}

static int
reload(struct ctl *c, int argc, char **argv)
{
	struct reloaded answer = { .c = c };
	struct msg_reload m = { .req = 1 };

	if (ctl_plain(c, argc, argv, 0, 0) != CTL_OK)
		return CTL_USAGE;
	return ask_once(c, MSG_RELOAD, &m, reload_seen, &answer) == 0 && answer.ok ? CTL_OK : CTL_FAILED;
}

static const struct out_column version_columns[] = { { "version", OUT_STRING, 0, 0 }, { NULL, 0, 0, 0 } };

static int
version(struct ctl *c, int argc, char **argv)
{
	struct out *o;

	if (ctl_plain(c, argc, argv, 0, 0) != CTL_OK)
		return CTL_USAGE;
	if (c->format == OUT_TEXT)
		return puts("fortress " PACKAGE_VERSION) >= 0 ? CTL_OK : CTL_FAILED;
	o = ctl_out(c, version_columns, true);
	out_cstr(o, PACKAGE_VERSION);
	return out_end(o) == 0 ? CTL_OK : CTL_FAILED;
}

const struct command commands_system[] = {
	{ "setup", NULL, "[--user NAME] [--listen ADDRESS] [--port N]",
	    "make what a bastion needs: state directory, accounts, host keys, configuration, policy", setup },
	{ "serve", NULL, "[-f FILE] [-t | -T [KEYWORD]] [--background]",
	    "run the bastion; -t checks its configuration, -T prints it, or one setting", serve },
	{ "status", NULL, "", "what the running bastion holds", status },
	{ "reload", NULL, "", "read the policy again; a policy with an error changes nothing", reload },
	{ "doctor", NULL, "", "look for what is wrong, and say what to do", doctor },
	{ "help", NULL, "[COMMAND]", "this text", NULL },
	{ "version", NULL, "", "the version", version },
	{ NULL, NULL, NULL, NULL, NULL },
};
