/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A person at a terminal: logs in, types a key now and then, waits for its echo, and ends the shell (scale_person.c); and the
 * load that all of them are, from stage to stage (scale_load.c).
 */
#ifndef BENCH_SCALE_PERSON_H
#define BENCH_SCALE_PERSON_H

#include <stddef.h>

#include "tests/bench/scale_line.h"

#define PERSON_UNECHOED 8                /* keys on their way: then it does not type on */

enum person_state {
	PERSON_AT_REST, PERSON_CONNECTING, PERSON_LOGGING_IN, PERSON_OPENING, PERSON_ASKING_PTY, PERSON_ASKING_SHELL,
	PERSON_WAITING, PERSON_UP, PERSON_ENDING, PERSON_ENDED, PERSON_LOST
};
enum load_stage { LOAD_COMING, LOAD_TYPING, LOAD_SETTLING, LOAD_GOING };

struct load_options {
	uint64_t port, sessions, rate, seconds, every;
	const char *user, *key, *proxy;
};

/* Times of echoes in microseconds. */
struct times {
	uint32_t *us;
	size_t n, max, before;               /* before: where the minute began */
};

struct load {
	struct load_options o;
	struct loop *loop;
	ssh_key key;
	struct person *people;
	enum load_stage stage;
	mono_t since;                        /* of the stage */
	uint64_t begun, in_flight, up, ended, refused, lost;
	uint64_t keys, echoed, wrong, stalled;
	struct loop_timer tick, minute;
	struct times times;
	char why[300];                       /* of the first that was refused or lost */
	bool told;
};

struct person {
	struct load *load;
	struct line line;
	ssh_channel channel;
	enum person_state state;
	mono_t begun, next;
	struct loop_timer timer;
	char seen[sizeof(LINE_READY)];       /* the end of what came before the shell was ready */
	uint64_t sent, echoed;
	mono_t at[PERSON_UNECHOED];
};

/* What becomes of it the load learns by its counters and load_look. */
void person_begin(struct person *p);
void person_type(struct person *p);      /* from now on, beginning at a phase of its own */
void person_stop(struct person *p);      /* types no more */
void person_end(struct person *p);
void person_leave(struct person *p);     /* closes the connection; tells nobody */

/* A counter has changed: the stage may be over. */
void load_look(struct load *l);
int64_t load_us_since(mono_t then);      /* microseconds */

#endif
