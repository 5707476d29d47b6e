/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress policy test.  One case a line:
 *
 *	USER[:GROUP,..][{K=V,..}] VERB HOST[{K=V,..}] [as LOGIN] [to H:P] [listen H:P] [path P] [plugin P@V] [param K=V]..
 *	    [target agent|sshd] [sha256 HEX] [from ADDR] [cert P,..] [at TIME] [-- COMMAND | --argv WORD..]
 *	    => permit|deny [RULE [NEED, ..]] [: WORDS]
 *
 * COMMAND is what a plain sshd gets, WORD.. what an agent gets: quotes and backslashes are understood.  NEED as the policy prints it ("mfa, record full"); WORDS: what the explanation holds.
 */
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/words.h"
#include "ctl/policy.h"

enum { WORDS_MAX = 256 };

struct test { struct ctl *c; const struct policy *p; const char *file; unsigned line, cases, failed; };

static char *
bracket_take(char *word, char open, char close)
{
	char *at = strchr(word, open), *end;

	if (at == NULL)
		return NULL;
	*at++ = '\0';
	end = close != '\0' ? strchr(at, close) : NULL;
	if (end != NULL)
		*end = '\0';
	for (char *p = at; close != '\0' && *p != '\0'; p++)
		*p = *p == ',' ? ' ' : *p;
	return at;
}

/* "word value" */
static bool
case_option(struct question *q, const char *word, const char *value)
{
	static const struct { const char *word; size_t at; } texts[] = {
		{ "as", offsetof(struct question, login) }, { "to", offsetof(struct question, to) },
		{ "listen", offsetof(struct question, listen) }, { "path", offsetof(struct question, path) },
		{ "plugin", offsetof(struct question, plugin) }, { "sha256", offsetof(struct question, sha256) },
		{ "from", offsetof(struct question, src) }, { "cert", offsetof(struct question, certs) },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(word, texts[i].word) == 0) {
			memcpy((char *)q + texts[i].at, &value, sizeof(value));
			return true;
		}
	if (strcmp(word, "param") == 0 && q->params_n < QUESTION_PARAMS) {
		q->params[q->params_n++] = value;
		return true;
	}
	if (strcmp(word, "target") == 0) {
		q->agent = strcmp(value, "agent") == 0;
		return q->agent || strcmp(value, "sshd") == 0;
	}
	return strcmp(word, "at") == 0 && ctl_parse_time(value, &q->at_us);
}

static bool
case_parse(struct question *q, char *words[], int n)
{
	char *attrs;
	int i = 3;

	if (n < 3)
		return false;
	attrs = bracket_take(words[0], '{', '}');
	q->groups = bracket_take(words[0], ':', '\0');
	q->attrs = attrs;
	q->labels = bracket_take(words[2], '{', '}');
	q->user = words[0];
	q->verb = words[1];
	q->host = words[2];
	for (; i + 1 < n; i += 2)
		if (!case_option(q, words[i], words[i + 1]))
			return false;
	return i == n;
}

static int
case_words(char *text, char *words[WORDS_MAX])
{
	char *save = NULL;
	int n = 0;

	for (char *w = strtok_r(text, " \t", &save); w != NULL && n < WORDS_MAX; w = strtok_r(NULL, " \t", &save))
		words[n++] = w;
	return n;
}

/* Cuts text at the last or first mark; what follows it, or NULL. */
static char *
case_cut(char *text, const char *mark, bool last)
{
	char *at = strstr(text, mark), *more;

	while (last && at != NULL && (more = strstr(at + 1, mark)) != NULL)
		at = more;
	if (at == NULL)
		return NULL;
	*at = '\0';
	return at + strlen(mark);
}

/* "permit|deny [RULE [NEED, ..]]" */
struct want { const char *verdict, *rule, *needs; };

static bool
want_parse(struct want *w, char *text)
{
	char *save = NULL, *needs;
	size_t n;

	w->verdict = strtok_r(text, " \t", &save);
	w->rule = strtok_r(NULL, " \t", &save);
	needs = save + strspn(save, " \t");
	for (n = strlen(needs); n > 0 && (needs[n - 1] == ' ' || needs[n - 1] == '\t'); n--)
		needs[n - 1] = '\0';
	w->needs = needs;
	return w->verdict != NULL && (strcmp(w->verdict, "permit") == 0 || strcmp(w->verdict, "deny") == 0);
}

static int
needs_text(const struct policy_decision *d, struct buf *out)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->needs_n; i++)
		r = buf_printf(out, "%s%s", i > 0 ? ", " : "", d->needs[i]->words);
	return r;
}

static bool
case_holds(const struct policy_decision *d, const struct want *w, const char *needs, const char *told, const char *text)
{
	return d->permit == (strcmp(w->verdict, "permit") == 0) && (w->rule == NULL || strcmp(w->rule, d->rule) == 0) &&
	    strcmp(w->needs, needs) == 0 && (told == NULL || strstr(text, told) != NULL);
}

static void
case_judge(struct test *t, const struct question *q, const struct want *w, const char *told)
{
	struct policy_decision d = { 0 };
	struct buf text, needs;

	buf_init(&text, 65536);
	buf_init(&needs, 65536);
	t->cases++;
	if (question_ask(t->p, q, "", &text, &d) != 0 || needs_text(&d, &needs) != 0 ||
	    !case_holds(&d, w, buf_cstr(&needs), told, buf_cstr(&text))) {
		t->failed++;
		printf("%s:%u: wanted %s%s%s%s%s%s%s, got %s\n", t->file, t->line, w->verdict, w->rule != NULL ? " " : "",
		    w->rule != NULL ? w->rule : "", w->needs[0] != '\0' ? " " : "", w->needs, told != NULL ? " : " : "",
		    told != NULL ? told : "", buf_cstr(&text));
	}
	buf_done(&text);
	buf_done(&needs);
}

/* As they stand behind --argv: words of the store, cut apart in place.  False: they take a shell. */
static bool
case_argv(struct question *q, const char *text, struct buf *store, char *words[WORDS_MAX])
{
	struct slice found[WORDS_MAX];
	int n = words_split(slice_from(text), store, found, WORDS_MAX, NULL);

	for (int i = 0; i < n; i++)
		words[i] = slice_dup(found[i]);
	q->argv = words;
	q->argc = n > 0 ? n : 0;
	q->exact = true;
	return n > 0;
}

static int
case_run(struct test *t, char *line)
{
	char *words[WORDS_MAX], *argv[WORDS_MAX] = { NULL }, *wanted = case_cut(line, " => ", true), *told, *exact;
	struct question q = { 0 };
	struct want want;
	struct buf store;
	bool good;

	buf_init(&store, 65536);
	told = wanted != NULL ? case_cut(wanted, " : ", false) : NULL;
	exact = case_cut(line, " --argv ", false);
	q.raw = case_cut(line, " -- ", false);
	good = wanted != NULL && want_parse(&want, wanted) && case_parse(&q, words, case_words(line, words)) &&
	    (exact == NULL || case_argv(&q, exact, &store, argv));
	if (good)
		case_judge(t, &q, &want, told);
	for (int i = 0; i < q.argc; i++)
		free(argv[i]);
	buf_done(&store);
	return good ? CTL_OK : ctl_fail(t->c, "%s:%u: not a case: USER[:GROUP,..] VERB HOST[{K=V,..}] [as LOGIN] [-- COMMAND] => permit|deny "
	    "[RULE [NEED, ..]] [: WORDS]; fortress(1) has it all", t->file, t->line);
}

static int
cases_run(struct test *t, char *text)
{
	char *save = NULL;
	int r = CTL_OK;

	for (char *line = text; line != NULL && r == CTL_OK; line = save) {
		save = strchr(line, '\n');
		if (save != NULL)
			*save++ = '\0';
		t->line++;
		line += strspn(line, " \t");
		if (*line != '\0' && *line != '#')
			r = case_run(t, line);
	}
	return r;
}

int
policy_test_run(struct ctl *c, int argc, char **argv)
{
	struct test t = { .c = c };
	struct policy *p;
	struct buf text;
	bool whole;
	char *copy;
	int r;

	if (ctl_policy_options(c, argc, argv, 1, 2, &whole) != CTL_OK)
		return CTL_USAGE;
	t.file = argv[optind];
	p = ctl_policy_load(c, argv[optind + 1], whole);
	if (p == NULL)
		return CTL_FAILED;
	t.p = p;
	buf_init(&text, 16 << 20);
	r = fd_read_file(t.file, 16 << 20, &text, &c->e) == 0 ? CTL_OK : CTL_FAILED;
	copy = r == CTL_OK ? slice_dup(buf_slice(&text)) : NULL;
	if (copy != NULL)
		r = cases_run(&t, copy);
	if (r == CTL_OK)
		printf("%u case%s, %u failed\n", t.cases, t.cases == 1 ? "" : "s", t.failed);
	free(copy);
	buf_done(&text);
	policy_free(p);
	return r == CTL_OK && t.failed > 0 ? CTL_FAILED : r;
}
