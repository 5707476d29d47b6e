/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Identifiers of recordings: ULIDs (48 bits of milliseconds, 80 random), 26 characters that sort by time. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>

#include "base/buf.h"

#define ID_BYTES 16
#define ID_TEXT  27                                   /* with the NUL */

int id_new(unsigned char id[ID_BYTES]);               /* 0 or -errno */
const char *id_print(const unsigned char id[ID_BYTES], char out[ID_TEXT]);
bool id_parse(struct slice text, unsigned char id[ID_BYTES]);    /* all 26 characters, either case */

#endif
