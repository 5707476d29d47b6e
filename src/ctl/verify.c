/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* fortress audit verify: an export (inspect.c) or the live database (db/verify.c), and how it went as an exit status. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "base/fd.h"
#include "ctl/audit.h"
#include "ctl/inspect.h"
#include "ctl/prove.h"
#include "ctl/record.h"
#include "db/witness.h"

struct note_key *
audit_key_load(const char *path, struct err *e)
{
	struct note_key *key = NULL;
	struct slice rest, line;
	struct buf text;
	int r;

	buf_init(&text, 4096);
	r = fd_read_file(path, 4096, &text, e);
	rest = buf_slice(&text);
	if (r == 0 && take_part(&rest, '\n', &line))
		key = note_key_parse(line, e);
	else if (r == 0)
		(void)err_set(e, -EINVAL, "%s: is empty", path);
	buf_done(&text);
	return key;
}

/* A proof that does not hold is not the same as a file that cannot be read. */
static int
outcome(int r)
{
	return r == 0 ? CTL_OK : r == -EBADMSG || r == -EKEYREJECTED ? CTL_BROKEN : CTL_FAILED;
}

static const struct out_column columns[] = {
	{ "verified", OUT_BOOL, 0 }, { "origin", OUT_STRING, 0 }, { "leaves", OUT_NUMBER, 0 }, { "signed", OUT_NUMBER, 0 },
	{ "events", OUT_NUMBER, 0 }, { "sessions", OUT_NUMBER, 0 }, { "segments", OUT_NUMBER, 0 }, { "bytes", OUT_NUMBER, 0 },
	{ NULL, 0, 0 },
};

static int
summary(struct ctl *c, const char *origin, const struct db_verify *s)
{
	struct out *o = ctl_out(c, columns, true);

	out_bool(o, true);
	out_cstr(o, origin);
	out_number(o, (int64_t)s->leaves);
	out_number(o, (int64_t)s->signed_size);
	out_number(o, (int64_t)s->events);
	out_number(o, (int64_t)s->sessions);
	out_number(o, (int64_t)s->segments);
	out_number(o, (int64_t)s->bytes);
	if (s->leaves > s->signed_size)
		fprintf(stderr, "fortress: the last %llu records are newer than the checkpoint: the next one will sign them\n",
		    (unsigned long long)(s->leaves - s->signed_size));
	return out_end(o) == 0 ? CTL_OK : CTL_FAILED;
}

static struct inspect *
older_open(struct ctl *c, const char *path, const char *key)
{
	struct inspect *x = inspect_new(path, key, &c->e);

	if (x == NULL)
		(void)err_prefix(&c->e, "%s", path);
	return x;
}

static int
verify_pack(struct ctl *c, const char *path, const char *key, const char *older)
{
	struct inspect *x = inspect_new(path, key, &c->e), *old = NULL;
	int r = x != NULL ? 0 : c->e.code;

	if (x != NULL && key == NULL)
		fputs("fortress: the key is the export's own: compare it with the bastion's, or name that with --key\n", stderr);
	if (r == 0 && older != NULL && (old = older_open(c, older, key)) == NULL)
		r = c->e.code;
	if (r == 0 && old != NULL)
		r = inspect_continues(x, old, older, &c->e);
	if (r == 0)
		r = inspect_all(x, &c->e);
	if (r == 0 && !inspect_is_signed(x))
		fputs("fortress: the manifest is not signed: what the export leaves out cannot be judged\n", stderr);
	r = r == 0 ? summary(c, inspect_origin(x), inspect_counts(x)) : outcome(r);
	inspect_free(x);
	inspect_free(old);
	return r;
}

/* --- a proof --- */

static const struct out_column proof_columns[] = { { "verified", OUT_BOOL, 0 }, { "origin", OUT_STRING, 0 }, { "records", OUT_NUMBER, 0 }, { NULL, 0, 0 } };

static int
verify_proof(struct ctl *c, const char *path, const char *key)
{
	char origin[NOTE_NAME_MAX];
	uint64_t n = 0;
	struct out *o;
	int r = prove_check(c, path, key, &n, origin, sizeof(origin));

	if (r != 0)
		return outcome(r);
	o = ctl_out(c, proof_columns, true);
	out_bool(o, true);
	out_cstr(o, origin);
	out_number(o, (int64_t)n);
	return out_end(o) == 0 ? CTL_OK : CTL_FAILED;
}

/* --- a live database --- */

/* Has the witness signed what was kept outside? */
static int
witness_check(struct ctl *c, const char *key, struct slice note)
{
	struct witness *w = NULL;
	struct buf text;
	int64_t t_s;
	int r;

	buf_init(&text, 4096);
	r = fd_read_file(key, 4096, &text, &c->e);
	if (r == 0 && (w = witness_parse(buf_slice(&text), &c->e)) == NULL)
		r = -EINVAL;
	if (r == 0 && !witness_signed(w, note, note, &t_s))
		r = err_set(&c->e, -EKEYREJECTED, "the witness %s has not signed the checkpoint kept outside", witness_name(w));
	witness_free(w);
	buf_done(&text);
	return r;
}

static int
verify_db(struct ctl *c, const char *key, const char *older, const char *witness)
{
	struct db_verify s = { 0 };
	struct note_key *k;
	struct buf outside;
	char path[2300];
	struct db *db = ctl_db(c);
	int r = -ENOENT;

	snprintf(path, sizeof(path), "%s/keys/checkpoint_ed25519.pub", c->state);
	buf_init(&outside, NOTE_MAX);
	k = db != NULL ? audit_key_load(key != NULL ? key : path, &c->e) : NULL;
	if (k != NULL)
		r = older != NULL ? fd_read_file(older, NOTE_MAX, &outside, &c->e) : 0;
	if (r == 0 && witness != NULL)
		r = witness_check(c, witness, buf_slice(&outside));
	if (r == 0)
		r = db_verify(db, k, buf_slice(&outside), &s, &c->e);
	r = r == 0 ? summary(c, note_key_name(k), &s) : outcome(r);
	buf_done(&outside);
	note_key_free(k);
	db_close(db);
	return r;
}

int
audit_verify(struct ctl *c, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "key", required_argument, NULL, 'k' }, { "older", required_argument, NULL, 'o' }, { "db", no_argument, NULL, 'd' },
		{ "witness", required_argument, NULL, 'w' },
		{ NULL, 0, NULL, 0 },
	};
	const char *key = NULL, *older = NULL, *witness = NULL;
	bool live = false;
	int o;

	optind = 0;
	while ((o = ctl_option(c, argc, argv, ":", longs)) != -1)
		switch (o) {
		case 'k': key = optarg; break;
		case 'o': older = optarg; break;
		case 'd': live = true; break;
		case 'w': witness = optarg; break;
		default:  return CTL_USAGE;
		}
	if (ctl_words(c, argc, argv, !live, !live) != CTL_OK)
		return CTL_USAGE;
	if (witness != NULL && (!live || older == NULL))
		return ctl_usage(c, "--witness goes with --db and --older: it has signed a checkpoint that was kept outside");
	if (!live && prove_is(argv[optind]))
		return older == NULL ? verify_proof(c, argv[optind], key) :
		    ctl_usage(c, "--older is for an export or --db: a proof holds the older checkpoint that it was made for");
	return live ? verify_db(c, key, older, witness) : verify_pack(c, argv[optind], key, older);
}

const struct command commands_audit[] = {
	{ "audit", "ls", "[--from TIME] [--to TIME] [--user U] [--host H] [--class CLASS] [--failed]\n[--limit N] [--after ID] [--format rfc5424|cef|ocsf] [--follow]",
	    "list what happened, the newest last", audit_ls },
	{ "audit", "grep", "[--from TIME] [--to TIME] [--user U] [--host H] [--class CLASS] [--session ID] [--case]\n[--limit N] [--offline] TEXT",
	    "find a text in all that screens showed, commands and events said; the newest last", audit_grep },
	{ "audit", "index", "", "bring the index that audit grep looks into up to date, as that does by itself", audit_index },
	{ "audit", "stream", "[--after ID] [--format rfc5424|cef|ocsf] [--follow] [--from TIME] [--to TIME] [--user U]\n[--host H] [--class CLASS] [--failed]",
	    "all that happened, a line each, for a SIEM", audit_stream },
	{ "audit", "export", "[--from TIME] [--to TIME] [--user U] [--host H] [--offline] -o PATH|PATH.zip|PATH.tar",
	    "write the evidence of a period: records, recordings, their proofs, sheets and a report", audit_export },
	{ "audit", "report", "[--from TIME] [--to TIME] [--user U] [--host H] [--offline] -o FILE.pdf|FILE.html",
	    "write the report alone", audit_report },
	{ "audit", "prove", "[SESSION] [--older CHECKPOINT] [--offline] -o FILE",
	    "write the proof for one session, or that history since a checkpoint is the same", audit_prove },
	{ "audit", "witness", "URL --key FILE",
	    "have a witness sign that all it saw before is still there", audit_witness },
	{ "audit", "verify", "PATH [--key FILE] [--older PATH] | --db [--key FILE] [--older CHECKPOINT\n[--witness KEY]]",
	    "check an export, or the live database: names the first thing that is wrong", audit_verify },
	{ NULL, NULL, NULL, NULL, NULL },
};
