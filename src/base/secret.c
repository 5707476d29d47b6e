/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Each secret has pages of its own: mlock and MADV_DONTDUMP work on whole pages, and
 * unmapping them leaves nothing behind on the heap.  Where mlock is refused
 * (RLIMIT_MEMLOCK) the secret still works; it is then only not pinned.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/secret.h"

#define PAGE 4096

static size_t
pages_of(size_t n)
{
	return (n + PAGE - 1) / PAGE * PAGE;
}

int
secret_init(struct secret *s, size_t n)
{
	void *p;

	*s = (struct secret){ 0 };
	if (n == 0)
		return 0;
	if (n > (size_t)1 << 30)
		return -ENOMEM;
	p = mmap(NULL, pages_of(n), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -ENOMEM;
	(void)mlock(p, pages_of(n));
	(void)madvise(p, pages_of(n), MADV_DONTDUMP);
	s->p = p;
	s->n = n;
	return 0;
}

void
secret_done(struct secret *s)
{
	if (s->p != NULL) {
		secret_wipe(s->p, s->n);
		(void)munmap(s->p, pages_of(s->n));
	}
	*s = (struct secret){ 0 };
}

void
secret_wipe(void *p, size_t n)
{
	if (n > 0)
		explicit_bzero(p, n);
}

int
secret_random(void *p, size_t n)
{
	unsigned char *at = p;

	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		at += got;
		n -= (size_t)got;
	}
	return 0;
}
