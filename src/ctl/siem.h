/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Events as other systems read them, one a line: RFC 5424, CEF, OCSF. */
#ifndef CTL_SIEM_H
#define CTL_SIEM_H

#include "base/buf.h"
#include "db/event.h"

/* Appends the line with its end.  node: this machine's name.  0 or buf_append's codes. */
typedef int siem_write_fn(struct buf *out, const struct db_event *v, const char *node);

siem_write_fn *siem_format(const char *name);                /* NULL: there is no such form */
extern const char siem_formats[];                            /* their names, for people */
/* What a class is called here ("login"); "other" if it is none of ours. */
const char *siem_class(unsigned uid);
/* The class of this name; 0: there is none. */
unsigned siem_class_find(const char *name);
/* All names, with a blank before each. */
void siem_class_names(char *out, size_t size);

#endif
