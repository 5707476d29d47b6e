/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What inspect.c and inspect_rows.c share: an export while it is checked. */
#ifndef CTL_INSPECTED_H
#define CTL_INSPECTED_H

#include <openssl/evp.h>

#include "ctl/inspect.h"
#include "ctl/record.h"
#include "ctl/unpack.h"

enum kept { KEPT_CHECKPOINT, KEPT_KEY, KEPT_LEAVES, KEPT_SESSIONS, KEPT_SEGMENTS, KEPT_MANIFEST, KEPT_SIGNATURE, KEPT_NONE };

/* A line of the manifest. */
struct listed { const char *name; uint64_t size; unsigned char hash[HASH_BYTES]; bool seen; };

/* What the second walk has to know of a session. */
struct recorded {
	char id[ID_TEXT];
	unsigned char begin[HASH_BYTES], end[HASH_BYTES];        /* of the chain; end: once it is closed */
	struct slice rows;                    /* of segments.jsonl */
	bool closed, seen;
	uint64_t bytes;
	uint32_t segments;
};

/* The recording that is read. */
struct reading {
	struct recorded *of;                  /* NULL: the file is another */
	struct slice rows;                    /* not yet met */
	struct record_segment segment;        /* whose bytes come; valid while need > 0 */
	size_t need;
	unsigned char chain[HASH_BYTES];
	uint64_t bytes, kept;                 /* kept: of segments that were erased or came */
	uint32_t count;
};

struct inspect {
	struct unpack *files;
	struct note_key *key;
	struct note note;
	struct buf kept[KEPT_NONE];
	bool has[KEPT_NONE];
	unsigned char (*leaves)[HASH_BYTES];
	unsigned char *seen;
	uint64_t n;
	struct listed *listed;
	size_t nlisted;
	struct recorded *recorded;
	size_t nrecorded;
	struct db_verify done;
	bool is_signed;
	/* the walk */
	enum kept at;
	EVP_MD_CTX *md;
	struct listed *file;                  /* NULL: the manifest itself */
	const struct listed *shortened;       /* events.jsonl, if it is not what the manifest has; NULL: it is */
	uint64_t size;
	bool events;
	struct reading r;
	struct buf pending, arena, data, names, rows;
	struct err *e;
};

/* inspect.c */
int inspect_need(struct inspect *x, enum kept k);                        /* -EBADMSG: the export does not hold it */

/* inspect_rows.c: all say what is wrong in x->e. */
int inspect_sessions(struct inspect *x);
struct recorded *inspect_recorded(const struct inspect *x, const char *name);    /* whose recording this file is, or NULL */
int inspect_recording_begin(struct inspect *x, struct recorded *of);
int inspect_recording_bytes(struct inspect *x, struct slice bytes);
int inspect_recording_end(struct inspect *x);
int inspect_events(struct inspect *x, struct slice bytes);

#endif
