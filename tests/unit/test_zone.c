/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The system's zones by our reading and by the C library's; and files that are none. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/zones.h"
#include "policy/policy.h"
#include "policy/zone.h"
#include "policy/zone_rule.h"
#include "tests/tap.h"

static const char *const names[] = { "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
	"Africa/Casablanca", "America/Santiago", "Europe/Dublin", "Pacific/Apia", "Antarctica/Troll", "Asia/Tehran", "America/Sao_Paulo",
	"Asia/Gaza", "America/Nuuk", "Etc/UTC", "Pacific/Kiritimati" };

/* From 1970 to 2199, each some 20 days and an odd number of seconds. */
static unsigned
differences(const char *name, const struct zone *z)
{
	unsigned wrong = 0;
	struct tm tm;

	(void)setenv("TZ", name, 1);
	tzset();
	for (time_t t = 0; t < 7258118400; t += 1700003) {
		(void)localtime_r(&t, &tm);
		if (tm.tm_gmtoff != zone_offset_s(z, t) && wrong++ < 3)
			printf("# %s at %lld: %ld, but %d\n", name, (long long)t, tm.tm_gmtoff, zone_offset_s(z, t));
	}
	return wrong;
}

static void
test_system(const struct zones *zones)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct pool *pool = pool_new();
		struct zone *z = NULL;
		struct buf b;

		buf_init(&b, 65536);
		if (ok(pool != NULL && zones_get(zones, names[i], &b) == 0 && zone_parse(pool, buf_slice(&b), &z) == 0, "%s is read", names[i]))
			ok(differences(names[i], z) == 0, "as the C library reads it");
		buf_done(&b);
		pool_free(pool);
	}
}

/* Every beginning of a file, and every byte turned: refused, or read; never more than that. */
static void
test_broken(const struct zones *zones)
{
	struct buf b;
	size_t taken = 0, refused = 0;

	buf_init(&b, 65536);
	if (!ok(zones_get(zones, "Europe/Berlin", &b) == 0, "a zone to break"))
		return;
	for (size_t n = 0; n < 2 * b.len; n++) {
		struct pool *pool = pool_new();
		struct zone *z;
		char *copy = slice_dup(buf_slice(&b));
		int r;

		if (pool == NULL || copy == NULL)
			abort();
		if (n >= b.len)
			copy[n - b.len] = (char)(copy[n - b.len] ^ 0x55);
		r = zone_parse(pool, slice_of(copy, n < b.len ? n : b.len), &z);
		*(r == 0 ? &taken : &refused) += 1;
		if (r == 0)
			(void)zone_offset_s(z, 1800000000);
		if (n < b.len - 1 && r == 0)
			ok(false, "%zu bytes of %zu are not a zone", n, b.len);
		free(copy);
		pool_free(pool);
	}
	ok(refused > b.len && taken > 0, "%zu broken files are refused, %zu say something else", refused, taken);
	buf_done(&b);
}

/* ---- when time alone changes a decision ---- */

static int
read_zone(void *arg, const char *name, struct buf *bytes)
{
	return zones_get(arg, name, bytes);
}

static bool
permitted(const struct policy *p, int64_t t)
{
	struct policy_request req = { .verb = slice_from("shell"), .now = { t * 1000000 } };
	struct policy_decision d;

	policy_eval(p, &req, &d);
	return d.permit;
}

/* Nothing changes before the moment that is named; around the nights in which clocks jump, minute by minute. */
static void
test_next(struct zones *zones)
{
	static const char *const windows[] = { "Mon-Fri 09:00-18:00 Europe/Berlin", "Sun 02:30-03:30 Europe/Berlin", "Mon-Sun 22:00-02:15 America/New_York",
		"Sat,Sun 00:00-24:00 Australia/Lord_Howe", "Tue 01:00-01:01", "Fri-Mon 23:59-00:01 +05:45" };
	static const int64_t starts[] = { 1774570000, 1792800000, 1793400000, 1772900000, 1775200000, 1800000000 };
	struct err e = { 0 };
	char text[300];

	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		struct policy *p;
		unsigned late = 0, changes = 0, asked = 0, stuck = 0;

		(void)snprintf(text, sizeof(text), "time t %s\npermit any shell on any when t", windows[i]);
		p = policy_parse("p", slice_from(text), &(struct policy_source){ .zone = read_zone, .arg = zones }, &e);
		if (!ok(p != NULL, "%s %s", windows[i], e.text))
			continue;
		for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++)
			for (int64_t t = starts[s], end = t + 4 * 86400, next; t < end; t = next, asked++) {
				next = (int64_t)(policy_next_us(p, (wall_t){ t * 1000000 }) / 1000000);
				for (int64_t m = t - t % 60 + 60; m < next; m += 60)
					late += permitted(p, m) != permitted(p, t);
				changes += permitted(p, next) != permitted(p, t);
				if (next <= t) {
					stuck++;
					break;
				}
			}
		ok(late == 0 && stuck == 0 && changes > 0 && asked < 300, "%u changes, none too late, %u times asked", changes, asked);
		policy_free(p);
	}
}

static void
test_rules(void)
{
	static const struct { const char *text; int at_2026_07, at_2026_12; } good[] = { { "CST-8", 28800, 28800 }, { "<+0530>-5:30", 19800, 19800 },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", 7200, 3600 }, { "EST5EDT,M3.2.0,M11.1.0", -14400, -18000 }, { "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", -3600, -7200 },
		{ "AEST-10AEDT,M10.1.0,M4.1.0/3", 36000, 39600 }, { "IST-1GMT0,M10.5.0,M3.5.0/1", 3600, 0 }, { "XXX0YYY,J60,J300", 3600, 0 },
		{ "XXX0YYY,59/2,299", 3600, 0 } };
	static const char *const bad[] = { "", "C", "CST", "CST-8X", "CST-99", "CET_-1", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
		"CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J1", "CET-1CEST,J1,J366", "<+1>-1", "<+01-1", "CET-1CEST,M3.5.0/168,M10.5.0",
		"CET-1CEST,M3.5.0,M10.5.0,", "CET-1:60" };
	struct zone_rule r;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(zone_rule_parse(slice_from(good[i].text), &r) && zone_rule_offset_s(&r, 1784000000) == good[i].at_2026_07 &&
		    zone_rule_offset_s(&r, 1797000000) == good[i].at_2026_12, "%s", good[i].text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!zone_rule_parse(slice_from(bad[i]), &r), "refused: \"%s\"", bad[i]);
}

static void
test_names(void)
{
	static const char *const good[] = { "Asia/Shanghai", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+3", "America/Port-au-Prince" };
	static const char *const bad[] = { "", "/etc/passwd", "../x", "Asia/..", "Asia//x", "Asia/", "a b", "zone.tab", "Asia/-x" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(zone_name_is_good(slice_from(good[i])), "%s is a name", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!zone_name_is_good(slice_from(bad[i])), "\"%s\" is none", bad[i]);
}

int
main(void)
{
	struct zones *zones = zones_load(ZONES_DIR);
	struct buf b;

	buf_init(&b, 65536);
	if (ok(zones != NULL && zones_get(zones, "Asia/Nowhere", &b) == -ENOENT && zones_get(zones, "right/Europe/Berlin", &b) == -ENOENT,
	    "what is no zone")) {
		test_system(zones);
		test_broken(zones);
		test_next(zones);
	}
	buf_done(&b);
	test_rules();
	test_names();
	zones_free(zones);
	return tap_done();
}
