/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Any file as a proof for a few records, against a key whose secret only the corpus had: it holds, or what is wrong is said. */
#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "ctl/prove.h"
#include "db/note.h"
#include "tests/fuzz/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char public[] = "fuzz.example+e24ab4f7+AdRxV3K6/3PlqhPfyHm2ko34+brynAd18xCUMx/i/vRQ\n";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char path[FILE_PATH], key_path[FILE_PATH], origin[NOTE_NAME_MAX] = "";
	int fd = file_open(slice_of(data, n), path), key_fd = file_open(slice_from(public), key_path);
	struct ctl c = { 0 };
	uint64_t proved = 0;
	int r = prove_check(&c, path, key_path, &proved, origin, sizeof(origin));

	if (r == 0)
		assert(proved > 0 && slice_is(slice_from(origin), "fuzz.example"));
	else
		assert((r == -EBADMSG || r == -EKEYREJECTED) && c.e.text[0] != '\0');
	(void)close(fd);
	(void)close(key_fd);
	return 0;
}
