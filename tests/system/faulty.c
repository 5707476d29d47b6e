/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A disk that fails, for LD_PRELOAD.  FAULTY names a file that the test writes: struct faults, read before each write of a regular
 * file.  FAULTY_LOG, if there is one, names a file that gets what a power cut could take back: for each write and truncation what
 * was there before, for each sync that it is durable now; tests/faults.py undoes from it.  The clock is not to be trusted either.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 1 << 20 };

struct faults {
	volatile uint32_t write_errno;   /* of writes and truncations; 0: none */
	volatile uint32_t sync_errno;
	volatile uint32_t half;          /* writes take half of what they are given */
	volatile uint32_t one_in;        /* only one call in so many fails; 0: all */
	volatile uint32_t calls, failed; /* counted here; writes cut to half, too */
	volatile int64_t wall_s, mono_s; /* what both clocks say more than they should */
};

/* Before the old bytes, in the log. */
struct undo { uint32_t kind, old_n; uint64_t inode, at, size; };       /* kind: 'w', 't' or 's' */

static struct faults *faults;
static int log_fd = -1;
static uint64_t dice = 88172645463325252u;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_pwritev)(int, const struct iovec *, int, off_t);
static int (*real_clock_gettime)(clockid_t, struct timespec *);
static int (*real_fsync)(int), (*real_fdatasync)(int), (*real_ftruncate)(int, off_t);

/* dlsym gives an object's address; ISO C has no cast from that to a function. */
static void
find(void *to, const char *name)
{
	void *p = dlsym(RTLD_NEXT, name);

	memcpy(to, &p, sizeof(p));
}

static void __attribute__((constructor))
start(void)
{
	const char *path = getenv("FAULTY"), *log = getenv("FAULTY_LOG");
	int fd = path != NULL ? open(path, O_RDWR) : -1;

	find(&real_write, "write");
	find(&real_pwrite, "pwrite");
	find(&real_pwritev, "pwritev");
	find(&real_fsync, "fsync");
	find(&real_fdatasync, "fdatasync");
	find(&real_ftruncate, "ftruncate");
	if (fd >= 0) {
		faults = mmap(NULL, sizeof(*faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		close(fd);
		if (faults == MAP_FAILED)
			faults = NULL;
	}
	if (log != NULL && (fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) >= 0)
		log_fd = fcntl(fd, F_DUPFD_CLOEXEC, 900);
}

static bool
is_file(int fd, struct stat *st)
{
	return faults != NULL && fd != log_fd && fstat(fd, st) == 0 && S_ISREG(st->st_mode);
}

static bool
fails(uint32_t code)
{
	faults->calls++;
	if (code == 0)
		return false;
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	if (faults->one_in > 1 && dice % faults->one_in != 0)
		return false;
	faults->failed++;
	errno = (int)code;
	return true;
}

static void
undo_put(int fd, uint32_t kind, const struct stat *st, uint64_t at, uint64_t n)
{
	static unsigned char old[sizeof(struct undo) + BLOCK];
	struct undo u = { .kind = kind, .inode = st->st_ino, .at = at, .size = (uint64_t)st->st_size };
	ssize_t got;

	if (log_fd < 0)
		return;
	got = kind == 's' || n == 0 ? 0 : pread(fd, old + sizeof(u), n < BLOCK ? n : BLOCK, (off_t)at);
	u.old_n = got > 0 ? (uint32_t)got : 0;
	memcpy(old, &u, sizeof(u));
	(void)!real_write(log_fd, old, sizeof(u) + u.old_n);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	struct stat st;

	if (!is_file(fd, &st))
		return real_pwrite(fd, p, n, at);
	if (fails(faults->write_errno))
		return -1;
	if (faults->half != 0 && n > 1) {
		n /= 2;
		faults->failed++;
	}
	undo_put(fd, 'w', &st, (uint64_t)at, n);
	return real_pwrite(fd, p, n, at);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off_t at)
{
	return pwrite(fd, p, n, at);
}

ssize_t
pwritev(int fd, const struct iovec *v, int count, off_t at)
{
	struct stat st;
	size_t n = 0;

	if (!is_file(fd, &st))
		return real_pwritev(fd, v, count, at);
	if (fails(faults->write_errno))
		return -1;
	for (int i = 0; i < count; i++)
		n += v[i].iov_len;
	undo_put(fd, 'w', &st, (uint64_t)at, n);
	if (faults->half == 0)
		return real_pwritev(fd, v, count, at);
	while (count > 1 && v->iov_len == 0) {
		v++;
		count--;
	}
	faults->failed++;
	return real_pwrite(fd, v->iov_base, v->iov_len > 1 ? v->iov_len / 2 : v->iov_len, at);
}

ssize_t
pwritev64(int fd, const struct iovec *v, int count, off_t at)
{
	return pwritev(fd, v, count, at);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	struct stat st;

	if (!is_file(fd, &st) || fd <= STDERR_FILENO)
		return real_write(fd, p, n);
	if (fails(faults->write_errno))
		return -1;
	undo_put(fd, 'w', &st, (uint64_t)lseek(fd, 0, SEEK_CUR), n);
	return real_write(fd, p, n);
}

int
ftruncate(int fd, off_t n)
{
	struct stat st;

	if (is_file(fd, &st)) {
		if (fails(faults->write_errno))
			return -1;
		undo_put(fd, 't', &st, (uint64_t)n, st.st_size > n ? (uint64_t)(st.st_size - n) : 0);
	}
	return real_ftruncate(fd, n);
}

int
ftruncate64(int fd, off_t n)
{
	return ftruncate(fd, n);
}

static int
sync_file(int fd, int (*real)(int))
{
	struct stat st;
	bool file = is_file(fd, &st);
	int r;

	if (file && fails(faults->sync_errno))
		return -1;
	r = real(fd);
	if (file && r == 0)
		undo_put(fd, 's', &st, 0, 0);
	return r;
}

int
fsync(int fd)
{
	return sync_file(fd, real_fsync);
}

int
fdatasync(int fd)
{
	return sync_file(fd, real_fdatasync);
}

int
clock_gettime(clockid_t which, struct timespec *t)
{
	int r;

	if (real_clock_gettime == NULL)          /* the sanitizers ask for the time before start is called */
		find(&real_clock_gettime, "clock_gettime");
	r = real_clock_gettime(which, t);
	if (r == 0 && faults != NULL)
		t->tv_sec += which == CLOCK_REALTIME ? faults->wall_s : which == CLOCK_MONOTONIC ? faults->mono_s : 0;
	return r;
}
