/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress audit witness: has the newest checkpoint cosigned by a witness (C2SP tlog-witness), proving to it that all it saw before is
 * still there.  The store never talks to the network; this command does, by curl, and a timer runs it.  What comes back is checked
 * and kept in STATE/cosigned/NAME: a checkpoint with one signature more, good for audit verify --older.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "ctl/audit.h"
#include "ctl/run.h"
#include "db/tree.h"
#include "db/witness.h"

enum { ANSWER_MAX = 16384, TRIES = 3 };

#define CURL "/usr/bin/curl"

struct cosign {
	struct ctl *c;
	struct db *db;
	const char *url, *key_path;
	struct witness *witness;
	struct buf note;                 /* the newest checkpoint */
	uint64_t size;
	char path[2300];                 /* of what the witness has signed before */
};

static int
note_keep(void *arg, const struct db_checkpoint *k)
{
	struct cosign *w = arg;

	w->size = k->size;
	return buf_text(&w->note, k->note);
}

static int
witness_load(struct cosign *w)
{
	struct buf text;
	int r;

	buf_init(&text, 4096);
	r = fd_read_file(w->key_path, 4096, &text, &w->c->e);
	if (r == 0 && (w->witness = witness_parse(buf_slice(&text), &w->c->e)) == NULL)
		r = err_prefix(&w->c->e, "%s", w->key_path);
	buf_done(&text);
	return r;
}

/* How far it has come with us; 0: not yet. */
static uint64_t
size_before(struct cosign *w)
{
	struct err ignore = { 0 };
	struct note old = { 0 };
	struct buf text;

	buf_init(&text, NOTE_MAX);
	if (fd_read_file(w->path, NOTE_MAX, &text, &ignore) != 0 || note_open(NULL, buf_slice(&text), &old, &ignore) != 0)
		old.size = 0;
	buf_done(&text);
	return old.size;
}

static int
request_make(struct cosign *w, uint64_t old, struct buf *out)
{
	struct merkle_proof proof = { 0 };
	int r = 0;

	if (old > w->size)
		return err_set(&w->c->e, -EBADMSG, "the witness has seen %llu records, and there are %llu: the database was put back, or its tail cut off",
		    (unsigned long long)old, (unsigned long long)w->size);
	if (old > 0 && old < w->size)
		r = db_tree_consistency(w->db, old, w->size, &proof, &w->c->e);
	if (r == 0)
		r = buf_printf(out, "old %llu\n", (unsigned long long)old);
	for (size_t i = 0; i < proof.n && r == 0; i++) {
		r = text_base64(out, slice_of(proof.hash[i], HASH_BYTES));
		if (r == 0)
			r = buf_text(out, "\n");
	}
	if (r == 0)
		r = buf_text(out, "\n");
	return r == 0 ? buf_slice_append(out, buf_slice(&w->note)) : r;
}

static int
curl_run(struct cosign *w, struct slice request, struct buf *answer)
{
	char name[] = CURL, silent[] = "-sS", limit[] = "--max-time", seconds[] = "30", proto[] = "--proto", protos[] = "=http,https",
	    data[] = "--data-binary", from[] = "@-", say[] = "-w", what[] = "\n%{http_code}", end[] = "--", url[2300];
	char *argv[] = { name, silent, limit, seconds, proto, protos, data, from, say, what, end, url, NULL };
	int r;

	snprintf(url, sizeof(url), "%s/add-checkpoint", w->url);
	r = run_filter(argv, request, answer, &w->c->e);
	return r > 0 ? err_set(&w->c->e, -EIO, "%s cannot be reached", w->url) :
	    r == -ENOENT ? err_set(&w->c->e, r, CURL " is not here: install curl") : r;
}

/* *status and what stands before it in the answer. */
static int
post(struct cosign *w, struct slice request, struct buf *answer, unsigned *status)
{
	struct buf text;
	uint64_t code = 0;
	const char *whole, *line;
	int r;

	buf_init(&text, ANSWER_MAX + 16);
	r = curl_run(w, request, &text);
	whole = buf_cstr(&text);
	line = strrchr(whole, '\n');
	if (r == -ENOBUFS || (r == 0 && (line == NULL || text.len > ANSWER_MAX || !text_u64(slice_from(line + 1), 999, &code))))
		r = err_set(&w->c->e, -EPROTO, "%s does not answer as a witness", w->url);
	*status = (unsigned)code;
	if (r == 0)
		r = buf_append(answer, whole, (size_t)(line - whole));
	buf_done(&text);
	return r;
}

/* The answer's signature is good: the checkpoint with it is kept. */
static int
cosigned_keep(struct cosign *w, struct slice answer, int64_t *t_s)
{
	char dir[2300];
	int r;

	if (!witness_signed(w->witness, buf_slice(&w->note), answer, t_s))
		return err_set(&w->c->e, -EKEYREJECTED, "%s answered without a good signature of %s", w->url, witness_name(w->witness));
	snprintf(dir, sizeof(dir), "%s/cosigned", w->c->state);
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return err_set(&w->c->e, -errno, "%s: %s", dir, strerror(errno));
	r = buf_slice_append(&w->note, answer);
	if (r == 0 && answer.n > 0 && answer.p[answer.n - 1] != '\n')
		r = buf_text(&w->note, "\n");
	return r == 0 ? fd_write_file(w->path, w->note.p, w->note.len, 0600, &w->c->e) : err_set(&w->c->e, r, "the answer is too large");
}

static int
refused(struct cosign *w, unsigned status, const char *answer)
{
	char shown[300];

	(void)text_escaped(slice_from(answer), shown, sizeof(shown));
	return err_set(&w->c->e, status == 422 ? -EBADMSG : -EACCES, "the witness refuses (%u): %s", status, shown);
}

/* 409 says how far the witness has come: once more from there. */
static int
cosign_run(struct cosign *w, int64_t *t_s)
{
	uint64_t old = size_before(w);
	int r = -EAGAIN;

	for (int i = 0; i < TRIES && r == -EAGAIN; i++) {
		struct buf request, answer;
		unsigned status = 0;
		uint64_t seen = 0;

		buf_init(&request, 65536);
		buf_init(&answer, ANSWER_MAX + 1);
		r = request_make(w, old, &request);
		if (r == 0)
			r = post(w, buf_slice(&request), &answer, &status);
		if (r == 0 && status == 409 && answer.len > 0 && text_u64(slice_of(answer.p, strcspn(buf_cstr(&answer), "\n")), INT64_MAX, &seen) && seen != old) {
			old = seen;
			r = -EAGAIN;
		} else if (r == 0) {
			r = status == 200 ? cosigned_keep(w, buf_slice(&answer), t_s) : refused(w, status, buf_cstr(&answer));
		}
		buf_done(&request);
		buf_done(&answer);
	}
	return r == -EAGAIN ? err_set(&w->c->e, r, "the witness does not say where to begin") : r;
}

static const struct out_column columns[] = { { "witness", OUT_STRING, 0 }, { "leaves", OUT_NUMBER, 0 }, { "time", OUT_TIME, 0 }, { "path", OUT_STRING, 0 }, { NULL, 0, 0 } };

static int
cosign_do(struct cosign *w)
{
	int64_t t_s = 0;
	struct out *o;
	int r = witness_load(w);

	if (r == 0)
		snprintf(w->path, sizeof(w->path), "%s/cosigned/%.100s", w->c->state, witness_name(w->witness));
	if (r == 0 && (strchr(witness_name(w->witness), '/') != NULL || witness_name(w->witness)[0] == '.'))
		r = err_set(&w->c->e, -EINVAL, "a witness whose name holds a slash or begins with a dot has no file here");
	if (r == 0 && (w->db = ctl_db(w->c)) == NULL)
		r = -ENOENT;
	if (r == 0)
		r = db_checkpoint_last(w->db, note_keep, w, &w->c->e);
	if (r == 0)
		r = cosign_run(w, &t_s);
	if (r != 0)
		return r == -EBADMSG || r == -EKEYREJECTED ? CTL_BROKEN : CTL_FAILED;
	o = ctl_out(w->c, columns, true);
	out_cstr(o, witness_name(w->witness));
	out_number(o, (int64_t)w->size);
	out_time(o, t_s * 1000000);
	out_cstr(o, w->path);
	return out_end(o) == 0 ? CTL_OK : CTL_FAILED;
}

int
audit_witness(struct ctl *c, int argc, char **argv)
{
	struct cosign w = { .c = c };
	int r;

	if (ctl_valued(c, argc, argv, "key", &w.key_path, 1, 1) != CTL_OK)
		return CTL_USAGE;
	if (w.key_path == NULL)
		return ctl_usage(c, "--key FILE is missing: the witness's public key");
	w.url = argv[optind];
	if ((strncmp(w.url, "http://", 7) != 0 && strncmp(w.url, "https://", 8) != 0) || strlen(w.url) > 2000)
		return ctl_bad(c, "%s: write the witness as http://HOST:PORT or https://HOST", w.url);
	buf_init(&w.note, NOTE_MAX * 2);
	r = cosign_do(&w);
	buf_done(&w.note);
	witness_free(w.witness);
	db_close(w.db);
	return r;
}
