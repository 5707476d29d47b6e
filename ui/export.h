/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A recording in a form that other programs read.  Everything is written as it is read: memory does not grow with the
 * recording, but for its timeline, which is bounded.  The forms, byte by byte: fortress-replay(1).
 */
#ifndef UI_EXPORT_H
#define UI_EXPORT_H

#include "ui/link.h"

/* What a page is made of, read before the sandbox: third party's player and ours, each with the base64 of its SHA-256. */
struct export_part {
	struct slice bytes;
	char sha256[48];
};
struct export_page {
	struct export_part player, script;
	struct slice player_style, style;
};

struct export_form;

/* "cast", "cast2", "text", "json", "raw" or "html"; NULL: none of them. */
const struct export_form *export_form_find(const char *name);
const char *export_form_names(void);
bool export_form_is_page(const struct export_form *f);         /* needs an export_page */
bool export_form_is_raw(const struct export_form *f);          /* not for a terminal */
/* Writes all of it to fd.  0, -EFBIG (it does not fit into a page), -EIO (the source is broken), -errno of writing. */
int export_run(const struct export_form *form, const struct replay_source *source, const struct facts *facts,
    const struct export_page *page, int fd);

#endif
