/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress-report html|pdf: what fortress audit report and export have to say (doc.h) comes in at standard input, the page goes out
 * at standard output.  A program of its own, so that no other holds cairo, pango and their fonts.  What it draws was written by
 * strangers: before it reads the first byte it can do nothing but that, and open fonts for the one form that has some.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <fontconfig/fontconfig.h>

#include "base/fd.h"
#include "base/sandbox.h"
#include "report/doc.h"

#define DOC_MAX ((size_t)64 << 20)

/* pango asks for its fonts in threads; a font's file is looked at, opened and mapped. */
static const int font_calls[] = {
	SCMP_SYS(clone), SCMP_SYS(clone3), SCMP_SYS(prctl), SCMP_SYS(access), SCMP_SYS(readlink), -1,
};
static const char *const font_places[] = {
	"/etc/fonts", "/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/fontconfig", "/var/cache/fontconfig",
};

struct form {
	const char *name;
	bool fonts;
	struct sandbox box;
	int (*write)(struct slice doc, struct buf *out);
};

static const struct form forms[] = {
	{ "html", false, { .name = "report", .user = "nobody", .empty_root = true }, html_write },
	{ "pdf", true, { .name = "report", .user = "nobody", .calls = font_calls, .open_read = true }, pdf_write },
};

static const struct form *
form_find(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (argc == 2 && strcmp(argv[1], forms[i].name) == 0)
			return &forms[i];
	return NULL;
}

/* What fontconfig reads, and perhaps writes, once, it does before. */
static int
enter(const struct form *f, struct err *e)
{
	struct sandbox_path places[sizeof(font_places) / sizeof(font_places[0])];
	size_t n = 0;

	if (f->fonts && !FcInit())
		return err_set(e, -EIO, "report: fontconfig finds no configuration");
	for (size_t i = 0; f->fonts && i < sizeof(font_places) / sizeof(font_places[0]); i++)
		if (access(font_places[i], R_OK) == 0)
			places[n++] = (struct sandbox_path){ font_places[i], false };
	return sandbox_enter(&f->box, NULL, places, n, NULL, e);
}

static int
input_read(struct buf *doc)
{
	unsigned char block[65536];
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = fd_read_full(STDIN_FILENO, block, sizeof(block))) != 0)
		r = n < 0 ? (int)n : buf_append(doc, block, (size_t)n);
	return r;
}

#ifdef SANITIZE
const char *__lsan_default_suppressions(void);

/* What these have read of fonts they keep for the life of the process. */
const char *
__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\nleak:libcairo\nleak:libpango";
}
#endif

static int
draw(const struct form *f, struct buf *doc, struct buf *out)
{
	int r = input_read(doc);

	if (r == 0)
		r = f->write(buf_slice(doc), out);
	return r == 0 ? fd_write_full(STDOUT_FILENO, out->p, out->len) : r;
}

int
main(int argc, char **argv)
{
	const struct form *f = form_find(argc, argv);
	struct buf doc, out;
	struct err e = { 0 };
	int r;

	if (f == NULL) {
		fputs("usage: fortress-report html|pdf\n", stderr);
		return 2;
	}
	if (enter(f, &e) != 0) {
		fprintf(stderr, "fortress-report: %s\n", e.text);
		return 1;
	}
	buf_init(&doc, DOC_MAX);
	buf_init(&out, DOC_MAX * 4);
	r = draw(f, &doc, &out);
	if (r != 0)
		fprintf(stderr, "fortress-report: %s\n", strerror(-r));
	buf_done(&doc);
	buf_done(&out);
	return r == 0 ? 0 : 1;
}
