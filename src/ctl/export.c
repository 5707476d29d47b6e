/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * An export: what was asked for, and what proves it.
 *
 *     manifest.json      what this is, every file's size and SHA-256; manifest.sig: signed by the checkpoint's key
 *     checkpoint         the newest signed tree head; key.pub: the key that it verifies with
 *     leaves.txt         the hash of every leaf of the tree in order, one a line: the proof for every row
 *     events.jsonl .csv  sessions.jsonl .csv  segments.jsonl
 *     recordings/ID.frames   canonical frames (base/frame.h)
 *     NAME.csv .jsonl        the sheets of evidence.h; policies.diff; report.html, report.pdf; fortress-verify.c
 *
 * The gate is asked first, so the reading is on the record, and the store signs the tree's head with that event: the export
 * ends where the checkpoint does.  With --offline, when no bastion runs, it holds what came behind the last checkpoint too.
 *
 * From a row its leaf's data follows (fortress-record(5)), from that the leaf's hash, which must be the line of leaves.txt
 * that the row names; and all of leaves.txt below the checkpoint's size must hash to its root.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/secret.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/audit.h"
#include "ctl/known.h"
#include "ctl/pack.h"
#include "ctl/record.h"
#include "ctl/report.h"
#include "ctl/texts.h"
#include "db/frames.h"
#include "db/tree.h"

enum { LINE_MAX_BYTES = 8 << 20, BLOCK = 1 << 16 };

struct export {
	struct ctl *c;
	struct db *db;
	struct pack *pack;
	const char *path;
	struct db_event_filter events;
	struct db_session_filter sessions;
	const struct record_field *fields;
	bool csv, offline;
	struct buf line;
	uint64_t tree_size, signed_size, nevents, nsessions, nsegments;
	int64_t signed_us;
	char origin[NOTE_NAME_MAX];
	const char *session;                 /* whose segments are written */
};

static const char verifier_source[] = {
#include "src/ctl/verifier.inc"
};

/* What the sheets are asked for.  Ages count to the period's end, or to the last that is known. */
static struct db_period
period_of(const struct db_event_filter *f, uint64_t leaves, int64_t signed_us)
{
	return (struct db_period){ .from_us = f->from_us, .until_us = f->until_us, .as_of_us = signed_us, .user = f->actor, .host = f->host,
	    .leaves = leaves };
}

static int
period_end(struct db *db, struct db_period *p, struct err *e)
{
	int64_t newest = 0;
	int r = db_newest_us(db, &newest, e);

	if (newest > p->as_of_us)
		p->as_of_us = newest;
	if (p->until_us != 0 && p->until_us < p->as_of_us)
		p->as_of_us = p->until_us;
	return r;
}

static int
line_write(struct export *x, const void *row)
{
	int r;

	buf_clear(&x->line);
	r = x->csv ? record_csv(&x->line, x->fields, row) : record_json(&x->line, x->fields, row);
	return r == 0 ? pack_write(x->pack, buf_slice(&x->line), &x->c->e) : err_set(&x->c->e, r, "a row is too long");
}

static int
event_write(void *arg, const struct db_event *v)
{
	struct export *x = arg;

	x->nevents += !x->csv;
	return (uint64_t)v->leaf < x->tree_size ? line_write(x, v) : 0;
}

/* An end that came after the tree's size was read does not belong to this export yet. */
static int
session_write(void *arg, const struct db_session *s)
{
	struct export *x = arg;
	struct db_session row = *s;

	if ((uint64_t)s->open_leaf >= x->tree_size)
		return 0;
	if (row.close_leaf >= 0 && (uint64_t)row.close_leaf >= x->tree_size) {
		row.close_leaf = -1;
		row.state = "open";
		row.end_us = 0;
	}
	x->nsessions += !x->csv;
	return line_write(x, &row);
}

static int
segment_write(void *arg, const struct db_segment *s)
{
	struct export *x = arg;
	struct record_segment row = { .session = x->session, .s = *s };

	if ((uint64_t)s->leaf >= x->tree_size)
		return 0;
	x->nsegments++;
	return line_write(x, &row);
}

static int
session_segments(void *arg, const struct db_session *s)
{
	struct export *x = arg;

	x->session = s->id_text;
	return db_segment_list(x->db, s->row, segment_write, x, &x->c->e);
}

/* One file of rows: begin, a head for CSV, the list, end. */
static int
rows_write(struct export *x, const char *name, const struct record_field *fields, bool csv, int (*list)(struct export *))
{
	int r = pack_begin(x->pack, name, &x->c->e);

	x->fields = fields;
	x->csv = csv;
	if (r == 0 && csv) {
		buf_clear(&x->line);
		r = record_csv_head(&x->line, fields);
		if (r == 0)
			r = pack_write(x->pack, buf_slice(&x->line), &x->c->e);
	}
	if (r == 0)
		r = list(x);
	return r == 0 ? pack_end(x->pack, &x->c->e) : r;
}

static int
list_events(struct export *x)
{
	return db_event_list(x->db, &x->events, event_write, x, &x->c->e);
}

static int
list_sessions(struct export *x)
{
	return db_session_list(x->db, &x->sessions, session_write, x, &x->c->e);
}

static int
list_segments(struct export *x)
{
	return db_session_list(x->db, &x->sessions, session_segments, x, &x->c->e);
}

/* --- recordings --- */

static int
frames_write(struct export *x, struct db_frames *it)
{
	struct frame f;
	uint64_t pos;
	int r;

	buf_clear(&x->line);
	while ((r = db_frames_next(it, &f, &pos, &x->c->e)) == 1 || r == -ENODATA) {
		if (r == -ENODATA) {
			x->c->e = (struct err){ 0 };
			db_frames_skip(it);
			continue;
		}
		r = frame_pack(&x->line, &f);
		if (r == 0 && x->line.len >= BLOCK) {
			r = pack_write(x->pack, buf_slice(&x->line), &x->c->e);
			buf_clear(&x->line);
		}
		if (r != 0)
			return r;
	}
	return r == 0 ? pack_write(x->pack, buf_slice(&x->line), &x->c->e) : r;
}

static int
recording_write(void *arg, const struct db_session *s)
{
	struct export *x = arg;
	char name[64];
	struct db_frames *it;
	int r;

	if ((uint64_t)s->open_leaf >= x->tree_size)
		return 0;
	it = db_frames_open(x->db, s->id, &x->c->e);
	if (it == NULL)
		return x->c->e.code != 0 ? x->c->e.code : -EIO;
	snprintf(name, sizeof(name), "recordings/%s.frames", s->id_text);
	r = pack_begin(x->pack, name, &x->c->e);
	if (r == 0)
		r = frames_write(x, it);
	if (r == 0)
		r = pack_end(x->pack, &x->c->e);
	db_frames_close(it);
	return r;
}

/* --- proofs --- */

static int
leaves_write(struct export *x)
{
	unsigned char hash[HASH_BYTES];
	int r = pack_begin(x->pack, "leaves.txt", &x->c->e);

	buf_clear(&x->line);
	for (uint64_t i = 0; i < x->tree_size && r == 0; i++) {
		r = db_tree_leaf(x->db, i, hash, &x->c->e);
		if (r == 0)
			r = text_hex(&x->line, slice_of(hash, HASH_BYTES));
		if (r == 0)
			r = buf_text(&x->line, "\n");
		if (r == 0 && x->line.len >= BLOCK) {
			r = pack_write(x->pack, buf_slice(&x->line), &x->c->e);
			buf_clear(&x->line);
		}
	}
	if (r == 0)
		r = pack_write(x->pack, buf_slice(&x->line), &x->c->e);
	return r == 0 ? pack_end(x->pack, &x->c->e) : r;
}

static int
head_seen(void *arg, const struct db_checkpoint *k)
{
	struct export *x = arg;

	x->signed_size = k->size;
	x->signed_us = k->t_us;
	(void)snprintf(x->origin, sizeof(x->origin), "%.*s", (int)strcspn(k->note, "\n"), k->note);
	return 0;
}

static int
checkpoint_write(void *arg, const struct db_checkpoint *k)
{
	struct export *x = arg;

	(void)head_seen(x, k);
	x->tree_size = k->size;
	return pack_file(x->pack, "checkpoint", slice_from(k->note), &x->c->e);
}

/* The public key beside the private one; without it the verifier needs --key. */
static int
key_write(struct export *x)
{
	char path[2300];
	struct err ignore = { 0 };
	struct buf key;
	int r = 0;

	snprintf(path, sizeof(path), "%s/keys/checkpoint_ed25519.pub", x->c->state);
	buf_init(&key, 4096);
	if (fd_read_file(path, 4096, &key, &ignore) != 0) {
		fprintf(stderr, "fortress: %s: left out: audit verify will need --key\n", ignore.text);
	} else {
		r = pack_file(x->pack, "key.pub", buf_slice(&key), &x->c->e);
	}
	buf_done(&key);
	return r;
}

/* The signer, for the manifest: whoever may read the bastion's keys signs; others' exports have no manifest.sig. */
static struct note_key *
signer_load(const struct export *x)
{
	char path[2300];
	struct err ignore = { 0 };
	struct slice rest, line;
	struct note_key *key = NULL;
	struct buf text;

	snprintf(path, sizeof(path), "%s/keys/checkpoint_ed25519", x->c->state);
	buf_init(&text, 4096);
	rest = fd_read_file(path, 4096, &text, &ignore) == 0 ? buf_slice(&text) : slice_of(NULL, 0);
	if (take_part(&rest, '\n', &line))
		key = note_key_parse(line, &ignore);
	if (key == NULL)
		fprintf(stderr, "fortress: the manifest is not signed: %s\n", ignore.text);
	secret_wipe(text.p, text.len);
	buf_done(&text);
	return key;
}

static int
head_make(const struct export *x, struct buf *head)
{
	bool complete = x->events.from_us == 0 && x->events.until_us == 0 && x->events.actor == NULL && x->events.host == NULL;
	int r = buf_printf(head, " \"format\": 1,\n \"complete\": %s,\n \"from_us\": %lld,\n \"until_us\": %lld,\n \"user\": ",
	    complete ? "true" : "false", (long long)x->events.from_us, (long long)x->events.until_us);

	if (r == 0)
		r = text_json(head, slice_from(x->events.actor));
	if (r == 0)
		r = buf_text(head, ",\n \"host\": ");
	if (r == 0)
		r = text_json(head, slice_from(x->events.host));
	return r != 0 ? r : buf_printf(head, ",\n \"leaves\": %llu,\n \"clock_synchronised\": %s,\n", (unsigned long long)x->tree_size,
	    report_clock_is_synchronised() ? "true" : "false");
}

/* --- evidence and report --- */

static int
report_write(struct export *x, struct evidence *v)
{
	struct report p = { .evidence = v, .origin = x->origin, .leaves = x->tree_size, .signed_leaves = x->signed_size,
	    .signed_us = x->signed_us, .events = x->nevents, .sessions = x->nsessions, .proved = true };
	static const char *const forms[] = { "html", "pdf" };
	char name[PACK_NAME];
	struct buf out;
	int r = report_compose(&p, &x->c->e);

	buf_init(&out, (size_t)256 << 20);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]) && r == 0; i++) {
		buf_clear(&out);
		snprintf(name, sizeof(name), "report.%s", forms[i]);
		r = report_draw(&p, forms[i], &out, &x->c->e);
		if (r == 0)
			r = pack_file(x->pack, name, buf_slice(&out), &x->c->e);
	}
	buf_done(&out);
	buf_done(&p.doc);
	return r;
}

/* What is evidence is there without it. */
static int
report_missing(struct export *x)
{
	fprintf(stderr, "fortress: the export has no report: %s\n", x->c->e.text);
	x->c->e = (struct err){ 0 };
	return 0;
}

static int
evidence_gather(struct export *x, struct evidence *v, struct pack *pack)
{
	const struct evidence_sheet *missing;
	int r = period_end(x->db, &v->period, &x->c->e);

	(void)texts_dir(x->c, v->index, sizeof(v->index));
	if (r == 0)
		r = evidence_make(v, pack, &x->c->e);
	if (r == 0 && v->no_access[0] != '\0')
		fprintf(stderr, "fortress: there is no access review: %s\n", v->no_access);
	missing = r == 0 ? evidence_find(v, "commands-missing") : NULL;
	if (missing != NULL && missing->rows > 0)
		fprintf(stderr, "fortress: the commands of %llu session%s are not all known: commands-missing says why\n",
		    (unsigned long long)missing->rows, missing->rows == 1 ? "" : "s");
	return r;
}

static int
evidence_write(struct export *x)
{
	struct evidence v = { .db = x->db, .period = period_of(&x->events, x->tree_size, x->signed_us) };
	int r = evidence_gather(x, &v, x->pack);

	if (r == 0 && (r = report_write(x, &v)) == -ENOENT)
		r = report_missing(x);
	if (r == 0)
		r = pack_file(x->pack, "fortress-verify.c", slice_from(verifier_source), &x->c->e);
	evidence_done(&v);
	return r;
}

static int
export_write(struct export *x)
{
	struct err *e = &x->c->e;
	struct note_key *key;
	struct buf head;
	int r = db_checkpoint_last(x->db, checkpoint_write, x, e);

	if (r == -ENOENT)
		return err_set(e, r, "nothing is signed yet: fortress serve signs when it starts");
	if (r == 0 && x->offline)
		r = db_tree_size(x->db, &x->tree_size, e);
	if (r != 0 || (r = key_write(x)) != 0 || (r = leaves_write(x)) != 0 ||
	    (r = rows_write(x, "events.jsonl", record_events, false, list_events)) != 0 ||
	    (r = rows_write(x, "events.csv", record_events, true, list_events)) != 0 ||
	    (r = rows_write(x, "sessions.jsonl", record_sessions, false, list_sessions)) != 0 ||
	    (r = rows_write(x, "sessions.csv", record_sessions, true, list_sessions)) != 0 ||
	    (r = rows_write(x, "segments.jsonl", record_segments, false, list_segments)) != 0 ||
	    (r = db_session_list(x->db, &x->sessions, recording_write, x, e)) != 0 ||
	    (r = evidence_write(x)) != 0)
		return r;
	key = signer_load(x);
	buf_init(&head, 8192);
	r = head_make(x, &head);
	if (r == 0)
		r = pack_finish(x->pack, buf_cstr(&head), key, e);
	note_key_free(key);
	buf_done(&head);
	return r;
}

static int
options_parse(struct export *x, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "from", required_argument, NULL, 'f' }, { "to", required_argument, NULL, 't' },
		{ "user", required_argument, NULL, 'u' }, { "host", required_argument, NULL, 'h' },
		{ "output", required_argument, NULL, 'o' }, { "offline", no_argument, NULL, 'O' }, { NULL, 0, NULL, 0 },
	};
	int o;

	optind = 0;
	while ((o = ctl_option(x->c, argc, argv, ":o:", longs)) != -1) {
		if (o == 'o')
			x->path = optarg;
		else if (o == 'O')
			x->offline = true;
		else if (o == 'u')
			x->events.actor = x->sessions.user = optarg;
		else if (o == 'h')
			x->events.host = x->sessions.host = optarg;
		else if (o != 'f' && o != 't')
			return CTL_USAGE;
		else if (!ctl_parse_time(optarg, o == 'f' ? &x->events.from_us : &x->events.until_us))
			return ctl_bad(x->c, "--%s %s: " CTL_TIMES, o == 'f' ? "from" : "to", optarg);
	}
	x->sessions.since_us = x->events.from_us;
	x->sessions.until_us = x->events.until_us;
	if (x->path == NULL)
		return ctl_usage(x->c, "-o PATH is missing");
	return ctl_words(x->c, argc, argv, 0, 0);
}

static const struct out_column columns[] = {
	{ "path", OUT_STRING, 0 }, { "events", OUT_NUMBER, 0 }, { "sessions", OUT_NUMBER, 0 }, { "segments", OUT_NUMBER, 0 },
	{ "leaves", OUT_NUMBER, 0 }, { NULL, 0, 0 },
};

static int
summary(const struct export *x)
{
	struct out *o = ctl_out(x->c, columns, true);

	out_cstr(o, x->path);
	out_number(o, (int64_t)x->nevents);
	out_number(o, (int64_t)x->nsessions);
	out_number(o, (int64_t)x->nsegments);
	out_number(o, (int64_t)x->tree_size);
	return out_end(o) == 0 ? CTL_OK : CTL_FAILED;
}

int
audit_export(struct ctl *c, int argc, char **argv)
{
	struct export x = { .c = c };
	int r = options_parse(&x, argc, argv);

	if (r != CTL_OK)
		return r;
	x.db = ctl_db(c);
	r = x.db != NULL ? known_check(c, x.db, x.events.actor, x.events.host) : -ENOENT;
	if (r == 0 && !x.offline)
		r = ask_view(c, "", "audit export");
	if (r != 0) {
		db_close(x.db);
		return CTL_FAILED;
	}
	buf_init(&x.line, LINE_MAX_BYTES);
	x.pack = pack_new(x.path, &c->e);
	r = x.pack != NULL ? export_write(&x) : -EIO;
	pack_close(x.pack);
	buf_done(&x.line);
	db_close(x.db);
	return r == 0 ? summary(&x) : CTL_FAILED;
}

/* --- audit report --- */

/* .pdf or .html; NULL: neither. */
static const char *
form_of(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot == NULL ? NULL : strcmp(dot, ".pdf") == 0 ? "pdf" : strcmp(dot, ".html") == 0 ? "html" : NULL;
}

static int
report_make(struct export *x, const char *form)
{
	struct evidence v = { .db = x->db };
	struct report p = { .evidence = &v, .origin = x->origin };
	struct err *e = &x->c->e;
	struct buf out;
	int r = db_checkpoint_last(x->db, head_seen, x, e);

	if (r == -ENOENT)
		return err_set(e, r, "nothing is signed yet: fortress serve signs when it starts");
	buf_init(&out, (size_t)256 << 20);
	if (r == 0)
		r = db_tree_size(x->db, &x->tree_size, e);
	v.period = period_of(&x->events, x->tree_size, x->signed_us);
	p.leaves = x->tree_size;
	p.signed_leaves = x->signed_size;
	p.signed_us = x->signed_us;
	if (r == 0 && (r = evidence_gather(x, &v, NULL)) == 0 && (r = report_compose(&p, e)) == 0 &&
	    (r = report_draw(&p, form, &out, e)) == 0)
		r = fd_write_file(x->path, out.p, out.len, 0600, e);
	buf_done(&out);
	buf_done(&p.doc);
	evidence_done(&v);
	return r;
}

int
audit_report(struct ctl *c, int argc, char **argv)
{
	struct export x = { .c = c };
	int r = options_parse(&x, argc, argv);

	if (r != CTL_OK)
		return r;
	if (form_of(x.path) == NULL)
		return ctl_bad(c, "-o %s: name a file that ends in .pdf or .html", x.path);
	x.db = ctl_db(c);
	r = x.db != NULL ? known_check(c, x.db, x.events.actor, x.events.host) : -ENOENT;
	if (r == 0 && !x.offline)
		r = ask_view(c, "", "audit report");
	if (r == 0)
		r = report_make(&x, form_of(x.path));
	db_close(x.db);
	return r == 0 ? CTL_OK : CTL_FAILED;
}
