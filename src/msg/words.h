/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The words that `ssh USER@bastion WORD` asks of the bastion itself.  front answers them before it looks for a host of that
 * name; gate takes no new host that is named so.  All are reserved from the start, whether they are answered yet or not.
 */
#ifndef MSG_WORDS_H
#define MSG_WORDS_H

#include "base/buf.h"

bool words_is_reserved(struct slice word);

#endif
