/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Any recording in every form: none writes a control that a terminal acts on where text is promised, none lets anything of
 * it become markup of the page.  Input: how wide and high the terminal was, then frames: u8 kind | u8 seconds | u8 length | bytes.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "ui/export.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct tape { struct slice all, left; uint64_t t_ms; };

static int
next(void *arg, struct frame *f, uint64_t *pos)
{
	static const unsigned char kinds[] = { FRAME_OUT, FRAME_ERR, FRAME_IN, FRAME_RESIZE, FRAME_MARK, FRAME_SIGNAL, FRAME_EXIT,
		FRAME_NOTICE, FRAME_GAP, FRAME_SECRET };
	struct tape *t = arg;
	uint8_t kind, seconds, len;

	*pos = (uint64_t)(t->left.p - t->all.p);
	if (!take_u8(&t->left, &kind) || !take_u8(&t->left, &seconds) || !take_u8(&t->left, &len))
		return 0;
	t->t_ms += seconds * 100u;
	*f = (struct frame){ .kind = kinds[kind % sizeof(kinds)], .t_ms = t->t_ms };
	f->data.n = len < t->left.n ? len : t->left.n;
	f->data.p = t->left.p;
	t->left = slice_of(t->left.p + f->data.n, t->left.n - f->data.n);
	return 1;
}

static size_t
count(struct slice s, const char *what)
{
	size_t n = 0;

	for (size_t i = 0; i + strlen(what) <= s.n; i++)
		n += strncasecmp((const char *)s.p + i, what, strlen(what)) == 0;
	return n;
}

static bool
has_control(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < 0x20 && s.p[i] != '\n') || s.p[i] == 0x7f)
			return true;
	return false;
}

static void
check(const char *form, struct slice out)
{
	if (strcmp(form, "raw") == 0)
		return;
	assert(!has_control(out) && count(out, "\xe2\x80\xae") == 0 && count(out, "\xe2\x80\xa8") == 0);
	if (strcmp(form, "html") == 0)
		assert(count(out, "<script") == 4 && count(out, "</script") == 4 && count(out, "<!--") == 0 && count(out, "<img") == 0);
	if (form[0] == 'c' || form[0] == 'j')
		assert(count(out, "<") == 0);
}

static void
export(const char *form, const uint8_t *data, size_t n)
{
	struct tape t = { slice_of(data + 2, n - 2), slice_of(data + 2, n - 2), 0 };
	struct replay_source source = { .next = next, .arg = &t, .cols = data[0], .rows = data[1] };
	struct export_page page = { { slice_from("player"), "p" }, { slice_from("script"), "s" }, slice_from(""), slice_from("") };
	int fd = memfd_create("export", MFD_CLOEXEC);
	struct facts facts;
	off_t size;
	char *out;

	buf_init(&facts.bytes, 4096);
	assert(fd >= 0 && facts_add(&facts, "id", "01", false) == 0 && facts_add(&facts, "user", "<script>\xff\n\"", false) == 0 &&
	    facts_add(&facts, "command", "</script><!--", false) == 0 && facts_add(&facts, "cols", data[0] > 0 ? "80" : "0", true) == 0);
	assert(export_run(export_form_find(form), &source, &facts, &page, fd) == 0);
	size = lseek(fd, 0, SEEK_CUR);
	out = malloc((size_t)size + 1);
	assert(out != NULL && pread(fd, out, (size_t)size, 0) == (ssize_t)size);
	check(form, slice_of(out, (size_t)size));
	free(out);
	(void)close(fd);
	buf_done(&facts.bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const forms[] = { "cast", "cast2", "text", "json", "raw", "html" };

	for (size_t i = 0; n >= 2 && i < sizeof(forms) / sizeof(forms[0]); i++)
		export(forms[i], data, n);
	return 0;
}
