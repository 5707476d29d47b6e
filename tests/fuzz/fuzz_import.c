/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Other programs' files: whatever they hold, what is read out of them are hosts that the directory could take, or an error with
 * its place. */
#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "ctl/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int (*const readers[])(struct import *, struct slice) = { import_ssh_config, import_ansible, import_jumpserver };
	struct err e = { 0 };
	struct import im;
	struct slice text;
	int r;

	if (size == 0)
		return 0;
	text = slice_of(data + 1, size - 1);
	import_init(&im, "f", &e);
	r = import_check_text(&im, &text);
	if (r == 0)
		r = readers[data[0] % 3](&im, text);
	if (r == 0)
		r = import_check_names(&im);
	assert(r <= 0 && (r == 0 || e.text[0] != '\0'));
	for (struct import_host *h = im.first; r == 0 && h != NULL; h = h->next) {
		assert(text_is_name(slice_from(h->name)) && h->port > 0 && h->port <= 65535);
		assert(h->fate == IMPORT_SKIP || h->addr[0] != '\0');
	}
	import_done(&im);
	return 0;
}
