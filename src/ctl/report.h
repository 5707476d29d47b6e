/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The report for people: a page for each control, from the evidence; drawn by fortress-report. */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include "ctl/evidence.h"

struct report {
	struct evidence *evidence;       /* made */
	const char *origin;              /* whose record it is */
	uint64_t leaves, signed_leaves;
	int64_t signed_us;
	uint64_t events, sessions;       /* in the period; known to an export alone: then proved is set */
	bool proved;
	struct buf doc;                  /* as src/report reads it */
};

/* Fills doc, which the caller has zeroed and frees. */
int report_compose(struct report *p, struct err *e);
/* form: "html" or "pdf"; appended to out.  -ENOENT: fortress-report is not installed. */
int report_draw(struct report *p, const char *form, struct buf *out, struct err *e);
/* Is this machine's clock kept right, as the kernel says? */
bool report_clock_is_synchronised(void);

#endif
