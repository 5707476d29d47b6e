/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Conditions about what is done: the command, the file, the plugin, the forward. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/words.h"
#include "policy/match.h"

#define COMMAND_MAX 65536

static enum fit
fit_of(bool yes)
{
	return yes ? FIT_YES : FIT_NO;
}

/* ---- command ---- */

/* The vector, or the string's words; negative: it is no simple command. */
static int
words_of(struct asked *a, const struct slice **words)
{
	if (a->req->argv_n > 0) {
		*words = a->req->argv;
		return a->req->argv_n < INT32_MAX ? (int)a->req->argv_n : -1;
	}
	if (!a->split) {
		buf_init(&a->store, COMMAND_MAX);
		a->words = calloc(MATCH_WORDS_MAX, sizeof(*a->words));
		a->words_n = a->words != NULL ? words_split(a->req->command, &a->store, a->words, MATCH_WORDS_MAX, NULL) : -1;
		a->split = true;
	}
	*words = a->words;
	return a->words_n;
}

static bool
digest_is_known(const struct asked *a)
{
	return a->req->sha256.n == DIGEST_HEX;
}

const char *
what_demands(const struct rule *r, const struct asked *a)
{
	return r->permit && r->cmd != NULL && !digest_is_known(a) && !a->req->somehow ? r->cmd->sha256 : NULL;
}

/* A permit names its program by its whole path; what a deny or a require names is meant wherever it lies.  A digest that is not
 * known yet a staragent checks before it runs the program of a permit. */
enum fit
what_fits_command(const struct rule *r, struct asked *a)
{
	const struct pattern *p = r->cmd != NULL ? r->cmd->patterns : NULL;
	const struct slice *words;
	int n;

	if (r->cmd == NULL)
		return FIT_YES;
	if (a->req->somehow)
		return r->permit && r->cmd->sha256 != NULL && !a->req->agent ? FIT_UNKNOWN : FIT_YES;
	n = words_of(a, &words);
	if (n <= 0)
		return FIT_UNKNOWN;
	while (p != NULL && !pattern_matches(p, words, (size_t)n, !r->permit))
		p = p->next;
	if (p == NULL || r->cmd->sha256 == NULL)
		return p != NULL ? FIT_YES : FIT_NO;
	if (digest_is_known(a))
		return fit_of(slice_is(a->req->sha256, r->cmd->sha256));
	return r->permit && a->req->agent ? FIT_YES : FIT_UNKNOWN;
}

/* One that would match if the program were named as it is there. */
static int
say_program(const struct rule *r, const struct slice *words, size_t n, struct buf *out)
{
	const struct pattern *p = r->cmd->patterns;
	char shown[80];
	int e;

	while (p != NULL && !pattern_matches(p, words, n, true))
		p = p->next;
	if (p == NULL)
		return 0;
	e = buf_text(out, ": it permits ");
	if (e == 0)
		e = print_arg(out, p->args);
	return e == 0 ? buf_printf(out, ", not \"%s\"", text_escaped(words[0], shown, sizeof(shown))) : e;
}

/* "arg 1 "-c" is not "-XAt"", of the pattern that came furthest. */
static int
say_arg(const struct rule *r, const struct slice *words, size_t n, struct buf *out)
{
	const struct arg *wanted = NULL, *best_wanted = NULL;
	size_t best = 0, reach;
	char shown[80];
	int e;

	for (const struct pattern *p = r->cmd->patterns; p != NULL; p = p->next) {
		reach = pattern_reach(p, words, n, &wanted);
		if (reach > best) {
			best = reach;
			best_wanted = wanted;
		}
	}
	if (best == 0)
		return say_program(r, words, n, out);
	if (best < n && best_wanted == NULL)
		return buf_printf(out, ": arg %zu \"%s\" is one too many", best, text_escaped(words[best], shown, sizeof(shown)));
	e = best == n ? buf_printf(out, ": arg %zu is missing: ", best) :
	    buf_printf(out, ": arg %zu \"%s\" is not ", best, text_escaped(words[best], shown, sizeof(shown)));
	return e == 0 && best_wanted != NULL ? print_arg(out, best_wanted) : e;
}

int
what_say_command(const struct rule *r, struct asked *a, struct buf *out)
{
	const struct slice *words;
	int n = words_of(a, &words), e;

	if (r->cmd == NULL)
		return 0;
	if (n <= 0)
		return buf_printf(out, "it is not a simple command, so %s", r->permit ? "no pattern can match it" : "it may be one of these");
	if (what_fits_command(r, a) == FIT_UNKNOWN)
		return buf_text(out, r->permit ? "only a staragent can check the program's digest, and none serves this host" :
		    "the program's digest is not known before it runs");
	if (r->cmd->sha256 != NULL && digest_is_known(a) && !slice_is(a->req->sha256, r->cmd->sha256))
		return buf_text(out, "the command matches no pattern, or its program has another digest");
	e = buf_text(out, "the command matches no pattern");
	return e == 0 ? say_arg(r, words, (size_t)n, out) : e;
}

/* ---- files ---- */

enum fit
what_fits_path(const struct rule *r, struct asked *a)
{
	const struct word *w = r->paths;

	if (r->paths == NULL || a->req->somehow)
		return FIT_YES;
	a->met_path = true;
	if (a->req->some_path)
		return fit_of(r->permit);
	if (!path_is_plain(a->req->path))
		return FIT_UNKNOWN;
	while (w != NULL && !glob_path(slice_from(w->text), a->req->path))
		w = w->next;
	return fit_of(w != NULL);
}

int
what_say_path(const struct rule *r, struct asked *a, struct buf *out)
{
	char shown[200];

	if (a->req->path.n == 0 || a->req->some_path)
		return buf_text(out, "it is for certain paths, and none is named");
	if (!path_is_plain(a->req->path))
		return buf_printf(out, "%s is not a plain absolute path", text_escaped(a->req->path, shown, sizeof(shown)));
	return buf_printf(out, "%s is not in %s%s", text_escaped(a->req->path, shown, sizeof(shown)), r->paths->text,
	    r->paths->next != NULL ? " and the others" : "");
}

/* ---- plugins ---- */

static bool
plugin_named(const char *name, struct slice plugin)
{
	const unsigned char *at = plugin.n > 0 ? memchr(plugin.p, '@', plugin.n) : NULL;

	return slice_is(plugin, name) || (at != NULL && slice_is(slice_of(plugin.p, (size_t)(at - plugin.p)), name));
}

/* NULL: what is given is what may be.  Else what is wrong with the parameter. */
static const char *
params_wrong(const struct plugin *plugin, const struct asked *a, const char **name)
{
	const struct policy_label *given = a->req->params;
	const struct param *p;
	size_t n = a->req->params_n, found;

	for (p = plugin->params; p != NULL; p = p->next) {
		*name = p->name;
		found = 0;
		for (size_t i = 0; i < n; i++) {
			if (!slice_is(given[i].key, p->name))
				continue;
			if (found++ > 0 || !arg_matches(p->arg, given[i].value))
				return "is not what it may be";
		}
		if (found == 0 && !p->arg->optional)
			return "is missing";
	}
	*name = "one";
	for (size_t i = 0; i < n; i++) {
		for (p = plugin->params; p != NULL && !slice_is(given[i].key, p->name); p = p->next)
			;
		if (p == NULL)
			return "is not listed";
	}
	return NULL;
}

enum fit
what_fits_plugin(const struct rule *r, struct asked *a)
{
	const char *name;

	return fit_of(r->plugin == NULL || a->req->somehow || (plugin_named(r->plugin->name, a->req->plugin) &&
	    (!r->plugin->with || params_wrong(r->plugin, a, &name) == NULL)));
}

int
what_say_plugin(const struct rule *r, struct asked *a, struct buf *out)
{
	const char *name, *wrong;

	if (!plugin_named(r->plugin->name, a->req->plugin))
		return buf_printf(out, "it is for the plugin %s", r->plugin->name);
	wrong = params_wrong(r->plugin, a, &name);
	return wrong != NULL ? buf_printf(out, "parameter %s %s", name, wrong) : 0;
}

/* ---- forwards ---- */

/* The best of them. */
static enum fit
dests_fit(const struct dest *d, enum fit (*fits)(const struct dest *d, struct slice where), struct slice where)
{
	enum fit best = FIT_NO, one;

	for (; d != NULL && best != FIT_YES; d = d->next)
		if ((one = fits(d, where)) != FIT_NO)
			best = one;
	return best;
}

/* Which way: a rule that names a destination is not one for listening, nor the other way round. */
enum fit
what_fits_forward(const struct rule *r, struct asked *a)
{
	if (a->req->somehow)
		return FIT_YES;
	if (r->to != NULL)
		return a->req->listen.n > 0 ? FIT_NO : dests_fit(r->to, dest_fits, a->req->to);
	if (r->listen != NULL)
		return a->req->listen.n == 0 ? FIT_NO : dests_fit(r->listen, dest_fits_listening, a->req->listen);
	return FIT_YES;
}

int
what_say_forward(const struct rule *r, struct asked *a, struct buf *out)
{
	if (r->to != NULL && a->req->listen.n > 0)
		return buf_text(out, "it is for connecting, not for listening");
	if (r->listen != NULL && a->req->listen.n == 0)
		return buf_text(out, "it is for listening");
	if (r->listen != NULL && what_fits_forward(r, a) == FIT_UNKNOWN)
		return buf_text(out, "it may be heard on other addresses, too");
	if (what_fits_forward(r, a) == FIT_UNKNOWN)
		return buf_text(out, r->permit ? "the destination may be another than its name says" :
		    "the destination may be one of these by another name");
	return buf_text(out, r->to != NULL ? "it is for another destination" : "it is for listening elsewhere");
}
