/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Each verb is a row: what it prints before the gate's rows of hosts, for each of them, and
 * after.  Hosts that share a login become one block of ssh_config, so that thousands of them
 * make few lines.  What is printed is collected, and delivered as the client takes it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "front/approve.h"
#include "front/own.h"
#include "front/replay.h"
#include "front/screen.h"
#include "front/steps.h"
#include "front/verbs.h"
#include "msg/ocsf.h"

#define PRINT_MAX  (32u << 20)
#define LOGINS_MAX 16                    /* blocks of config; further hosts get blocks of their own */
#define LINE_ENOUGH 1000                 /* bytes of a Host line: other readers of ssh_config are less patient than ssh */

struct block {
	char login[FRONT_NAME_MAX];
	struct buf names;
};

struct verb {
	const char *words, *args, *what;         /* args: for the help; NULL: the words are the whole command */
	void (*row)(struct channel *c, const struct msg_host_row *row);
	void (*end)(struct channel *c);
	void (*start)(struct channel *c, const char *args);      /* not NULL: it asks for itself */
};

/* ---- hosts ---- */

static void
hosts_row(struct channel *c, const struct msg_host_row *row)
{
	struct buf *b = &c->listing->out;

	if (!row->allowed)
		return;
	(void)text_escape(b, row->name);
	(void)buf_text(b, "\t");
	(void)text_escape(b, row->logins);
	(void)buf_text(b, "\t");
	(void)text_escape(b, row->labels);
	(void)buf_text(b, "\n");
}

static void
hosts_row_json(struct channel *c, const struct msg_host_row *row)
{
	struct buf *b = &c->listing->out;

	(void)buf_text(b, "{\"name\":");
	(void)text_json(b, row->name);
	(void)buf_text(b, ",\"logins\":");
	(void)text_json(b, row->logins);
	(void)buf_text(b, ",\"labels\":");
	(void)text_json(b, row->labels);
	(void)buf_printf(b, ",\"allowed\":%s,\"why\":", row->allowed ? "true" : "false");
	(void)text_json(b, row->why);
	(void)buf_text(b, "}\n");
}

/* ---- config ---- */

/* Where the client came in, as far as we can know it: "ADDRESS" and "PORT". */
static void
way_in(const struct front *f, char address[64], char port[8])
{
	const char *colon = strrchr(f->local, ':');
	size_t n = colon != NULL ? (size_t)(colon - f->local) : strlen(f->local);
	const char *at = f->local;

	if (n >= 2 && at[0] == '[') {
		at++;
		n -= 2;
	}
	(void)snprintf(address, 64, "%.*s", (int)n, at);
	(void)snprintf(port, 8, "%.7s", colon != NULL ? colon + 1 : "22");
}

/* Hosts and logins go into files that ssh reads: only those made of what host names are made of. */
static bool
is_plain(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", s.p[i]) == NULL)
			return false;
	return s.n > 0;
}

static struct slice
first_login(struct slice logins)
{
	struct slice first = slice_of(NULL, 0);

	(void)take_part(&logins, ',', &first);
	return first;
}

static void
block_print(struct buf *b, struct slice names, struct slice login)
{
	(void)buf_text(b, "Host");
	(void)buf_slice_append(b, names);
	(void)buf_printf(b, "\n\tUser %.*s\n", (int)login.n, (const char *)login.p);
}

static void
jump_row(struct channel *c, const struct msg_host_row *row)
{
	struct listing *l = c->listing;
	struct slice login = first_login(row->logins);
	char name[FRONT_NAME_MAX + 8];
	unsigned i = 0;

	if (!row->allowed || !is_plain(row->name) || !is_plain(login))
		return;
	(void)snprintf(name, sizeof(name), " %.*s.fx", (int)row->name.n, (const char *)row->name.p);
	while (i < l->blocks_n && !slice_is(login, l->blocks[i].login))
		i++;
	if (i == LOGINS_MAX) {
		block_print(&l->out, slice_from(name), login);
		return;
	}
	if (l->blocks == NULL && (l->blocks = calloc(LOGINS_MAX, sizeof(*l->blocks))) == NULL)
		return;
	if (i == l->blocks_n) {
		if (slice_copy(login, l->blocks[i].login, sizeof(l->blocks[i].login)) != 0)
			return;
		buf_init(&l->blocks[i].names, PRINT_MAX);
		l->blocks_n++;
	}
	(void)buf_text(&l->blocks[i].names, name);
	if (l->blocks[i].names.len < LINE_ENOUGH)
		return;
	block_print(&l->out, buf_slice(&l->blocks[i].names), login);
	buf_clear(&l->blocks[i].names);
}

static void
known_hosts(struct channel *c)
{
	const struct front *f = c->front;
	char address[64], port[8];

	way_in(f, address, port);
	for (unsigned i = 0; i < f->o->host_keys.n; i++)
		(void)buf_printf(&c->listing->out, strcmp(port, "22") == 0 ? "%s,*.fx %.0s%s\n" : "[%s]:%s,*.fx %s\n", address, port,
		    f->o->host_lines[i]);
}

static void
jump_end(struct channel *c)
{
	struct listing *l = c->listing;
	char address[64], port[8];

	way_in(c->front, address, port);
	for (unsigned i = 0; i < l->blocks_n; i++)
		if (l->blocks[i].names.len > 0)
			block_print(&l->out, buf_slice(&l->blocks[i].names), slice_from(l->blocks[i].login));
	(void)buf_printf(&l->out, "Host fortress\n\tHostName %s\n\tPort %s\n\tUser %s\n"
	    "Host *.fx\n\tProxyJump fortress\n", address, port, c->front->user);
	(void)buf_text(&l->out, "# All that goes on at once as one login and one connection on the record (Ansible, say), behind Host fortress:\n"
	    "#\tControlMaster auto\n#\tControlPath ~/.ssh/fortress-%C\n#\tControlPersist 60\n");
	(void)buf_printf(&l->out, "# These lines go into ~/.ssh/config; then: ssh HOST.fx, scp FILE HOST.fx:, rsync, sftp, git.\n"
	    "# Host keys:  ssh -p %s %s@%s config --known-hosts >>~/.ssh/known_hosts\n", port, c->front->user, address);
}

static void
putty_row(struct channel *c, const struct msg_host_row *row)
{
	struct slice login = first_login(row->logins);
	char address[64], port[8];

	if (!row->allowed || !is_plain(row->name) || !is_plain(login))
		return;
	way_in(c->front, address, port);
	(void)buf_printf(&c->listing->out, "putty -ssh -P %s %s+%.*s+%.*s@%s\n", port, c->front->user, (int)login.n,
	    (const char *)login.p, (int)row->name.n, (const char *)row->name.p, address);
}

static void
ansible_row(struct channel *c, const struct msg_host_row *row)
{
	struct listing *l = c->listing;
	struct slice login = first_login(row->logins);
	char address[64], port[8];

	if (!row->allowed || !is_plain(row->name) || !is_plain(login))
		return;
	if (l->out.len == 0)
		(void)buf_text(&l->out, "[fortress]\n");
	way_in(c->front, address, port);
	(void)buf_printf(&l->out, "%.*s ansible_host=%s ansible_port=%s ansible_user=%s+%.*s+%.*s\n", (int)row->name.n,
	    (const char *)row->name.p, address, port, c->front->user, (int)login.n, (const char *)login.p,
	    (int)row->name.n, (const char *)row->name.p);
}

/* ---- the table ---- */

static void help_end(struct channel *c);

static const struct verb verbs[] = {
	{ "hosts", NULL, "the hosts that you may reach", hosts_row, NULL, NULL },
	{ "hosts --json", NULL, "the same, and the others with the reason, a JSON object a line", hosts_row_json, NULL, NULL },
	{ "sessions", NULL, "your last sessions, newest first", NULL, NULL, own_sessions },
	{ "sessions --json", NULL, "the same, a JSON object a line", NULL, NULL, own_sessions },
	{ "sessions --live", NULL, "sessions that run, yours and those that you may watch", NULL, NULL, screen_list },
	{ "sessions --live --json", NULL, "the same, a JSON object a line", NULL, NULL, screen_list },
	{ "watch", "ID [REASON]", "look at a session while it runs (ssh -t)", NULL, NULL, screen_do },
	{ "join", "ID [REASON]", "the same, and type into it", NULL, NULL, screen_do },
	{ "session watch", "ID [REASON]", "the same as watch", NULL, NULL, screen_do },
	{ "session join", "ID [REASON]", "the same as join", NULL, NULL, screen_do },
	{ "session pause", "ID [REASON]", "nothing goes in or out until resume", NULL, NULL, screen_do },
	{ "session resume", "ID [REASON]", "it goes on", NULL, NULL, screen_do },
	{ "session lock", "ID [REASON]", "nothing that is typed goes in until unlock", NULL, NULL, screen_do },
	{ "session unlock", "ID [REASON]", "what is typed goes in again", NULL, NULL, screen_do },
	{ "session hand", "ID [USER]", "USER, who has joined it, alone types; without one, its own user again", NULL, NULL, screen_do },
	{ "session end", "ID [REASON]", "end it", NULL, NULL, screen_do },
	{ "replay", "ID [ID]", "a recording, or two side by side (ssh -t)", NULL, NULL, replay_start },
	{ "replay --export", "FORM ID", "as a file: ... replay --export cast ID >FILE; also text, json, raw, html", NULL, NULL, replay_start },
	{ "keys", NULL, "your public keys", NULL, NULL, own_keys },
	{ "keys --json", NULL, "the same, a JSON object a line", NULL, NULL, own_keys },
	{ "keys add", NULL, "one more, from standard input: ... keys add < id_ed25519.pub", NULL, NULL, own_key_add },
	{ "keys rm", "FINGERPRINT", "one less", NULL, NULL, own_key_rm },
	{ "request --withdraw", "ID", "never mind", NULL, NULL, approve_withdraw },
	{ "request", "HOST", "asks for approval: ... request HOST --reason WHY --ticket ID [-- COMMAND]", NULL, NULL, approve_request },
	{ "approvals", NULL, "requests for approval: yours, and those that you may approve", NULL, NULL, approve_list },
	{ "approvals --json", NULL, "the same, a JSON object a line", NULL, NULL, approve_list },
	{ "approve", "ID", "yes, perhaps with --reason WHY", NULL, NULL, approve_yes },
	{ "reject", "ID", "no, or no more; perhaps with --reason WHY", NULL, NULL, approve_no },
	{ "config", NULL, "lines for ~/.ssh/config, so that ssh HOST.fx just works", jump_row, jump_end, NULL },
	{ "config --jump", NULL, "the same", jump_row, jump_end, NULL },
	{ "config --known-hosts", NULL, "lines for ~/.ssh/known_hosts", NULL, known_hosts, NULL },
	{ "config --putty", NULL, "a command for PuTTY, a line for each host", putty_row, NULL, NULL },
	{ "config --ansible", NULL, "an inventory", ansible_row, NULL, NULL },
	{ "help", NULL, "this", NULL, help_end, NULL },
};

#define VERBS_N (sizeof(verbs) / sizeof(verbs[0]))

static void
words_print(const struct verb *v, struct buf *out)
{
	(void)buf_printf(out, "%s%s%s", v->words, v->args != NULL ? " " : "", v->args != NULL ? v->args : "");
}

static void
help_end(struct channel *c)
{
	struct buf words;

	buf_init(&words, 64);
	for (size_t i = 0; i < VERBS_N; i++) {
		buf_clear(&words);
		words_print(&verbs[i], &words);
		(void)buf_printf(&c->listing->out, "%-28s %s\n", buf_cstr(&words), verbs[i].what);
	}
	buf_done(&words);
	(void)buf_printf(&c->listing->out, "%-28s %s\n", "[LOGIN@]HOST [COMMAND]", "a session on a host");
	(void)buf_printf(&c->listing->out, "\nWithout a word: the picker.  Straight to a host: ssh %s+HOST@..., as another login: ssh %s+LOGIN+HOST@...\n",
	    c->front->user, c->front->user);
}

struct channel *
listing_find(struct front *f, uint32_t req)
{
	struct channel *c = f->channels;

	while (c != NULL && (c->listing == NULL || c->state != CH_LISTING || c->listing->req != req || req == 0))
		c = c->next;
	return c;
}

void
verb_refuse(struct channel *c, const char *code, const char *reason)
{
	c->refused_code = code;
	c->refused = reason;
	c->state = CH_REFUSED;
}

/* What mosh's client runs: "mosh-server 'new' …", perhaps behind a line that prints SSH_CONNECTION. */
bool
verb_is_mosh(const char *command)
{
	const char *at = strstr(command, "mosh-server "), *word = at != NULL ? at + strlen("mosh-server ") : NULL;
	bool first = at != NULL && at < command + strcspn(command, " ") && (at == command || at[-1] == '/');

	return at != NULL && (first || strstr(command, "MOSH SSH_CONNECTION") != NULL) &&
	    (strncmp(word, "new", 3) == 0 || strncmp(word, "'new'", 5) == 0);
}

void
verb_refuse_mosh(struct channel *c)
{
	struct buf detail;

	buf_init(&detail, 4096);
	(void)buf_text(&detail, "{\"command\":");
	(void)text_json(&detail, slice_of(c->command, strnlen(c->command, 500)));
	(void)buf_text(&detail, "}");
	front_event(c->front, OCSF_SSH, 5, 2, false, "mosh was refused: it would go past the recording", buf_cstr(&detail));
	buf_done(&detail);
	verb_refuse(c, "no-mosh", "mosh goes by UDP past the bastion, where nothing is recorded: use ssh, "
	    "with ServerAliveInterval and tmux on the host for lines that break");
}

static bool
has_first_word(const struct verb *v, const char *command)
{
	size_t n = strcspn(command, " ");

	return strncmp(v->words, command, n) == 0 && strcspn(v->words, " ") == n;
}

/* The first word of each verb is taken, whatever follows. */
static bool
is_ours(const char *command)
{
	for (size_t i = 0; i < VERBS_N; i++)
		if (has_first_word(&verbs[i], command))
			return true;
	return false;
}

/* The arguments of command if it is this verb ("" if it takes none), else NULL. */
static const char *
args_of(const struct verb *v, const char *command)
{
	size_t n = strlen(v->words);

	if (strncmp(command, v->words, n) != 0)
		return NULL;
	if (v->args == NULL)
		return command[n] == '\0' ? "" : NULL;
	return command[n] == ' ' && command[n + 1] != '\0' ? command + n + 1 : NULL;
}

/* The forms of the verb that stands there without what it takes, or of all with its first word. */
static void
forms_print(const char *command, bool alone, struct buf *out)
{
	for (size_t i = 0; i < VERBS_N; i++)
		if (alone ? verbs[i].args != NULL && strcmp(verbs[i].words, command) == 0 : has_first_word(&verbs[i], command)) {
			(void)buf_text(out, out->len > 0 ? ", " : "usage: ");
			words_print(&verbs[i], out);
		}
}

static void
refuse_form(struct channel *c)
{
	struct buf usage;

	buf_init(&usage, sizeof(c->why) - 1);
	forms_print(c->command, true, &usage);
	if (usage.len == 0)
		forms_print(c->command, false, &usage);
	(void)slice_copy(buf_slice(&usage), c->why, sizeof(c->why));
	buf_done(&usage);
	verb_refuse(c, "usage", c->why);
}

bool
verb_take(struct channel *c)
{
	const struct verb *v = verbs;
	char text[FRONT_NAME_MAX + 64];
	const char *args = NULL;

	if (!is_ours(c->command) || (c->front->limits & MSG_LIMIT_COMMAND) != 0)
		return false;
	while (v < verbs + VERBS_N && (args = args_of(v, c->command)) == NULL)
		v++;
	if (v == verbs + VERBS_N) {
		refuse_form(c);
		return true;
	}
	if ((c->listing = calloc(1, sizeof(*c->listing))) == NULL) {
		verb_refuse(c, "memory", "the bastion is short of memory");
		return true;
	}
	c->listing->verb = v;
	(void)snprintf(text, sizeof(text), "%s asked the bastion for: %s", c->front->user, v->words);
	front_event(c->front, OCSF_SSH, 99, 1, true, text, "");
	buf_init(&c->listing->out, PRINT_MAX);
	c->state = CH_LISTING;
	if (v->start != NULL)
		v->start(c, args);
	else if (v->row == NULL)
		verb_rows_end(c);
	else if (rows_ask(c, v->row == hosts_row_json ? MSG_HOSTS_ALL : MSG_HOSTS_ALLOWED) != 0)
		verb_refuse(c, "no-gate", "the gate does not answer");
	return true;
}

void
verb_row(struct channel *c, const struct msg_host_row *row)
{
	c->listing->verb->row(c, row);
}

void
verb_rows_end(struct channel *c)
{
	if (c->listing->verb->end != NULL)
		c->listing->verb->end(c);
	c->listing->over = true;
}

bool
step_listing(struct channel *c)
{
	struct listing *l = c->listing;
	size_t left = l->out.len - l->off;
	int n;

	if (l->reading)
		return own_key_read(c);
	if (left == 0 && l->over) {
		channel_say_end(c, l->status);
		return true;
	}
	if (left == 0 || !wire_is_writable(&c->door->wire))
		return false;
	n = ssh_channel_write(c->ssh, l->out.p + l->off, (uint32_t)(left < FLOW_CHUNK ? left : FLOW_CHUNK));
	if (n < 0)
		c->state = CH_ENDED;
	else
		l->off += (size_t)n;
	return n != 0;
}

bool
step_refused(struct channel *c)
{
	channel_refuse(c, c->refused_code, c->refused);
	return true;
}

void
listing_free(struct channel *c)
{
	struct listing *l = c->listing;

	if (l == NULL)
		return;
	for (unsigned i = 0; i < l->blocks_n; i++)
		buf_done(&l->blocks[i].names);
	free(l->blocks);
	own_done(l);
	buf_done(&l->out);
	free(l);
	c->listing = NULL;
}
