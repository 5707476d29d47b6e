/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * For LD_PRELOAD: counts what a process holds of its heap, where a test can read it.  HEAP names a file of a struct heap's size,
 * full of zeros, which every process maps before it gives up what it does not need; in its sandbox it then only adds and takes
 * away.  A process that forks leaves what it counted to the child, which goes on in a slot of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SLOTS = 1 << 16, SIZES = 64 };

struct slot {
	int64_t pid, blocks, bytes;
	int64_t of_size[SIZES];          /* blocks, by size in steps of 16 bytes; in the last one all that are larger */
};

struct heap {
	int64_t used;
	struct slot slots[SLOTS];
};

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t alignment, size_t n);
void __libc_free(void *p);

static struct heap *heap;
static struct slot before;                   /* counts until there is a slot, and where there is none */
static struct slot *mine = &before;

static void
count(void *p, int by)
{
	size_t n = p != NULL ? malloc_usable_size(p) : 0, at = n / 16;

	if (p == NULL)
		return;
	__atomic_add_fetch(&mine->blocks, by, __ATOMIC_RELAXED);
	__atomic_add_fetch(&mine->bytes, by * (int64_t)n, __ATOMIC_RELAXED);
	__atomic_add_fetch(&mine->of_size[at < SIZES ? at : SIZES - 1], by, __ATOMIC_RELAXED);
}

static void
move(void)
{
	int64_t at = __atomic_fetch_add(&heap->used, 1, __ATOMIC_RELAXED);
	struct slot *next = &heap->slots[at];

	if (at >= SLOTS)
		return;
	*next = *mine;
	next->pid = getpid();
	mine = next;
}

static void __attribute__((constructor))
start(void)
{
	const char *path = getenv("HEAP");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *p = fd >= 0 ? mmap(NULL, sizeof(*heap), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (fd >= 0)
		close(fd);
	if (p == MAP_FAILED)
		return;
	heap = p;
	move();
	pthread_atfork(NULL, NULL, move);
}

void *
malloc(size_t n)
{
	void *p = __libc_malloc(n);

	count(p, 1);
	return p;
}

void *
calloc(size_t n, size_t size)
{
	void *p = __libc_calloc(n, size);

	count(p, 1);
	return p;
}

void *
realloc(void *old, size_t n)
{
	void *p;

	count(old, -1);
	p = __libc_realloc(old, n);
	count(p != NULL || n == 0 ? p : old, 1);
	return p;
}

void *
reallocarray(void *old, size_t n, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(n, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(old, all);
}

void *
memalign(size_t alignment, size_t n)
{
	void *p = __libc_memalign(alignment, n);

	count(p, 1);
	return p;
}

void *
aligned_alloc(size_t alignment, size_t n)
{
	return memalign(alignment, n);
}

int
posix_memalign(void **ret, size_t alignment, size_t n)
{
	void *p = memalign(alignment, n);

	if (p == NULL)
		return ENOMEM;
	*ret = p;
	return 0;
}

void
free(void *p)
{
	count(p, -1);
	__libc_free(p);
}
