/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Any file as the zip or tar file of an export: each walk finds the same in it, no file is begun within another, and what is no sound
 * export is refused with a sentence.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ctl/inspect.h"
#include "ctl/unpack.h"
#include "tests/fuzz/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define BYTES_MAX (16u << 20)            /* a small archive can hold as many as it likes */

struct walk {
	bool inside;
	uint64_t files, bytes, sum;
};

static void
sum(struct walk *w, struct slice bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		w->sum = w->sum * 31 + bytes.p[i];
}

static int
begin(void *arg, const char *name)
{
	struct walk *w = arg;

	assert(!w->inside && name != NULL);
	sum(w, slice_from(name));
	w->files++;
	w->inside = true;
	return 1;
}

static int
bytes_come(void *arg, struct slice bytes)
{
	struct walk *w = arg;

	assert(w->inside && bytes.n > 0);
	sum(w, bytes);
	w->bytes += bytes.n;
	return w->bytes > BYTES_MAX ? -EFBIG : 0;
}

static int
end(void *arg)
{
	struct walk *w = arg;

	assert(w->inside);
	w->inside = false;
	return 0;
}

/* How that ended. */
static int
walk_twice(const char *path)
{
	struct walk w[2] = { 0 };
	struct err e = { 0 };
	struct unpack *u = unpack_open(path, &e);
	int r[2];

	assert(u != NULL);
	for (int i = 0; i < 2; i++) {
		const struct unpack_visit visit = { &w[i], begin, bytes_come, end };

		e = (struct err){ 0 };
		r[i] = unpack_walk(u, &visit, &e);
		assert(r[i] == 0 || r[i] == -EFBIG || (r[i] == -EBADMSG && e.text[0] != '\0'));
	}
	assert(r[0] == r[1] && memcmp(&w[0], &w[1], sizeof(w[0])) == 0);
	unpack_close(u);
	return r[0];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char path[FILE_PATH];
	struct err e = { 0 };
	int fd = file_open(slice_of(data, n), path);

	if (walk_twice(path) != -EFBIG) {
		struct inspect *x = inspect_new(path, NULL, &e);

		if (x == NULL || inspect_all(x, &e) != 0)
			assert(e.text[0] != '\0');
		inspect_free(x);
	}
	(void)close(fd);
	return 0;
}
