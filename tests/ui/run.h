/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A program on a real pty, with the terminal model as its screen, which is compared with files in tests/ui (until it is the
 * same: frames come in pieces).  UPDATE_GOLDEN=1 writes the files; look at what it wrote.
 *
 * A file with looks has below each line how it looks: b bold, u underlined, r reverse, R both of these, a in the
 * accent's colour, A in bold too, C reverse.
 */
#ifndef TESTS_UI_RUN_H
#define TESTS_UI_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include "ui/screen.h"

#define RUN_WAIT_MS 10000

struct run {
	struct screen *screen;
	int fd, status;
	pid_t pid;
	bool eof;
};

/* child runs on the pty and does not return. */
void run_start(struct run *r, unsigned short cols, unsigned short rows, void (*child)(const void *arg), const void *arg);
void run_end(struct run *r);                       /* kills it if it is still there */
/* Until the screen shows text, which begins its line if there is a tab in it, and may go on in the next one.  false: it does not, or it
 * has ended without. */
bool run_waits_for(struct run *r, const char *text);
bool run_send(struct run *r, const char *keys);
void run_resize(struct run *r, const char *size);  /* "50x12" */
/* One point of the test: the screen is that of the file. */
void run_golden(struct run *r, const char *test, const char *file, bool looks);
bool run_is_gone(struct run *r, int status);       /* it ends by itself, with that status */

#endif
