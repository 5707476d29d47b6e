/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress: the administrator's command.  It asks a running bastion over its control socket, reads
 * the audit database (never writes it), and starts the other programs.  The words come from tables;
 * help, completion and "did you mean" come from the same.
 */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/ctl.h"

enum { WORDS_MAX = 128 };

const struct command *const ctl_commands[] = {
	commands_system, commands_directory, commands_import, commands_session, commands_approval, commands_policy, commands_audit, commands_keep, commands_upkeep,
	NULL,
};

typedef bool command_fn(void *arg, const struct command *k);

/* Every command in order, until fn says true. */
static const struct command *
command_each(command_fn *fn, void *arg)
{
	for (size_t t = 0; ctl_commands[t] != NULL; t++)
		for (const struct command *k = ctl_commands[t]; k->noun != NULL; k++)
			if (fn(arg, k))
				return k;
	return NULL;
}

struct wanted { const char *noun, *verb; };

static bool
is_listing(const char *verb)
{
	return strcmp(verb, "ls") == 0 || strcmp(verb, "list") == 0;
}

/* ls and list are one verb, whichever of them a table has. */
static bool
is_verb(const char *verb, const char *wanted)
{
	return strcmp(verb, wanted) == 0 || (is_listing(verb) && is_listing(wanted));
}

static bool
is_wanted(void *arg, const struct command *k)
{
	const struct wanted *w = arg;

	return strcmp(k->noun, w->noun) == 0 && (k->verb == NULL || (w->verb != NULL && is_verb(k->verb, w->verb)));
}

/* noun NULL: all; verb NULL: all of the noun. */
static bool
print_one(void *arg, const struct command *k)
{
	const struct wanted *w = arg;

	if ((w->noun == NULL || strcmp(w->noun, k->noun) == 0) &&
	    (w->verb == NULL || k->verb == NULL || is_verb(k->verb, w->verb))) {
		fputs("  ", stdout);
		command_print(stdout, k);
		printf("           %s\n", k->help);
	}
	return false;
}

static void
help(const char *noun, const char *verb)
{
	struct wanted w = { noun, verb };

	puts("usage: fortress [--state DIR] [--json | --csv] COMMAND\n");
	(void)command_each(print_one, &w);
	puts("\nDIR is the bastion's state: --state, else $FORTRESS_STATE, else " PKGSTATEDIR ".\nSee fortress(1).");
}

/* --- words that are none --- */

struct words { const char *of, *p[WORDS_MAX]; size_t n; };

/* of NULL: the nouns; else the verbs of that noun. */
static bool
word_collect(void *arg, const struct command *k)
{
	struct words *w = arg;
	const char *word = w->of == NULL ? k->noun : strcmp(k->noun, w->of) == 0 ? k->verb : NULL;

	for (size_t i = 0; word != NULL && i < w->n; i++)
		if (strcmp(w->p[i], word) == 0)
			word = NULL;
	if (word != NULL && w->n < WORDS_MAX)
		w->p[w->n++] = word;
	return false;
}

static bool
noun_is(void *arg, const struct command *k)
{
	return strcmp(k->noun, arg) == 0;
}

static int
complain(const char *noun, const char *verb)
{
	struct words w = { 0 };
	const char *word = noun, *nearest;
	char shown[80];

	if (command_each(noun_is, (void *)(uintptr_t)noun) != NULL) {
		w.of = noun;
		word = verb;
	}
	(void)command_each(word_collect, &w);
	if (word == NULL) {
		fprintf(stderr, "fortress %s: what? one of", noun);
		for (size_t i = 0; i < w.n; i++)
			fprintf(stderr, " %s", w.p[i]);
		fputc('\n', stderr);
		return CTL_USAGE;
	}
	nearest = text_nearest(word, w.p, w.n);
	fprintf(stderr, "fortress: %s%s%s: no such command", w.of != NULL ? w.of : "", w.of != NULL ? " " : "",
	    text_escaped(slice_from(word), shown, sizeof(shown)));
	if (nearest != NULL)
		fprintf(stderr, "; did you mean \"%s\"?\n", nearest);
	else
		fputs("; fortress help lists them\n", stderr);
	return CTL_USAGE;
}

/* --- running --- */

static bool
wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

/* Of what was meant, if it is a command at all. */
static int
help_about(const char *noun, const char *verb)
{
	struct wanted w = { noun, verb };

	if (verb != NULL && verb[0] == '-')
		w.verb = NULL;
	if (command_each(noun_is, (void *)(uintptr_t)noun) == NULL || (w.verb != NULL && command_each(is_wanted, &w) == NULL))
		return complain(noun, w.verb);
	help(noun, w.verb);
	return CTL_OK;
}

/* What was printed may not have arrived: a full disk is no success, and not silent. */
static int
result_say(const struct ctl *c, int r)
{
	bool lost = fflush(stdout) != 0 || ferror(stdout);

	if (r == CTL_OK && lost)
		r = CTL_FAILED;
	if ((r == CTL_FAILED || r == CTL_BROKEN) && c->e.text[0] != '\0')
		fprintf(stderr, "fortress: %s\n", c->e.text);
	else if (r == CTL_FAILED && lost)
		fputs("fortress: the output cannot be written: is the disk full?\n", stderr);
	return r;
}

static int
command_run(struct ctl *c, int argc, char **argv)
{
	struct wanted w = { argv[0], argc > 1 ? argv[1] : NULL };
	int words;

	if (strcmp(w.noun, "user") == 0 && w.verb != NULL && strcmp(w.verb, "key") == 0)
		return command_run(c, argc - 1, argv + 1);
	if (wants_help(argc, argv))
		return help_about(w.noun, w.verb);
	c->command = command_each(is_wanted, &w);
	if (c->command == NULL)
		return complain(w.noun, w.verb);
	words = c->command->verb != NULL;
	c->args = argv + words + 1;
	return result_say(c, c->command->run(c, argc - words, argv + words));
}

/* One form of output; a second, other one is no wish that can be granted. */
static bool
format_set(struct ctl *c, enum out_format format)
{
	if (c->format != OUT_TEXT && c->format != format) {
		fputs("fortress: --json and --csv: only one of them\n", stderr);
		return false;
	}
	c->format = format;
	return true;
}

/* As the bastion has it, whose database no link may lead to; one that is not there yet as it was given. */
static void
state_set(struct ctl *c, const char *state)
{
	char *whole = realpath(state, NULL);

	snprintf(c->state, sizeof(c->state), "%s", whole != NULL ? whole : state);
	free(whole);
}

/* The global options may stand before the command or behind it; they are taken out of argv.  Words that stay, or 0: no. */
static int
globals_take(struct ctl *c, int argc, char **argv)
{
	const char *state = getenv("FORTRESS_STATE");
	bool good = true;
	int kept = 1;

	for (int i = 1; i < argc && good; i++) {
		if (strcmp(argv[i], "--") == 0) {
			while (i < argc)
				argv[kept++] = argv[i++];
		} else if (strcmp(argv[i], "--json") == 0) {
			good = format_set(c, OUT_JSON);
		} else if (strcmp(argv[i], "--csv") == 0) {
			good = format_set(c, OUT_CSV);
		} else if (strcmp(argv[i], "--state") == 0) {
			state = i + 1 < argc ? argv[++i] : NULL;
			good = state != NULL;
			if (!good)
				fputs("fortress: --state: needs a directory\n", stderr);
		} else if (strncmp(argv[i], "--state=", 8) == 0) {
			state = argv[i] + 8;
		} else {
			argv[kept++] = argv[i];
		}
	}
	argv[kept] = NULL;
	c->state_given = state != NULL && state[0] != '\0';
	state_set(c, c->state_given ? state : PKGSTATEDIR);
	return good ? kept : 0;
}

static int
first_option(const char *word)
{
	fprintf(stderr, "fortress: %s: no such option; fortress help lists the commands\n", word);
	return CTL_USAGE;
}

int
main(int argc, char **argv)
{
	struct ctl c = { 0 };
	const char *first;

	if (setlocale(LC_CTYPE, "") == NULL)
		(void)setlocale(LC_CTYPE, "C.UTF-8");
	argc = globals_take(&c, argc, argv);
	if (argc == 0)
		return CTL_USAGE;
	first = argc > 1 ? argv[1] : "";
	if (first[0] == '\0') {
		help(NULL, NULL);
		return CTL_USAGE;
	}
	if (strcmp(first, "help") == 0 && argc > 2)
		return help_about(argv[2], argc > 3 ? argv[3] : NULL);
	if (strcmp(first, "help") == 0 || strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) {
		help(NULL, NULL);
		return CTL_OK;
	}
	if (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0) {
		puts("fortress " PACKAGE_VERSION);
		return CTL_OK;
	}
	return first[0] == '-' ? first_option(first) : command_run(&c, argc - 1, argv + 1);
}
