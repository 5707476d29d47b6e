/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress-report html|pdf: what fortress audit report and export have to say (doc.h) comes in at standard input, the page goes out
 * at standard output.  A program of its own, so that no other holds cairo, pango and their fonts; it opens nothing but those.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "report/doc.h"

#define DOC_MAX ((size_t)64 << 20)

static const struct { const char *name; int (*write)(struct slice doc, struct buf *out); } forms[] = {
	{ "html", html_write }, { "pdf", pdf_write },
};

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

int
main(int argc, char **argv)
{
	struct buf doc, out;
	int r = -EINVAL;

	buf_init(&doc, DOC_MAX);
	buf_init(&out, DOC_MAX * 4);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (argc == 2 && strcmp(argv[1], forms[i].name) == 0) {
			r = input_read(&doc);
			if (r == 0)
				r = forms[i].write(buf_slice(&doc), &out);
			if (r == 0)
				r = fd_write_full(STDOUT_FILENO, out.p, out.len);
		}
	if (r == -EINVAL)
		fputs("usage: fortress-report html|pdf\n", stderr);
	else if (r != 0)
		fprintf(stderr, "fortress-report: %s\n", strerror(-r));
	buf_done(&doc);
	buf_done(&out);
	return r == 0 ? 0 : r == -EINVAL ? 2 : 1;
}
