/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <string.h>

#include "base/flags.h"
#include "base/text.h"

static const struct flag *
flag_find(const struct flag *flags, size_t n, struct slice name)
{
	for (size_t i = 0; i < n; i++)
		if (slice_is(name, flags[i].name))
			return &flags[i];
	return NULL;
}

static int
word_set(const struct flag *f, uint64_t *at, const char *value, struct err *e)
{
	for (uint64_t i = 0; f->words[i] != NULL; i++)
		if (strcmp(f->words[i], value) == 0) {
			*at = i;
			return 0;
		}
	return err_set(e, -EINVAL, "--%s: not one of its words: %s", f->name, value);
}

static int
number_set(const struct flag *f, uint64_t *at, const char *value, struct err *e)
{
	uint64_t max = f->max > 0 ? f->max : UINT64_MAX;

	return text_u64(slice_from(value), max, at) ? 0 :
	    err_set(e, -EINVAL, "--%s: not a number up to %llu: %s", f->name, (unsigned long long)max, value);
}

static int
texts_add(const struct flag *f, struct flag_texts *list, const char *value, struct err *e)
{
	if (list->n == FLAG_TEXTS_MAX)
		return err_set(e, -EINVAL, "--%s: %d at most", f->name, FLAG_TEXTS_MAX);
	list->items[list->n++] = value;
	return 0;
}

static int
flag_set(const struct flag *f, void *options, const char *value, struct err *e)
{
	void *at = (char *)options + f->offset;

	switch (f->kind) {
	case FLAG_TEXTS:
		return texts_add(f, at, value, e);
	case FLAG_NUMBER:
		return number_set(f, at, value, e);
	case FLAG_WORD:
		return word_set(f, at, value, e);
	case FLAG_YES:
		*(bool *)at = true;
		return 0;
	default:
		*(const char **)at = value;
		return 0;
	}
}

static int
needed_check(const struct flag *flags, size_t n, const void *options, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (flags[i].needed && *(const char *const *)(const void *)((const char *)options + flags[i].offset) == NULL)
			return err_set(e, -EINVAL, "--%s is missing", flags[i].name);
	return 0;
}

int
flags_read(const struct flag *flags, size_t n, void *options, int argc, char **argv, struct err *e)
{
	for (int i = 1; i < argc; i++) {
		size_t len = strcspn(argv[i], "=");
		bool dashes = strncmp(argv[i], "--", 2) == 0;
		const struct flag *f = dashes ? flag_find(flags, n, slice_of(argv[i] + 2, len - 2)) : NULL;
		const char *value = argv[i][len] == '=' ? argv[i] + len + 1 : NULL;
		int r;

		if (f == NULL)
			return err_set(e, -EINVAL, "%s: not an option of this program: fortress serve starts it", argv[i]);
		if (f->kind == FLAG_YES ? value != NULL : value == NULL && ++i == argc)
			return err_set(e, -EINVAL, "--%s: %s", f->name, value != NULL ? "takes no value" : "its value is missing");
		if (f->kind != FLAG_YES && value == NULL)
			value = argv[i];
		r = flag_set(f, options, value, e);
		if (r != 0)
			return r;
	}
	return needed_check(flags, n, options, e);
}
