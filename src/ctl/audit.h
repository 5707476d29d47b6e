/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* fortress audit: its commands. */
#ifndef CTL_AUDIT_H
#define CTL_AUDIT_H

#include "ctl/ctl.h"

#define AUDIT_FILE_MAX ((size_t)8 << 30)      /* bytes of the largest file of an export */

int audit_ls(struct ctl *c, int argc, char **argv);
int audit_stream(struct ctl *c, int argc, char **argv);
int audit_export(struct ctl *c, int argc, char **argv);
int audit_report(struct ctl *c, int argc, char **argv);
int audit_verify(struct ctl *c, int argc, char **argv);

#endif
