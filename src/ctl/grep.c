/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress audit grep: a text in what all screens showed, in commands, and in events.  The index says where; whose recording it is
 * and when comes from the database.  The search itself is on the record before its first hit is shown.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/audit.h"
#include "ctl/known.h"
#include "ctl/session.h"
#include "ctl/siem.h"
#include "ctl/texts.h"
#include "db/event.h"
#include "msg/ocsf.h"

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 100000, TEXT_MAX = 256 };
#define WORDS_MAX ((size_t)256 << 20)

static const struct out_column columns[] = {
	{ "time", OUT_TIME, 0 }, { "class", OUT_STRING, 0, 2 }, { "session", OUT_STRING, 0, OUT_WHOLE }, { "at", OUT_STRING, 0, OUT_WHOLE },
	{ "user", OUT_STRING, 0, 3 }, { "host", OUT_STRING, 0, 4 }, { "text", OUT_STRING, 0 }, { "t_ms", OUT_NUMBER, 1 }, { NULL, 0, 0 },
};

struct hit {
	int64_t t_us;
	char session[ID_TEXT];               /* "": an event of none */
	unsigned class_uid;
	int64_t t_ms;                        /* in the recording; -1: none */
	size_t order;                        /* the later in the index, the smaller */
	size_t user, host, text;             /* where in the search's words */
};

struct search {
	struct ctl *c;
	struct db *db;
	struct index_query query;
	const char *user, *host, *session;   /* session: as it was written */
	int64_t from_us, until_us;
	size_t limit;
	bool offline, more;
	struct hit *hits;
	size_t n;
	struct buf words;
	int64_t row;                         /* the session that owner is of; 0: none */
	struct { char id[ID_TEXT], user[200], host[200]; int64_t start_us; } owner;
};

/* ---- options ---- */

static int
option_take(struct search *s, int o)
{
	uint64_t v;

	switch (o) {
	case 'u': s->user = optarg; return CTL_OK;
	case 'h': s->host = optarg; return CTL_OK;
	case 's': s->session = optarg; return CTL_OK;
	case 'i': s->query.exact_case = true; return CTL_OK;
	case 'O': s->offline = true; return CTL_OK;
	case 'f':
	case 't':
		return ctl_parse_time(optarg, o == 'f' ? &s->from_us : &s->until_us) ? CTL_OK :
		    ctl_bad(s->c, "--%s %s: " CTL_TIMES, o == 'f' ? "from" : "to", optarg);
	case 'c':
		if (strcmp(optarg, "screen") == 0 || strcmp(optarg, "command") == 0) {
			s->query.class_uid = optarg[0] == 's' ? INDEX_SCREEN : INDEX_COMMAND;
			return CTL_OK;
		}
		return audit_class_parse(s->c, optarg, " screen command", &s->query.class_uid);
	case 'l':
		if (!text_u64(slice_from(optarg), LIMIT_MAX, &v) || v == 0)
			return ctl_bad(s->c, "--limit %s: not a number from 1 to %d", optarg, LIMIT_MAX);
		s->limit = (size_t)v;
		return CTL_OK;
	default:  return CTL_USAGE;
	}
}

static int
options_parse(struct search *s, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "from", required_argument, NULL, 'f' }, { "to", required_argument, NULL, 't' }, { "user", required_argument, NULL, 'u' },
		{ "host", required_argument, NULL, 'h' }, { "class", required_argument, NULL, 'c' }, { "session", required_argument, NULL, 's' },
		{ "case", no_argument, NULL, 'i' }, { "limit", required_argument, NULL, 'l' }, { "offline", no_argument, NULL, 'O' },
		{ NULL, 0, NULL, 0 },
	};
	int o, r = CTL_OK;

	optind = 0;
	s->limit = LIMIT_DEFAULT;
	while (r == CTL_OK && (o = ctl_option(s->c, argc, argv, ":", longs)) != -1)
		r = option_take(s, o);
	r = r == CTL_OK ? ctl_words(s->c, argc, argv, 1, 1) : r;
	if (r != CTL_OK)
		return r;
	s->query.text = argv[optind];
	if (s->query.text[0] == '\0' || strlen(s->query.text) > TEXT_MAX || !text_is_utf8(slice_from(s->query.text)))
		return ctl_bad(s->c, "TEXT: 1 to %d bytes of UTF-8", TEXT_MAX);
	return CTL_OK;
}

/* ---- hits ---- */

static int
owner_set(void *arg, const struct db_session *v)
{
	struct search *s = arg;

	s->row = v->row;
	memcpy(s->owner.id, v->id_text, ID_TEXT);
	snprintf(s->owner.user, sizeof(s->owner.user), "%s", v->user);
	snprintf(s->owner.host, sizeof(s->owner.host), "%s", v->host);
	s->owner.start_us = v->start_us;
	return 0;
}

/* The recording of that row, if there is one: an index may be of another database. */
static int
owner_find(struct search *s, int64_t row)
{
	int r = 0;

	if (s->row != row)
		r = db_session_after(s->db, row - 1, 1, owner_set, s, &s->c->e);
	return r != 0 ? r : s->row == row ? 0 : -ENOENT;
}

static bool
is_wanted(const struct search *s, const char *user, const char *host, int64_t t_us)
{
	return (s->user == NULL || strcmp(s->user, user) == 0) && (s->host == NULL || strcmp(s->host, host) == 0) &&
	    t_us >= s->from_us && (s->until_us == 0 || t_us < s->until_us);
}

/* As a C string; *at: where. */
static int
word_keep(struct search *s, struct slice word, size_t *at)
{
	int r;

	*at = s->words.len;
	r = buf_slice_append(&s->words, word);
	return r == 0 ? buf_u8(&s->words, 0) : r;
}

static int
hit_add(struct search *s, const struct hit *h, const char *user, const char *host, struct slice text)
{
	struct hit *to = &s->hits[s->n];
	int r;

	if (s->n == s->limit) {
		s->more = true;
		return 1;
	}
	*to = *h;
	r = word_keep(s, slice_from(user), &to->user);
	r = r != 0 ? r : word_keep(s, slice_from(host), &to->host);
	r = r != 0 ? r : word_keep(s, text, &to->text);
	if (r != 0)
		return err_set(&s->c->e, r, "so much is found that it does not fit into memory: a smaller --limit helps");
	to->order = s->n++;
	return 0;
}

static int
on_event(void *arg, const struct db_event *v)
{
	struct search *s = arg;
	struct hit h = { .t_us = v->t_us, .class_uid = v->class_uid, .t_ms = -1 };

	if (!is_wanted(s, v->actor, v->host, v->t_us))
		return 0;
	if (strlen(v->session) == ID_TEXT - 1)
		memcpy(h.session, v->session, ID_TEXT);
	return hit_add(s, &h, v->actor, v->host, slice_from(v->text));
}

static int
on_line(void *arg, const struct index_line *l)
{
	struct search *s = arg;
	struct hit h = { .class_uid = l->class_uid, .t_ms = (int64_t)l->t_ms };
	int r;

	/* Every search would find the one that is on the record before it: itself. */
	if (l->class_uid == OCSF_READING && s->query.class_uid != OCSF_READING)
		return 0;
	if (l->session == 0) {
		r = db_event_find(s->db, (int64_t)l->t_ms, on_event, s, &s->c->e);
		return r == -ENOENT ? 0 : r;
	}
	r = owner_find(s, l->session);
	if (r != 0)
		return r == -ENOENT ? 0 : r;
	h.t_us = s->owner.start_us + (int64_t)l->t_ms * 1000;
	memcpy(h.session, s->owner.id, ID_TEXT);
	return is_wanted(s, s->owner.user, s->owner.host, h.t_us) ? hit_add(s, &h, s->owner.user, s->owner.host, l->text) : 0;
}

static int
hit_compare(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	return x->t_us != y->t_us ? (x->t_us < y->t_us ? -1 : 1) : x->order > y->order ? -1 : 1;
}

static void
hit_print(struct out *o, const struct search *s, const struct hit *h)
{
	const char *words = (const char *)s->words.p;
	char at[48] = "";

	if (h->t_ms >= 0)
		(void)clock_print_at((uint64_t)h->t_ms, at, sizeof(at));
	out_time(o, h->t_us);
	out_cstr(o, h->class_uid == INDEX_SCREEN ? "screen" : h->class_uid == INDEX_COMMAND ? "command" : siem_class(h->class_uid));
	out_cstr(o, h->session);
	out_cstr(o, at);
	out_cstr(o, words + h->user);
	out_cstr(o, words + h->host);
	out_cstr(o, words + h->text);
	if (h->t_ms >= 0)
		out_number(o, h->t_ms);
	else
		out_raw(o, slice_from(""));
}

static int
hits_print(struct search *s)
{
	struct out *o = ctl_out(s->c, columns, false);

	if (s->n > 0)
		qsort(s->hits, s->n, sizeof(*s->hits), hit_compare);
	for (size_t i = 0; i < s->n; i++)
		hit_print(o, s, &s->hits[i]);
	if (out_end(o) != 0)
		return -EIO;
	if (s->n == 0)
		ctl_note(s->c, "nowhere");
	else if (s->more)
		ctl_note(s->c, "the newest %zu; --limit N shows more", s->n);
	return 0;
}

/* ---- running ---- */

static int
search_run(struct search *s)
{
	char dir[2100];
	struct index *x = index_open(texts_dir(s->c, dir, sizeof(dir)), false, &s->c->e);
	int r;

	if (x == NULL)
		return -ENOENT;
	buf_init(&s->words, WORDS_MAX);
	s->hits = calloc(s->limit, sizeof(*s->hits));
	r = s->hits == NULL ? err_set(&s->c->e, -ENOMEM, "out of memory") : index_search(x, &s->query, on_line, s, &s->c->e);
	r = r == 1 ? 0 : r;
	index_close(x);
	if (r == 0 && s->n == 0)
		r = known_check(s->c, s->db, s->user, s->host);
	r = r == 0 ? hits_print(s) : r;
	buf_done(&s->words);
	free(s->hits);
	return r;
}

/* Only one recording: by its row. */
static int
session_narrow(struct search *s)
{
	unsigned char id[ID_BYTES];
	char whole[ID_TEXT];
	int r;

	if (s->session == NULL)
		return 0;
	r = session_find(s->c, s->db, s->session, id, whole);
	r = r == 0 ? db_session_find(s->db, id, owner_set, s, &s->c->e) : r;
	s->query.session = s->row;
	return r;
}

static int
record_search(struct search *s)
{
	char how[TEXT_MAX + 20];

	if (s->offline) {
		fputs("fortress: --offline: that recordings are searched is not on the record\n", stderr);
		return 0;
	}
	snprintf(how, sizeof(how), "grep %s", s->query.text);
	return ask_view(s->c, s->query.session != 0 ? s->owner.id : "", how);
}

int
audit_grep(struct ctl *c, int argc, char **argv)
{
	struct search s = { .c = c };
	int r = options_parse(&s, argc, argv);

	if (r != CTL_OK)
		return r;
	s.db = ctl_db(c);
	if (s.db == NULL)
		return CTL_FAILED;
	r = session_narrow(&s);
	r = r == 0 ? record_search(&s) : r;
	if (r == 0 && texts_update(c, NULL) != 0)
		fprintf(stderr, "fortress: %s: what is newest may be missing\n", c->e.text);
	r = r == 0 ? search_run(&s) : r;
	db_close(s.db);
	return r == 0 ? CTL_OK : CTL_FAILED;
}

int
audit_index(struct ctl *c, int argc, char **argv)
{
	struct buf said;
	int r = ctl_plain(c, argc, argv, 0, 0);

	if (r != CTL_OK)
		return r;
	buf_init(&said, 4096);
	r = texts_update(c, &said);
	if (r == 0 && c->format == OUT_TEXT)
		printf("indexed: %s\n", buf_cstr(&said));
	buf_done(&said);
	return r == 0 ? CTL_OK : CTL_FAILED;
}
