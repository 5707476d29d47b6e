/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The monitor's memory of sources: counts, penalties, delays, and that it stays bounded. */
#include <stdio.h>
#include <string.h>

#include "monitor/limit.h"
#include "monitor/source.h"
#include "tests/tap.h"

static struct net_addr
at(const char *text)
{
	struct net_addr a = { 0 };

	(void)net_parse(slice_from(text), &a);
	return a;
}

static mono_t
after_s(int64_t s)
{
	return (mono_t){ 1000000000 + s * 1000000 };
}

static void
test_startups(void)
{
	struct sources *s = sources_new();
	struct net_addr a = at("192.0.2.1"), b = at("192.0.2.2"), mapped = at("::ffff:192.0.2.1");
	struct net_addr six = at("2001:db8:1:2::1"), near = at("2001:db8:1:2:ffff::9"), far = at("2001:db8:1:3::1");

	ok(sources_enter(s, &a) == 0 && sources_enter(s, &a) == 0 && sources_enter(s, &six) == 0 && sources_enter(s, &near) == 0, "four connections");
	ok(sources_startups(s, &a) == 2 && sources_startups(s, &b) == 0, "an IPv4 address is a source of its own");
	ok(sources_startups(s, &mapped) == 2, "however it is written");
	ok(sources_startups(s, &near) == 2 && sources_startups(s, &far) == 0, "an IPv6 /64 is one source");
	sources_leave(s, &a);
	sources_leave(s, &a);
	sources_leave(s, &near);
	sources_leave(s, &six);
	ok(sources_startups(s, &a) == 0 && sources_count(s) == 0, "and nothing is left of them");
	sources_free(s);
	sources_free(NULL);
}

static void
test_penalty(void)
{
	struct sources *s = sources_new();
	struct net_addr a = at("192.0.2.1"), b = at("192.0.2.2");

	ok(sources_punish(s, &a, FAULT_WRONG, after_s(0)) == 0 && sources_refused_s(s, &a, after_s(0)) == 0, "one wrong try is forgiven");
	ok(sources_punish(s, &a, FAULT_WRONG, after_s(0)) == 0, "and a second one");
	ok(sources_punish(s, &a, FAULT_WRONG, after_s(0)) == 15, "three at once are not");
	ok(sources_refused_s(s, &a, after_s(14)) == 1 && sources_refused_s(s, &a, after_s(15)) == 0, "for their time");
	ok(sources_refused_s(s, &b, after_s(1)) == 0, "another source notices nothing");
	ok(sources_punish(s, &a, FAULT_WRONG, after_s(10)) == 0 && sources_refused_s(s, &a, after_s(15)) == 5, "one more makes it longer");
	ok(sources_punish(s, &a, FAULT_NO_TRY, after_s(100)) == 0 && sources_refused_s(s, &a, after_s(100)) == 0, "what has passed is forgotten");
	ok(sources_punish(s, &b, FAULT_CRASH, after_s(0)) == 90, "a crash counts at once");
	for (int i = 0; i < 100; i++)
		(void)sources_punish(s, &b, FAULT_CRASH, after_s(1));
	ok(sources_refused_s(s, &b, after_s(1)) == 600, "ten minutes at most");
	for (int i = 0; i < 300; i++)
		(void)sources_punish(s, &a, FAULT_NO_TRY, after_s(200 + i));
	ok(sources_refused_s(s, &a, after_s(500)) == 0, "a look each second is not punished");
	sources_free(s);
}

static void
test_delay(void)
{
	struct sources *s = sources_new();
	struct net_addr guesser = at("192.0.2.1"), other = at("192.0.2.2"), owner = at("198.51.100.7");
	struct slice alice = slice_from("alice"), bob = slice_from("bob");

	ok(sources_delay_ms(s, &guesser, alice, after_s(0)) == 0, "the first try does not wait");
	sources_wrong(s, &guesser, alice, after_s(0));
	ok(sources_delay_ms(s, &guesser, alice, after_s(0)) == 500 && sources_delay_ms(s, &guesser, bob, after_s(0)) == 500,
	    "the second does, at whichever account");
	sources_wrong(s, &guesser, alice, after_s(0));
	ok(sources_delay_ms(s, &guesser, alice, after_s(0)) == 1000, "and longer each time");
	for (int i = 0; i < 100; i++)
		sources_wrong(s, &guesser, alice, after_s(0));
	ok(sources_delay_ms(s, &guesser, alice, after_s(0)) == 6000, "six seconds at most");
	ok(sources_delay_ms(s, &owner, alice, after_s(0)) == 0, "the owner, elsewhere, does not wait");
	sources_wrong(s, &other, alice, after_s(0));
	ok(sources_delay_ms(s, &other, alice, after_s(0)) == 6000 && sources_delay_ms(s, &other, bob, after_s(0)) == 500,
	    "a second guesser waits as long as the account's tries say");
	ok(sources_delay_ms(s, &other, alice, after_s(61)) == 0, "one wrong try is forgiven after a minute");
	sources_free(s);
}

static void
test_bound(void)
{
	struct sources *s = sources_new();
	struct net_addr a = at("2001:db8::"), busy = at("192.0.2.1"), young;

	(void)sources_enter(s, &busy);
	(void)sources_punish(s, &busy, FAULT_CRASH, after_s(0));
	for (unsigned i = 0; i < 100000; i++) {
		a.bytes[5] = (unsigned char)(i >> 16);
		a.bytes[6] = (unsigned char)(i >> 8);
		a.bytes[7] = (unsigned char)i;
		(void)sources_punish(s, &a, FAULT_CRASH, after_s(0));
	}
	young = a;
	ok(sources_count(s) == SOURCES_IDLE_MAX + 1, "a flood of sources is remembered up to a limit");
	ok(sources_refused_s(s, &young, after_s(0)) == 90, "the last ones");
	ok(sources_startups(s, &busy) == 1 && sources_refused_s(s, &busy, after_s(0)) == 90, "and the one that is connected");
	sources_leave(s, &busy);
	ok(sources_refused_s(s, &busy, after_s(0)) == 90 && sources_count(s) <= SOURCES_IDLE_MAX + 1, "its penalty outlives its connection");
	sources_free(s);
}

static void
test_ramp(void)
{
	struct conf_ramp r = { .start = 10, .rate = 30, .full = 20 };
	unsigned refused[21] = { 0 };

	for (unsigned n = 0; n <= 20; n++)
		for (unsigned roll = 0; roll < 100; roll++)
			refused[n] += limit_ramp_refuses(&r, n, roll);
	ok(refused[0] == 0 && refused[9] == 0, "below the start nobody is refused");
	ok(refused[10] == 30, "at the start, the rate");
	ok(refused[15] == 65, "half way, half of the rest more");
	ok(refused[19] == 93 && refused[20] == 100, "at the end all");
	r = (struct conf_ramp){ .start = 20, .rate = 100, .full = 20 };
	ok(!limit_ramp_refuses(&r, 19, 0) && limit_ramp_refuses(&r, 20, 99), "one number is a wall");
}

int
main(void)
{
	test_startups();
	test_penalty();
	test_delay();
	test_bound();
	test_ramp();
	return tap_done();
}
