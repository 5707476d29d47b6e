/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The command line of a program that fortress serve starts: long options alone, one row for each, no other words.
 * What a person types is read by getopt_long elsewhere.
 */
#ifndef BASE_FLAGS_H
#define BASE_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define FLAG_TEXTS_MAX 16

enum flag_kind {
	FLAG_TEXT,                     /* const char * */
	FLAG_TEXTS,                    /* struct flag_texts: may be given FLAG_TEXTS_MAX times */
	FLAG_NUMBER,                   /* uint64_t, up to max */
	FLAG_WORD,                     /* uint64_t: which of words */
	FLAG_YES                       /* bool; takes no value */
};

struct flag_texts {
	const char *items[FLAG_TEXTS_MAX];
	unsigned n;
};

struct flag {
	const char *name;              /* without its -- */
	enum flag_kind kind;
	size_t offset;                 /* in the struct that is filled, whose defaults stand in it before */
	bool needed;
	uint64_t max;                  /* FLAG_NUMBER; 0: any */
	const char *const *words;      /* FLAG_WORD; ended by NULL */
};

/* "--name VALUE" or "--name=VALUE".  Texts are argv's own.  0 or -EINVAL with e: which option and why. */
int flags_read(const struct flag *flags, size_t n, void *options, int argc, char **argv, struct err *e);

#endif
