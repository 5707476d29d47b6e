/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* See prove.h. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/audit.h"
#include "ctl/prove.h"
#include "ctl/record.h"
#include "ctl/session.h"
#include "db/session.h"
#include "db/tree.h"

enum { PROOF_MAX = 64 << 20, LINE_ROOM = 1 << 20 };

struct line { const char *kind; int64_t leaf; const char *data, *path; };

static const struct record_field fields[] = {
	{ "kind", RECORD_TEXT, offsetof(struct line, kind) }, { "leaf", RECORD_I64, offsetof(struct line, leaf) },
	{ "data", RECORD_TEXT, offsetof(struct line, data) }, { "path", RECORD_TEXT, offsetof(struct line, path) }, { NULL, 0, 0 },
};

struct prove {
	struct ctl *c;
	struct db *db;
	const char *session, *older, *path;
	uint64_t size;                   /* of the checkpoint */
	unsigned char id[ID_BYTES];      /* of the session */
	char text[ID_TEXT];
	int64_t row;
	struct buf out, data;
	uint64_t n, late;                /* late: beyond the checkpoint */
};

/* --- making --- */

static int
line_put(struct prove *p, const char *kind, int64_t leaf, struct buf *data, const struct merkle_proof *proof)
{
	struct line l = { .kind = kind, .leaf = leaf, .data = buf_cstr(data) };
	struct buf path;
	int r = 0;

	buf_init(&path, 16384);
	for (size_t i = 0; proof != NULL && i < proof->n && r == 0; i++) {
		r = i == 0 ? 0 : buf_u8(&path, ' ');
		if (r == 0)
			r = text_hex(&path, slice_of(proof->hash[i], HASH_BYTES));
	}
	l.path = buf_cstr(&path);
	if (r == 0)
		r = record_json(&p->out, fields, &l);
	buf_done(&path);
	return r == 0 ? 0 : err_set(&p->c->e, r, "the proof is too large");
}

/* data holds what the leaf is made of; what is behind the checkpoint cannot be proved yet. */
static int
leaf_put(struct prove *p, const char *kind, int64_t leaf)
{
	struct merkle_proof proof = { 0 };
	int r;

	if ((uint64_t)leaf >= p->size) {
		p->late++;
		return 0;
	}
	p->n++;
	r = db_tree_inclusion(p->db, (uint64_t)leaf, p->size, &proof, &p->c->e);
	return r == 0 ? line_put(p, kind, leaf, &p->data, &proof) : r;
}

static int
checkpoint_put(void *arg, const struct db_checkpoint *k)
{
	struct prove *p = arg;
	int r;

	p->size = k->size;
	buf_clear(&p->data);
	r = buf_text(&p->data, k->note);
	return r == 0 ? line_put(p, "checkpoint", (int64_t)k->size, &p->data, NULL) : r;
}

static int
session_put(void *arg, const struct db_session *s)
{
	struct prove *p = arg;
	int r;

	p->row = s->row;
	buf_clear(&p->data);
	r = db_session_open_leaf(&p->data, s);
	if (r == 0)
		r = leaf_put(p, "open", s->open_leaf);
	buf_clear(&p->data);
	if (r == 0 && s->close_leaf >= 0 && (r = db_session_close_leaf(&p->data, s)) == 0)
		r = leaf_put(p, "close", s->close_leaf);
	return r;
}

static int
segment_put(void *arg, const struct db_segment *g)
{
	struct prove *p = arg;
	int r;

	buf_clear(&p->data);
	r = db_segment_leaf(&p->data, p->text, g);
	return r == 0 ? leaf_put(p, "segment", g->leaf) : r;
}

static int
event_put(void *arg, const struct db_event *v)
{
	struct prove *p = arg;
	int r;

	buf_clear(&p->data);
	r = db_event_leaf(&p->data, v);
	return r == 0 ? leaf_put(p, "event", v->leaf) : r;
}

static int
session_prove(struct prove *p)
{
	const struct db_event_filter events = { .session = p->text };
	int r = db_session_find(p->db, p->id, session_put, p, &p->c->e);

	if (r == 0)
		r = db_segment_list(p->db, p->row, segment_put, p, &p->c->e);
	return r == 0 ? db_event_list(p->db, &events, event_put, p, &p->c->e) : r;
}

static int
older_prove(struct prove *p)
{
	struct merkle_proof proof = { 0 };
	struct note old = { 0 };
	int r;

	buf_clear(&p->data);
	r = fd_read_file(p->older, NOTE_MAX, &p->data, &p->c->e);
	if (r == 0)
		r = note_open(NULL, buf_slice(&p->data), &old, &p->c->e);
	if (r == 0)
		r = db_tree_consistency(p->db, old.size, p->size, &proof, &p->c->e);
	p->n += r == 0;
	return r == 0 ? line_put(p, "consistency", (int64_t)old.size, &p->data, &proof) : r;
}

static int
prove_make(struct prove *p)
{
	struct err *e = &p->c->e;
	int r = db_checkpoint_last(p->db, checkpoint_put, p, e);

	if (r == 0 && p->session != NULL)
		r = session_prove(p);
	if (r == 0 && p->older != NULL)
		r = older_prove(p);
	if (r == 0 && p->late > 0)
		ctl_note(p->c, "%llu records are newer than the newest checkpoint, and not in it", (unsigned long long)p->late);
	return r == 0 ? fd_write_file(p->path, p->out.p, p->out.len, 0600, e) : r;
}

static int
options_parse(struct prove *p, bool *offline, int argc, char **argv)
{
	static const struct option longs[] = { { "older", required_argument, NULL, 'p' }, { "output", required_argument, NULL, 'o' },
		{ "offline", no_argument, NULL, 'O' }, { NULL, 0, NULL, 0 } };
	int o;

	optind = 0;
	while ((o = ctl_option(p->c, argc, argv, ":o:", longs)) != -1)
		switch (o) {
		case 'p': p->older = optarg; break;
		case 'o': p->path = optarg; break;
		case 'O': *offline = true; break;
		default:  return CTL_USAGE;
		}
	if (ctl_words(p->c, argc, argv, 0, 1) != CTL_OK)
		return CTL_USAGE;
	p->session = argv[optind];
	if (p->path == NULL || (p->session == NULL && p->older == NULL))
		return ctl_usage(p->c, p->path == NULL ? "-o FILE is missing" : "name a session, or an older checkpoint with --older, or both");
	return CTL_OK;
}

int
audit_prove(struct ctl *c, int argc, char **argv)
{
	struct prove p = { .c = c };
	bool offline = false;
	int r = options_parse(&p, &offline, argc, argv);

	if (r != CTL_OK)
		return r;
	p.db = ctl_db(c);
	r = p.db != NULL ? 0 : -ENOENT;
	if (r == 0 && p.session != NULL)
		r = session_find(c, p.db, p.session, p.id, p.text);
	if (r == 0 && !offline)
		r = ask_view(c, p.text, "audit prove");
	buf_init(&p.out, PROOF_MAX);
	buf_init(&p.data, LEAF_MAX);
	if (r == 0)
		r = prove_make(&p);
	if (r == 0)
		printf("%s: %llu records\n", p.path, (unsigned long long)p.n);
	buf_done(&p.out);
	buf_done(&p.data);
	db_close(p.db);
	return r == 0 ? CTL_OK : CTL_FAILED;
}

/* --- checking --- */

bool
prove_is(const char *path)
{
	static const char begin[] = "{\"kind\":\"checkpoint\",";
	char head[sizeof(begin) - 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool is = fd >= 0 && fd_read_full(fd, head, sizeof(head)) == (ssize_t)sizeof(head) && memcmp(head, begin, sizeof(head)) == 0;

	fd_close(&fd);
	return is;
}

static int
path_parse(const char *text, struct merkle_proof *proof)
{
	struct buf hash;
	int r = 0;

	buf_init(&hash, HASH_BYTES);
	for (proof->n = 0; *text != '\0' && r == 0; proof->n++) {
		size_t n = strcspn(text, " ");

		buf_clear(&hash);
		r = proof->n < MERKLE_PROOF_MAX ? text_unhex(&hash, slice_of(text, n)) : -EBADMSG;
		if (r != 0 || hash.len != HASH_BYTES) {
			r = -EBADMSG;
			break;
		}
		memcpy(proof->hash[proof->n], hash.p, HASH_BYTES);
		text += n + (text[n] == ' ');
	}
	buf_done(&hash);
	return r;
}

static int
line_check(const struct line *l, const struct note_key *key, const struct note *now, struct err *e)
{
	unsigned char hash[HASH_BYTES];
	struct merkle_proof proof;
	struct note old;
	int r;

	if (l->leaf < 0 || path_parse(l->path, &proof) != 0)
		return err_set(e, -EBADMSG, "%s of leaf %lld: not a proof", l->kind, (long long)l->leaf);
	if (strcmp(l->kind, "consistency") == 0) {
		r = note_open(key, slice_from(l->data), &old, e);
		if (r != 0)
			return err_prefix(e, "the older checkpoint");
		return old.size == (uint64_t)l->leaf && merkle_consistency_holds(old.size, old.root, now->size, now->root, &proof) ? 0 :
		    err_set(e, -EBADMSG, "the tree of %llu records is not the beginning of the one of %llu: history was changed",
		    (unsigned long long)old.size, (unsigned long long)now->size);
	}
	merkle_leaf(slice_from(l->data), hash);
	return merkle_inclusion_holds(hash, (uint64_t)l->leaf, now->size, &proof, now->root) ? 0 :
	    err_set(e, -EBADMSG, "the %s of leaf %lld is not what the checkpoint holds there", l->kind, (long long)l->leaf);
}

static int
lines_check(struct slice text, const struct note_key *key, struct note *now, uint64_t *n, struct err *e)
{
	struct slice line;
	struct buf arena;
	uint64_t no = 0;
	int r = 0;

	buf_init(&arena, LINE_ROOM);
	while (r == 0 && take_part(&text, '\n', &line)) {
		struct line l = { 0 };

		buf_clear(&arena);
		if (record_parse(line, fields, &l, &arena) != 0)
			r = err_set(e, -EBADMSG, "line %llu of the proof was changed: not a whole row", (unsigned long long)no + 1);
		else if (no == 0)
			r = note_open(key, slice_from(l.data), now, e);
		else
			r = line_check(&l, key, now, e);
		no++;
	}
	buf_done(&arena);
	if (r == 0 && no < 2)
		r = err_set(e, -EBADMSG, "the proof proves nothing");
	*n = no - 1;
	return r;
}

int
prove_check(struct ctl *c, const char *path, const char *key_path, uint64_t *n, char *origin, size_t size)
{
	struct note_key *key;
	struct buf text;
	struct note now = { 0 };
	int r;

	if (key_path == NULL)
		return err_set(&c->e, -EINVAL, "a proof bears no key: name the bastion's with --key");
	if ((key = audit_key_load(key_path, &c->e)) == NULL)
		return -EINVAL;
	buf_init(&text, PROOF_MAX);
	r = fd_read_file(path, PROOF_MAX, &text, &c->e);
	if (r == 0)
		r = lines_check(buf_slice(&text), key, &now, n, &c->e);
	if (r == 0)
		(void)snprintf(origin, size, "%s", now.origin);
	note_key_free(key);
	buf_done(&text);
	return r;
}
