/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Identifiers print, parse and sort by time. */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "tests/tap.h"

int
main(void)
{
	static const char *const bad[] = { "", "01ARZ3NDEKTSV4RRFFQ69G5FA", "01ARZ3NDEKTSV4RRFFQ69G5FAVX",
		"81ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAU", "01ARZ3NDEKTSV4RRFFQ69G5FA-" };
	unsigned char id[ID_BYTES], other[ID_BYTES], full[ID_BYTES];
	char text[ID_TEXT], early[ID_TEXT];

	memset(full, 0xff, sizeof(full));
	is(id_print(full, text), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "the largest");
	ok(id_parse(slice_from("01arz3ndektsv4rrffq69g5fav"), id), "lower case is read");
	is(id_print(id, text), "01ARZ3NDEKTSV4RRFFQ69G5FAV", "and printed upper");
	ok(id[0] == 0x01 && id[1] == 0x56 && id[2] == 0x3e, "with the time in front");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!id_parse(slice_from(bad[i]), id), "refused: \"%s\"", bad[i]);
	ok(id_new(id) == 0 && id_new(other) == 0 && memcmp(id, other, ID_BYTES) != 0, "two differ");
	ok(id_parse(slice_from(id_print(id, text)), other) && memcmp(id, other, ID_BYTES) == 0, "printed and read it is the same");
	ok(strcmp(id_print((unsigned char[ID_BYTES]){ 0, 1 }, early), text) < 0, "older is smaller");
	return tap_done();
}
