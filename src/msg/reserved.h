/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The words that `ssh USER@bastion WORD` asks of the bastion itself.  front answers them before it looks for a host of that
 * name; gate takes no new host that is named so.  All are reserved from the start, whether they are answered yet or not.
 */
#ifndef MSG_RESERVED_H
#define MSG_RESERVED_H

#include "base/buf.h"

bool reserved_is_word(struct slice word);

#endif
