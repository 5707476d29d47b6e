/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Hosts out of other programs' files.  A reader takes the file's text and adds hosts; it asks nobody and changes nothing.
 * What is wrong is "FILE:LINE:COL: what", and then nothing of the file is taken.
 */
#ifndef CTL_IMPORT_H
#define CTL_IMPORT_H

#include "base/buf.h"
#include "base/err.h"

#define IMPORT_HOSTS_MAX 100000

struct import_host {
	struct import_host *next;
	unsigned line, col;                  /* where it begins */
	char name[65], addr[256];
	unsigned port;
	struct buf logins, labels, aliases, pins, note;      /* as the directory writes them; note: for the reader of the plan */
	enum { IMPORT_ADD, IMPORT_SAME, IMPORT_DIFFERS, IMPORT_SKIP } fate;
};

struct import {
	const char *file;
	struct err *e;
	struct import_host *first, **last;
	size_t n;
	struct buf notes;                    /* of the file as a whole, a line each */
};

void import_init(struct import *im, const char *file, struct err *e);
void import_done(struct import *im);

/* The readers: 0, or negative with e.  The text is one that import_check_text took. */
int import_ssh_config(struct import *im, struct slice text);
int import_ansible(struct import *im, struct slice text);
int import_jumpserver(struct import *im, struct slice text);
/* Host keys out of a known_hosts file for all hosts that it has. */
int import_known_hosts(struct import *im, const char *path);

/* What they use. */
int import_fail(struct import *im, unsigned line, unsigned col, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
int import_remark(struct import *im, unsigned line, const char *what);         /* to notes */
int import_note(struct import_host *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A host with this name, or with what can be made of it; NULL with e. */
struct import_host *import_host_new(struct import *im, unsigned line, unsigned col, struct slice name);
int import_addr_set(struct import *im, struct import_host *h, unsigned line, unsigned col, struct slice addr);
int import_port_set(struct import *im, struct import_host *h, unsigned line, unsigned col, struct slice port);
/* Adds a word once; other characters than a list may hold become "_". */
int import_list_add(struct buf *list, struct slice word);
int import_label_add(struct import_host *h, const char *key, struct slice value);
/* UTF-8 without control bytes, else where not.  Skips a byte order mark. */
int import_check_text(struct import *im, struct slice *text);
/* The next line without its end; false after the last. */
bool import_line(struct slice *text, struct slice *line);
/* Every name is there once. */
int import_check_names(struct import *im);

#endif
