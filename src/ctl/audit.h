/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* fortress audit: its commands. */
#ifndef CTL_AUDIT_H
#define CTL_AUDIT_H

#include "ctl/ctl.h"
#include "db/note.h"

#define AUDIT_FILE_MAX ((size_t)8 << 30)      /* bytes of the largest file of an export */

int audit_grep(struct ctl *c, int argc, char **argv);
int audit_index(struct ctl *c, int argc, char **argv);
int audit_ls(struct ctl *c, int argc, char **argv);
int audit_stream(struct ctl *c, int argc, char **argv);
int audit_export(struct ctl *c, int argc, char **argv);
int audit_report(struct ctl *c, int argc, char **argv);
int audit_witness(struct ctl *c, int argc, char **argv);
int audit_verify(struct ctl *c, int argc, char **argv);

/* A class of events by its short name or number; CTL_USAGE, having said which names there are, more first. */
int audit_class_parse(struct ctl *c, const char *text, const char *more, unsigned *uid);

/* A checkpoint's key, of a file's first line.  NULL with e. */
struct note_key *audit_key_load(const char *path, struct err *e);

#endif
