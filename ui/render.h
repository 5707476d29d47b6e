/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Between who makes the index of texts and fortress-render, which renders recordings for it and has nothing but this
 * connection (standard input and output).  Each message: u8 what | u32 length | bytes, little-endian.
 *
 *     to it       BEGIN   screen: where the recording is taken up; pos 0 and no paint: at its beginning
 *                 FRAMES  canonical frames
 *                 END     the recording's, or for now
 *     from it     LINE    u64 t_ms | text          COMMAND  u64 t_ms | u8 source | u8 sure | u32 exit | text (base/command.h)
 *                 BETTER  as COMMAND, without text: the last one is known better
 *                 KEY     screen: a keyframe       STATE    screen: where it was left (answers END)
 *                 SLOW    from here on the recording is not rendered but read, see below
 *                 TAKEN   all of a message is done with; after each, and nothing is sent before it comes
 *
 *     screen      base/frame.h's
 */
#ifndef UI_RENDER_H
#define UI_RENDER_H

#include "ui/screen.h"

#define RENDER_MAX      ((size_t)SCREEN_PAINT_MAX + 65536)
#define RENDER_HEAD     5
#define RENDER_LINE_HEAD 8
#define RENDER_COMMAND_HEAD 14
#define RENDER_KEY_POS  262144           /* bytes of frames between two keyframes, */
#define RENDER_KEY_US   40000            /* or so much of its own time: some output is slow to render */
#define RENDER_KEYS_MAX 16384            /* of one recording, each time that it is taken up */
/* Output can be made so that it is slow to render: beyond this, what is left is read for its text without a screen, so
 * that nobody can keep an index from being made, nor his text out of it. */
#define RENDER_SPENT_US 2000000          /* of its own time, and one more us for each byte of frames */

enum { RENDER_BEGIN = 'B', RENDER_FRAMES = 'F', RENDER_END = 'E' };
enum { RENDER_LINE = 'L', RENDER_COMMAND = 'C', RENDER_KEY = 'K', RENDER_STATE = 'S', RENDER_SLOW = 'W',
	RENDER_TAKEN = 'T', RENDER_BETTER = 'M' };

#endif
