/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

#define VALUE_MAX (UINT64_C(1) << 53)

static const struct { const char *word; bool agent; } rows[LIMITS] = {
	[LIMIT_TIMEOUT_S] = { "timeout", false }, [LIMIT_IDLE_S] = { "idle", false }, [LIMIT_MEM_BYTES] = { "mem", true },
	[LIMIT_CPU_S] = { "cpu", true }, [LIMIT_PROCS] = { "procs", true }, [LIMIT_NOFILE] = { "nofile", true },
	[LIMIT_FSIZE_BYTES] = { "fsize", true },
};

int
limits_print(struct buf *b, const struct limits *l)
{
	const char *between = "";
	int r = 0;

	for (size_t i = 0; r == 0 && i < LIMITS; i++) {
		if (l->value[i] == 0)
			continue;
		r = buf_printf(b, "%s%s=%llu", between, rows[i].word, (unsigned long long)l->value[i]);
		between = " ";
	}
	for (size_t i = 0; r == 0 && i < l->digests_n; i++)
		r = buf_printf(b, "%s%s", i > 0 ? "," : between[0] != '\0' ? " sha256=" : "sha256=", l->digests[i]);
	return r;
}

static bool
is_digest(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < '0' || s.p[i] > '9') && (s.p[i] < 'a' || s.p[i] > 'f'))
			return false;
	return s.n == LIMITS_DIGEST;
}

/* "HEX,HEX" */
static bool
digests_parse(struct slice list, struct limits *l)
{
	struct slice one;

	if (l->digests_n > 0 || list.n == 0 || list.p[list.n - 1] == ',')
		return false;
	while (take_part(&list, ',', &one)) {
		if (l->digests_n == LIMITS_DIGESTS_MAX || !is_digest(one))
			return false;
		(void)slice_copy(one, l->digests[l->digests_n++], sizeof(l->digests[0]));
	}
	return true;
}

/* "word=value" */
static bool
pair_parse(struct slice pair, struct limits *l)
{
	struct slice word, value = pair;

	if (!take_until(&value, '=', &word))
		return false;
	for (size_t i = 0; i < LIMITS; i++)
		if (slice_is(word, rows[i].word))
			return l->value[i] == 0 && text_u64(value, VALUE_MAX, &l->value[i]) && l->value[i] != 0;
	return slice_is(word, "sha256") && digests_parse(value, l);
}

int
limits_parse(struct slice text, struct limits *ret)
{
	struct limits l = { 0 };
	struct slice pair;

	if (text.n > 0 && text.p[text.n - 1] == ' ')
		return -EINVAL;
	while (take_part(&text, ' ', &pair))
		if (!pair_parse(pair, &l))
			return -EINVAL;
	*ret = l;
	return 0;
}

void
limits_join(struct limits *l, const struct limits *more)
{
	for (size_t i = 0; i < LIMITS; i++)
		if (more->value[i] != 0 && (l->value[i] == 0 || more->value[i] < l->value[i]))
			l->value[i] = more->value[i];
	if (more->digests_n > 0) {
		memcpy(l->digests, more->digests, sizeof(l->digests));
		l->digests_n = more->digests_n;
	}
}

bool
limits_have_digest(const struct limits *l, const char *digest)
{
	for (size_t i = 0; i < l->digests_n; i++)
		if (strcmp(l->digests[i], digest) == 0)
			return true;
	return false;
}

/* Which of its digests a program has is not known here: each must do. */
bool
limits_still_do(const struct limits *then, const struct limits *now)
{
	for (size_t i = 0; i < LIMITS; i++)
		if (now->value[i] != 0 && (then->value[i] == 0 || now->value[i] < then->value[i]))
			return false;
	if (now->digests_n == 0)
		return true;
	for (size_t i = 0; i < then->digests_n; i++)
		if (!limits_have_digest(now, then->digests[i]))
			return false;
	return then->digests_n > 0;
}

bool
limits_take_agent(const struct limits *l)
{
	bool any = l->digests_n > 0;

	for (size_t i = 0; i < LIMITS; i++)
		any = any || (rows[i].agent && l->value[i] != 0);
	return any;
}
