/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What the files of the fortress command share: one struct for the run, one row for each command. */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include "base/err.h"
#include "ctl/out.h"

struct ask;
struct db;

#define CTL_TIMES "write 2026-11-24, 2026-11-24T10:00 or how long ago: 90m, 12h, 7d"

enum { CTL_OK = 0, CTL_FAILED = 1, CTL_USAGE = 2, CTL_BROKEN = 6 };      /* BROKEN: a proof does not hold */

struct option;

struct ctl {
	char state[2048];
	bool state_given;              /* by --state or FORTRESS_STATE, not by default */
	const struct command *command; /* what runs */
	enum out_format format;
	char **args;                   /* all arguments, for serve and replay */
	struct err e;                  /* why it failed; main prints it */
};

struct command {
	const char *noun, *verb;       /* verb NULL: the noun is the whole command */
	const char *args, *help;
	int (*run)(struct ctl *c, int argc, char **argv);   /* argv[0] is the last word of the command; CTL_* */
};

extern const struct command *const ctl_commands[];     /* ended by NULL; each a table ended by a NULL noun */

/* The tables, one a file. */
extern const struct command commands_directory[], commands_session[], commands_policy[], commands_audit[], commands_upkeep[], commands_keep[],
    commands_system[], commands_import[], commands_approval[];

/* Not understood: says what, and how the command is used.  CTL_USAGE. */
int ctl_usage(const struct ctl *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for a value that is none: what is wrong with it and what to write is enough.  CTL_USAGE. */
int ctl_bad(const struct ctl *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* getopt_long, for shorts as that takes them ("" or "+" and ":…"), once optind is 0.  What is wrong is said, then '?' comes. */
int ctl_option(const struct ctl *c, int argc, char **argv, const char *shorts, const struct option *longs);
/* Are there min to max words (from optind on)?  CTL_OK, or says which is missing or too many: CTL_USAGE. */
int ctl_words(const struct ctl *c, int argc, char **argv, int min, int max);
/* For a command without options: min to max words, from argv[optind] on. */
int ctl_plain(const struct ctl *c, int argc, char **argv, int min, int max);
/* The same for one whose only option is --NAME VALUE; *value stays as it is when that is not given. */
int ctl_valued(const struct ctl *c, int argc, char **argv, const char *name, const char **value, int min, int max);
/* Fills c->e and returns CTL_FAILED. */
int ctl_fail(struct ctl *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A remark that is no failure, for people: nothing where a program reads the output. */
void ctl_note(const struct ctl *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void command_print(FILE *to, const struct command *k);
struct out *ctl_out(const struct ctl *c, const struct out_column *columns, bool one);
/* "90", "15m", "1h", "30d" to seconds; false if it is none. */
bool ctl_parse_duration(const char *text, uint64_t *seconds);
/* "2026-11-24", "2026-11-24T10:00", an RFC 3339 time, or a duration ago; local time.  False if it is none. */
bool ctl_parse_time(const char *text, int64_t *us);
/* For --expires: the same forms, but a duration is from now on, and "never" is 0.  False too for what is past. */
bool ctl_parse_expiry(const char *text, uint64_t *us);
/* "2027-01-31T18:00:00Z"; "" for 0.  False: it does not fit. */
bool ctl_print_utc(uint64_t us, char *out, size_t size);
/* The database, for reading.  NULL with c->e. */
struct db *ctl_db(struct ctl *c);
/* Who runs this, for the record. */
const char *ctl_actor(void);

#endif
