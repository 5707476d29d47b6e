/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The kinds of values in fortress.conf: read from text, printed back, freed.  A value lies in struct
 * conf: TEXT, PATH, METHODS a char *; LIST, PATHS a struct conf_list; NETWORKS a struct conf_networks; RAMP
 * a struct conf_ramp; all others a uint64_t.
 */
#ifndef MONITOR_CONF_VALUE_H
#define MONITOR_CONF_VALUE_H

#include "monitor/conf.h"

enum conf_kind { TEXT, PATH, METHODS, LIST, PATHS, NETWORKS, NUMBER, SIZE, DURATION, RAMP, WORD, WORDS };

struct conf_row {
	const char *name;
	enum conf_kind kind;
	size_t offset;
	const char *deflt;                   /* NULL: empty */
	uint64_t min, max;
	const char *const *words;            /* WORD: the value is the index, WORDS: a bit for each; ended by NULL */
	const char *help;
};

/* Where a value stands, for what is said about it. */
struct conf_place {
	const char *state_dir, *file;
	unsigned line;
	struct err *e;
};

/* "FILE:LINE:COL: what "word": hint" to the place's error; -EINVAL. */
int conf_fail(const struct conf_place *p, size_t col, const char *what, const char *word, const char *hint);
char *conf_path_from(const char *dir, const char *path);        /* caller frees; NULL when out of memory */

bool conf_value_is_list(enum conf_kind k);                      /* may be given several times */
int conf_value_set(const struct conf_row *r, void *at, const struct conf_place *p, size_t col, const char *text);
void conf_value_print(const struct conf_row *r, const void *at, FILE *out);
void conf_value_free(const struct conf_row *r, void *at);

#endif
