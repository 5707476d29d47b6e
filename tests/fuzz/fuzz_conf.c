/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Any bytes as a configuration file: refused with a place, or loaded and printable. */
#include <assert.h>

#include "monitor/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct err e = { 0 };
	struct conf *c = conf_parse("f", slice_of(data, n), "/state", &e);

	assert(c != NULL || e.text[0] != '\0');
	conf_free(c);
	return 0;
}
