/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The configuration file.  Each keyword is a row: its name, kind (conf_value.h), place in
 * struct conf, default, limits and its line of help.  Blank lines and # comments are skipped; keywords
 * match in any case; a value may stand in double quotes; a keyword given twice is an error
 * unless its row is a list.
 */
#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/methods.h"
#include "base/text.h"
#include "monitor/conf.h"
#include "monitor/conf_check.h"
#include "monitor/conf_value.h"

#define FILE_MAX      262144
#define INCLUDE_DEPTH 8
#define HOST_KEYS_MAX 8                  /* as the fronts take */

static const char *const yes_no[] = { "no", "yes", NULL };
static const char *const audits[] = { "off", "wanted", "required", NULL };
static const char *const formats[] = { "jumpserver", "warpgate", NULL };      /* bits: enum names_format of the gate */

#define AT(field) offsetof(struct conf, field)

static const struct conf_row rows[] = {
	{ "ListenAddress", LIST, AT(listen), "127.0.0.1:2222", 0, 0, NULL,
	    "Address and port to accept SSH on; may be given several times." },
	{ "HostKey", PATHS, AT(host_keys), NULL, 0, HOST_KEYS_MAX, NULL,
	    "A private host key; may be given several times. Without one: those of keys/host_ed25519, host_ecdsa and host_rsa that "
	    "are there; at least one must be." },
	{ "Policy", PATH, AT(policy), "policy.conf", 0, 0, NULL, "The policy, see policy(5)." },
	{ "LogLevel", WORD, AT(log_level), "info", 0, 0, log_words, "How much the operator's log says." },
	{ "UsePAM", WORD, AT(use_pam), "no", 0, 0, yes_no,
	    "Offer keyboard-interactive through PAM, and run PAM's account and session phases for every login." },
	{ "PAMService", TEXT, AT(pam_service), "fortress", 0, 0, NULL, "The service's name in /etc/pam.d." },
	{ "PasswordAuthentication", WORD, AT(password), "no", 0, 0, yes_no,
	    "Also offer the password method (through PAM)." },
	{ "TrustedUserCAKeys", PATH, AT(user_cas), NULL, 0, 0, NULL,
	    "Public keys of authorities whose user certificates let in, one a line; see USER CERTIFICATES." },
	{ "RevokedKeys", PATH, AT(revoked_keys), NULL, 0, 0, NULL,
	    "Keys, authorities and certificates that let in no more: lines of public keys and fingerprints, or what "
	    "ssh-keygen -k makes." },
	{ "AuthenticationMethods", METHODS, AT(methods), "any", 0, 0, NULL,
	    "What a login has to prove: lists of methods, each in its order; see AUTHENTICATION." },
	{ "MfaPeriod", DURATION, AT(mfa_period_s), "0s", 0, 30 * 86400, NULL,
	    "How long a second factor counts for further logins with the same key from the same address; 0 means that it does not." },
	{ "LoginGraceTime", DURATION, AT(login_grace_s), "60s", 1, 3600, NULL,
	    "How long a client may take to log in." },
	{ "MaxAuthTries", NUMBER, AT(auth_tries_max), "6", 1, 100, NULL, "Failed tries that a connection may make." },
	{ "MaxChannels", NUMBER, AT(channels_max), "64", 1, 1000, NULL, "Channels open at once on a connection." },
	{ "MaxConnections", NUMBER, AT(connections_max), "5000", 1, 100000, NULL, "Connections open at once." },
	{ "MaxStartups", RAMP, AT(startups), "200", 1, 100000, NULL,
	    "Connections at once that have not logged in yet; beyond, one of the source that has most of them is closed. "
	    "As start:rate:full, rate percent of new ones are also refused at random from start on, growing to all at full." },
	{ "MaxStartupsPerSource", NUMBER, AT(startups_source_max), "50", 1, 100000, NULL,
	    "The most that one address may have (IPv6: one /64)." },
	{ "PerSourcePenalties", WORD, AT(penalties), "yes", 0, 0, yes_no,
	    "Remember connections that end without a login (1 s each, 5 s with a wrong key or password, 10 s when the time was up, "
	    "90 s when the process died): from 15 s on, the address (IPv6: the /64) is refused until they have passed, 10 min at most." },
	{ "PerSourcePenaltyExemptList", NETWORKS, AT(penalty_exempt), NULL, 0, 0, NULL,
	    "Whom PerSourcePenalties spares: networks, separated by blanks; may be given several times." },
	{ "ProxyProtocolFrom", NETWORKS, AT(proxies), NULL, 0, 0, NULL,
	    "Load balancers that put a PROXY header (version 1 or 2) in front of each connection; may be given several times. "
	    "The address in it is then the client's, for every limit, rule and record. A connection from there without one is closed. "
	    "From anybody else a header is garbage." },
	{ "OwnKeys", WORD, AT(own_keys), "yes", 0, 0, yes_no,
	    "Users may add and remove their own public keys (ssh USER@bastion keys)." },
	{ "UserNameFormats", WORDS, AT(name_formats), NULL, 0, 0, formats,
	    "Also take user names as other bastions write them: jumpserver for alice@root@web1 and alice#root#web1, "
	    "warpgate for alice:web1, alice:root:web1 and alice#web1." },
	{ "RecordWindow", SIZE, AT(record_window), "16M", 0, 1ull << 30, NULL,
	    "Bytes that may be delivered before the store has them on disk; beyond, the session waits." },
	{ "RecordTimeout", DURATION, AT(record_timeout_s), "10s", 1, 600, NULL,
	    "How long the store may be silent before the session ends." },
	{ "GateTimeout", DURATION, AT(gate_timeout_s), "10s", 1, 600, NULL,
	    "How long the gate, which ends what is not permitted any more, may be silent before all sessions end and it is started again." },
	{ "RecordStrict", WORD, AT(record_strict), "no", 0, 0, yes_no,
	    "Deliver nothing before it is on disk (adds the store's commit time to every key)." },
	{ "RetainRecordings", DURATION, AT(retain_s), "0s", 0, 36525ull * 86400, NULL,
	    "How long recordings are kept, such as 400d; 0 means for ever; see RETENTION." },
	{ "WatchNotice", WORD, AT(watch_notice), "yes", 0, 0, yes_no,
	    "Tell users who watches a session of theirs. That somebody types into it, or holds it up, they are told in any case." },
	{ "KernelAudit", WORD, AT(kernel_audit), "wanted", 0, 0, audits,
	    "Send records to the kernel's audit log; required refuses logins when that log does not take them." },
	{ "CheckpointFile", PATH, AT(checkpoint_file), NULL, 0, 0, NULL,
	    "Also write each signed checkpoint here; best on another machine's mount." },
	{ "CheckpointSyslog", PATH, AT(checkpoint_syslog), NULL, 0, 0, NULL,
	    "Also say each signed checkpoint to syslog at this socket, such as /dev/log." },
	{ "NotifySink", LIST, AT(notify_sinks), NULL, 0, 0, NULL,
	    "Who can be told by require notify of policy(5), read at the start: NAME webhook URL KEYFILE, a POST signed as Standard Webhooks "
	    "has it, with the key (whsec_...) in that file; or NAME syslog SOCKET, such as /dev/log. May be given several times." },
	{ "User", TEXT, AT(user), "_fortress", 0, 0, NULL, "Account of the processes that face the network." },
	{ "GateUser", TEXT, AT(gate_user), "_fortress-gate", 0, 0, NULL, "Account of the gate." },
	{ "StoreUser", TEXT, AT(store_user), "_fortress-store", 0, 0, NULL, "Account of the store." },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

struct parse {
	struct conf *conf;
	struct conf_place place;
	unsigned depth;
	bool live, seen[ROWS];               /* live: from a file, on the machine that is to serve by it */
};

static void *
field(struct conf *c, const struct conf_row *r)
{
	return (char *)c + r->offset;
}

static const void *
field_const(const struct conf *c, const struct conf_row *r)
{
	return (const char *)c + r->offset;
}

static int
fail(struct parse *p, size_t col, const char *what, const char *word, const char *hint)
{
	return conf_fail(&p->place, col, what, word, hint);
}

/* The value, and whether there is what it names. */
static int
value_set(struct parse *p, const struct conf_row *r, size_t col, const char *text)
{
	char why[512];
	int n = conf_value_set(r, field(p->conf, r), &p->place, col, text);

	if (n == 0 && !conf_check(r->name, text, p->place.state_dir, p->live, why, sizeof(why)))
		n = fail(p, col, r->name, text, why);
	return n;
}

static const struct conf_row *
row_find(const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcasecmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static void
hint_put(const char *word, char *hint, size_t size)
{
	const char *names[ROWS], *near;

	for (size_t i = 0; i < ROWS; i++)
		names[i] = rows[i].name;
	near = text_nearest(word, names, ROWS);
	snprintf(hint, size, near != NULL ? "did you mean %s?" : "see fortress.conf(5)%s", near != NULL ? near : "");
}

static int
unknown_keyword(struct parse *p, size_t col, const char *word)
{
	char hint[96];

	hint_put(word, hint, sizeof(hint));
	return fail(p, col, "unknown keyword", word, hint);
}

static int parse_file(struct parse *p, const char *path);

static int
include(struct parse *p, size_t col, const char *pattern)
{
	struct conf_place place = p->place;
	char *path;
	glob_t g;
	int found, r = 0;

	if (!p->live || p->depth == INCLUDE_DEPTH)
		return fail(p, col, "Include is not possible here", NULL, p->live ? "8 levels at most" : NULL);
	path = conf_path_from(place.state_dir, pattern);
	if (path == NULL)
		return err_set(place.e, -ENOMEM, "out of memory");
	found = glob(path, 0, NULL, &g);
	if (found == GLOB_NOMATCH && strpbrk(pattern, "*?[") == NULL)
		r = fail(p, col, "there is no file", path, NULL);
	if (found == 0) {
		p->depth++;
		for (size_t i = 0; r == 0 && i < g.gl_pathc; i++)
			r = parse_file(p, g.gl_pathv[i]);
		p->depth--;
		globfree(&g);
	}
	free(path);
	p->place = place;
	return r;
}

static int
setting(struct parse *p, char *key, char *value, size_t key_col, size_t value_col)
{
	const struct conf_row *r;
	size_t i;

	if (*value == '\0')
		return fail(p, value_col, "no value for", key, NULL);
	if (strcasecmp(key, "Include") == 0)
		return include(p, value_col, value);
	r = row_find(key);
	if (r == NULL)
		return unknown_keyword(p, key_col, key);
	i = (size_t)(r - rows);
	if (p->seen[i] && !conf_value_is_list(r->kind))
		return fail(p, key_col, "given twice:", r->name, NULL);
	p->seen[i] = true;
	return value_set(p, r, value_col, value);
}

/* Ends the value at its closing quote or at trailing blanks; -EINVAL for what is left over. */
static int
value_trim(struct parse *p, char *line, char **value)
{
	char *v = *value, *end;

	if (*v == '"') {
		end = strchr(++v, '"');
		if (end == NULL)
			return fail(p, (size_t)(*value - line) + 1, "no closing quote", NULL, NULL);
		if (end[1 + strspn(end + 1, " \t")] != '\0')
			return fail(p, (size_t)(end + 1 - line) + 1, "text after the closing quote", NULL, NULL);
		*end = '\0';
	} else {
		for (end = v + strlen(v); end > v && isspace((unsigned char)end[-1]); end--)
			end[-1] = '\0';
	}
	*value = v;
	return 0;
}

static int
parse_line(struct parse *p, char *line)
{
	char *key = line + strspn(line, " \t"), *value;
	size_t n = strcspn(key, " \t=");
	int r;

	if (*key == '\0' || *key == '#')
		return 0;
	value = key + n + strspn(key + n, " \t=");
	key[n] = '\0';
	r = value_trim(p, line, &value);
	return r == 0 ? setting(p, key, value, (size_t)(key - line) + 1, (size_t)(value - line) + 1) : r;
}

static int
parse_text(struct parse *p, struct slice text)
{
	struct slice next;
	char line[4096];
	int r = 0;

	for (p->place.line = 1; r == 0 && take_part(&text, '\n', &next); p->place.line++) {
		if (slice_copy(next, line, sizeof(line)) != 0)
			return fail(p, 1, "the line is too long or holds a NUL", NULL, NULL);
		if (next.n > 0 && line[next.n - 1] == '\r')
			line[next.n - 1] = '\0';
		r = parse_line(p, line);
	}
	return r;
}

static int
parse_file(struct parse *p, const char *path)
{
	struct buf b;
	int r;

	buf_init(&b, FILE_MAX);
	r = fd_read_file(path, FILE_MAX, &b, p->place.e);
	p->place.file = path;
	if (r == 0)
		r = parse_text(p, buf_slice(&b));
	buf_done(&b);
	return r;
}

/* Those that are there. */
static int
host_keys_default(struct parse *p)
{
	static const char *const names[] = { "keys/host_ed25519", "keys/host_ecdsa", "keys/host_rsa" };
	const struct conf_row *r = row_find("HostKey");
	char *path;
	int n = 0;

	for (size_t i = 0; n == 0 && i < sizeof(names) / sizeof(names[0]); i++) {
		path = conf_path_from(p->place.state_dir, names[i]);
		if (path == NULL)
			return err_set(p->place.e, -ENOMEM, "out of memory");
		if (!p->live || access(path, F_OK) == 0)
			n = value_set(p, r, 0, names[i]);
		free(path);
	}
	if (n == 0 && p->conf->host_keys.n == 0)
		n = fail(p, 0, "there is no host key: none of keys/host_ed25519, keys/host_ecdsa and keys/host_rsa is in", p->place.state_dir,
		    "fortress setup makes them");
	return n;
}

/* Defaults for what was not said: they go through the same parser, so they are valid or a bug shows at once. */
static int
defaults(struct parse *p)
{
	int r = 0;

	p->place.line = 0;
	for (size_t i = 0; r == 0 && i < ROWS; i++)
		if (!p->seen[i] && rows[i].deflt != NULL)
			r = value_set(p, &rows[i], 0, rows[i].deflt);
	return r == 0 && p->conf->host_keys.n == 0 ? host_keys_default(p) : r;
}

/* What one keyword asks for and another turns off. */
static int
together(struct parse *p)
{
	const struct conf *c = p->conf;
	struct methods m = { 0 };
	unsigned all;

	(void)methods_parse(c->methods, &m, NULL);
	all = methods_all(&m);
	if ((all & METHOD_INTERACTIVE) != 0 && !c->use_pam)
		return err_set(p->place.e, -EINVAL, "AuthenticationMethods names keyboard-interactive, which needs UsePAM yes");
	if ((all & METHOD_PASSWORD) != 0 && !c->password)
		return err_set(p->place.e, -EINVAL, "AuthenticationMethods names password, which needs PasswordAuthentication yes");
	if ((all & METHOD_CERTIFICATE) != 0 && c->user_cas == NULL)
		return err_set(p->place.e, -EINVAL, "AuthenticationMethods names certificate, which needs TrustedUserCAKeys");
	return 0;
}

static struct conf *
finish(struct parse *p, int r)
{
	if (r == 0)
		r = defaults(p);
	if (r == 0)
		r = together(p);
	if (r == 0)
		return p->conf;
	conf_free(p->conf);
	return NULL;
}

struct conf *
conf_load(const char *path, const char *state_dir, struct err *e)
{
	struct parse p = { .conf = calloc(1, sizeof(struct conf)), .place = { .state_dir = state_dir, .e = e }, .live = true };

	if (p.conf == NULL) {
		err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	return finish(&p, parse_file(&p, path));
}

struct conf *
conf_parse(const char *name, struct slice text, const char *state_dir, struct err *e)
{
	struct parse p = { .conf = calloc(1, sizeof(struct conf)), .place = { .file = name, .state_dir = state_dir, .e = e } };

	if (p.conf == NULL) {
		err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	return finish(&p, parse_text(&p, text));
}

void
conf_free(struct conf *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < ROWS; i++)
		conf_value_free(&rows[i], field(c, &rows[i]));
	free(c);
}

int
conf_print(const struct conf *c, const char *keyword, FILE *out, struct err *e)
{
	const struct conf_row *only = keyword != NULL ? row_find(keyword) : NULL;
	char hint[96];

	if (keyword != NULL && only == NULL) {
		hint_put(keyword, hint, sizeof(hint));
		return err_set(e, -ENOENT, "unknown keyword \"%s\": %s", keyword, hint);
	}
	for (size_t i = 0; i < ROWS; i++)
		if (only == NULL || only == &rows[i])
			conf_value_print(&rows[i], field_const(c, &rows[i]), out);
	return 0;
}

static void
row_print_mdoc(const struct conf_row *r, FILE *out)
{
	static const char *const args[] = { [TEXT] = "name", [PATH] = "file", [METHODS] = "list ...", [LIST] = "address", [PATHS] = "file",
		[NUMBER] = "number", [SIZE] = "size", [DURATION] = "time", [NETWORKS] = "network ...", [RAMP] = "start:rate:full" };

	fprintf(out, ".It Cm %s", r->name);
	if (r->kind == WORD || r->kind == WORDS)
		for (unsigned i = 0; r->words[i] != NULL; i++)
			fprintf(out, "%s Cm %s", i > 0 && r->kind == WORD ? " |" : "", r->words[i]);
	else
		fprintf(out, " Ar %s", args[r->kind]);
	fputc('\n', out);
	for (const char *p = r->help; *p != '\0'; p++)
		fputc(p > r->help && p[-1] == '.' && *p == ' ' && isupper((unsigned char)p[1]) ? '\n' : *p, out);   /* mdoc: a sentence a line */
	fputc('\n', out);
	if (r->deflt != NULL)
		fprintf(out, "The default is\n.Cm %s .\n", r->deflt);
}

int
conf_print_keywords(const char *format, FILE *out)
{
	bool mdoc = strcmp(format, "mdoc") == 0;

	if (!mdoc && strcmp(format, "words") != 0)
		return -EINVAL;
	for (size_t i = 0; i < ROWS; i++)
		if (mdoc)
			row_print_mdoc(&rows[i], out);
		else
			fprintf(out, "%s\n", rows[i].name);
	return 0;
}
