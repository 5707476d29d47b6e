/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What export.c and the forms share. */
#ifndef UI_EXPORT_MODEL_H
#define UI_EXPORT_MODEL_H

#include "ui/export.h"
#include "ui/safe.h"
#include "ui/stage.h"

#define TIMELINE_MAX  20000              /* entries; what comes later is not in it, and that is said */
#define PAGE_MAX      ((uint64_t)64 << 20) /* bytes of a page: more, and browsers give up */

struct export {
	const struct export_form *form;
	const struct facts *facts;
	const struct export_page *page;
	int fd;
	struct buf out;                  /* what was not written yet */
	uint64_t written;
	int r;                           /* the first failure */
	struct safe safe;
	struct stage stage;              /* if the form hears lines */
	struct buf timeline;             /* its entries as JSON, between commas */
	struct command_seen held;        /* the last one, which may be known better yet; NONE: none is */
	struct buf held_text;
	unsigned entries, cut;
	uint64_t frames, last_ms;
};

struct export_form {
	const char *name;
	void (*begin)(struct export *x);
	void (*frame)(struct export *x, const struct frame *f);
	void (*end)(struct export *x);
	void (*line)(struct export *x, uint64_t t_ms, struct slice text);
	bool timeline;                   /* is made while frames go by */
	bool page, raw;
};

extern const struct export_form export_cast, export_cast2, export_text, export_json, export_raw, export_html;

/* Each does nothing once something has failed. */
void export_put(struct export *x, struct slice s);
void export_text_put(struct export *x, const char *text);
void export_printf(struct export *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void export_json_string(struct export *x, struct slice s);      /* fit for a page, too: no < in it */
void export_facts(struct export *x);                             /* as a JSON object */
void export_timeline(struct export *x);                          /* as a JSON array */

/* export_cast.c: the events alone, version 3, as the page has them. */
void cast_header(struct export *x, unsigned version);
void cast_frame(struct export *x, const struct frame *f);
void cast_mark(struct export *x, uint64_t t_ms, struct slice text);

#endif
