/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Any bytes as a policy, of the whole language and of what a bastion does: refused with words, or loaded, evaluated, explained, and its
 * print parses to itself. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* One zone for all names: UTC, as tzfile(5) of version 2 has it. */
static int
zone_read(void *arg, const char *name, struct buf *bytes)
{
	static const unsigned char header[44] = "TZif2", types[6] = { 0 };
	unsigned char counted[44];

	(void)arg;
	(void)name;
	memcpy(counted, header, sizeof(counted));
	counted[39] = counted[43] = 1;
	return buf_append(bytes, header, sizeof(header)) != 0 || buf_append(bytes, counted, sizeof(counted)) != 0 ||
	    buf_append(bytes, types, sizeof(types)) != 0 || buf_append(bytes, "\0\nUTC0\n", 7) != 0 ? -ENOMEM : 0;
}

static void
try_policy(struct slice text, const struct policy_source *source)
{
	struct err e = { 0 };
	struct policy *p = policy_parse("p", text, source, &e), *again;
	struct policy_request req = { .who = { .name = slice_from("alice") }, .verb = slice_from("exec"), .host = slice_from("h"),
		.login = slice_from("root"), .command = text, .src = slice_from("10.0.0.1") };
	struct policy_decision d, told;
	struct buf a, b;

	if (p == NULL) {
		assert(e.text[0] != '\0');
		return;
	}
	buf_init(&a, 16u << 20);
	buf_init(&b, 16u << 20);
	policy_eval(p, &req, &d);
	(void)policy_tell(p, &req, &told, &a, NULL);
	assert((a.len > 5 && a.p[0] == 'P') == d.permit);
	buf_clear(&a);
	if (policy_print(p, &a) == 0) {
		again = policy_parse("p", buf_slice(&a), source, &e);
		assert(again != NULL && policy_print(again, &b) == 0 && slice_eq(buf_slice(&a), buf_slice(&b)));
		policy_free(again);
	}
	policy_free(p);
	buf_done(&a);
	buf_done(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	try_policy(slice_of(data, n), &(struct policy_source){ .zone = zone_read });
	try_policy(slice_of(data, n), &(struct policy_source){ .zone = zone_read, .able = &policy_able_here });
	return 0;
}
