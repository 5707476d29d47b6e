/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* main for a fuzzer without an engine: nothing at all, then each file named, once. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* In memory of exactly its size, so that the sanitizers see one byte too far. */
static int
replay(const char *path)
{
	unsigned char *p = malloc(INPUT_MAX), *exact;
	FILE *f = fopen(path, "rb");
	size_t n = f == NULL || p == NULL ? 0 : fread(p, 1, INPUT_MAX, f);
	int failed = f == NULL || p == NULL || ferror(f) != 0;

	if (f != NULL)
		fclose(f);
	exact = failed ? NULL : realloc(p, n > 0 ? n : 1);
	if (exact == NULL) {
		free(p);
		fprintf(stderr, "%s: cannot read\n", path);
		return 1;
	}
	(void)LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	return 0;
}

int
main(int argc, char **argv)
{
	int failed = 0;

	(void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	return failed;
}
