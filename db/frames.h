/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Reading a recording: its frames in order, from sealed segments, then from the
 * journal's tail (a session that is still running).  At the end of what is there
 * db_frames_next says 0 and may be asked again later: that is how to follow.
 */
#ifndef DB_FRAMES_H
#define DB_FRAMES_H

#include "base/frame.h"
#include "db/session.h"

struct db_frames;

struct db_frames *db_frames_open(struct db *db, const unsigned char id[ID_BYTES], struct err *e);  /* at the start */
void db_frames_close(struct db_frames *it);
/* 1 and *f (its data valid until the next call) and where it begins; 0 nothing more for now; negative and e. */
int db_frames_next(struct db_frames *it, struct frame *f, uint64_t *pos, struct err *e);
/* After -ENODATA, a part that was erased: goes on behind it. */
void db_frames_skip(struct db_frames *it);
/* Goes to a position that a former db_frames_next gave (or 0). */
void db_frames_seek(struct db_frames *it, uint64_t pos);
/* Goes to the first segment that may hold t_ms: frames before t_ms may still come first. */
int db_frames_seek_ms(struct db_frames *it, uint64_t t_ms, struct err *e);
/* Time of the last frame that is there, 0 when there is none. */
int db_frames_length(struct db_frames *it, uint64_t *t_ms, uint64_t *bytes, struct err *e);

#endif
