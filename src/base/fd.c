/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define PAIR_BUFFER (512 * 1024)

int
fd_set_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	if ((flags & O_NONBLOCK) != 0)
		return 0;
	return fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

void
fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = saved;
}

static void
fd_wait(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	(void)poll(&p, 1, -1);
}

int
fd_write_full(int fd, const void *p, size_t n)
{
	const unsigned char *at = p;

	while (n > 0) {
		ssize_t did = write(fd, at, n);

		if (did >= 0) {
			at += did;
			n -= (size_t)did;
		} else if (errno == EAGAIN) {
			fd_wait(fd, POLLOUT);
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

ssize_t
fd_read_full(int fd, void *p, size_t n)
{
	unsigned char *at = p;
	size_t got = 0;

	while (got < n) {
		ssize_t did = read(fd, at + got, n - got);

		if (did == 0)
			break;
		if (did > 0)
			got += (size_t)did;
		else if (errno == EAGAIN)
			fd_wait(fd, POLLIN);
		else if (errno != EINTR)
			return -errno;
	}
	return (ssize_t)got;
}

/* As large as asked for where we may, else as large as the kernel's limit lets everyone. */
static void
socket_room(int fd)
{
	int room = PAIR_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
}

int
fd_pair(int pair[2])
{
	int got[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, got) != 0)
		return -errno;
	socket_room(got[0]);
	socket_room(got[1]);
	pair[0] = got[0];
	pair[1] = got[1];
	return 0;
}

union control {
	struct cmsghdr head;
	unsigned char bytes[CMSG_SPACE(FD_PASS_MAX * sizeof(int))];
};

int
fd_send_parts(int sock, const struct slice parts[2], const int *fds, int nfds)
{
	union control control = { .bytes = { 0 } };
	struct iovec iov[2] = {
		{ .iov_base = (void *)(uintptr_t)parts[0].p, .iov_len = parts[0].n },
		{ .iov_base = (void *)(uintptr_t)parts[1].p, .iov_len = parts[1].n },
	};
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	size_t n = parts[0].n + parts[1].n, size = (size_t)nfds * sizeof(int);
	ssize_t did;

	assert(nfds >= 0 && nfds <= FD_PASS_MAX && n > 0);
	if (nfds > 0) {
		m.msg_control = control.bytes;
		m.msg_controllen = CMSG_SPACE(size);
		*CMSG_FIRSTHDR(&m) = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(size) };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), fds, size);
	}
	do
		did = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (did < 0 && errno == EINTR);
	if (did < 0)
		return -errno;
	return (size_t)did == n ? 0 : -EIO;
}

int
fd_send(int sock, const void *p, size_t n, const int *fds, int nfds)
{
	const struct slice parts[2] = { { p, n }, { NULL, 0 } };

	return fd_send_parts(sock, parts, fds, nfds);
}

static void
control_take(struct msghdr *m, int fds[FD_PASS_MAX], int *nfds)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		assert(count <= (size_t)(FD_PASS_MAX - *nfds));
		memcpy(fds + *nfds, CMSG_DATA(c), count * sizeof(int));
		*nfds += (int)count;
	}
}

ssize_t
fd_recv(int sock, void *p, size_t size, int fds[FD_PASS_MAX], int *nfds)
{
	union control control = { .bytes = { 0 } };
	struct iovec part = { .iov_base = p, .iov_len = size };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control.bytes, .msg_controllen = sizeof(control.bytes) };
	ssize_t n;

	*nfds = 0;
	for (int i = 0; i < FD_PASS_MAX; i++)
		fds[i] = -1;
	do
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	control_take(&m, fds, nfds);
	if ((m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0)
		return n;
	while (*nfds > 0)
		fd_close(&fds[--*nfds]);
	return -EMSGSIZE;
}

static int
read_into(int fd, size_t max, struct buf *b)
{
	size_t before = b->len;

	for (;;) {
		size_t left = max - (b->len - before);
		size_t step = left < 16384 ? left + 1 : 16384;
		size_t space = b->max - b->len;
		unsigned char *room = space > 0 ? buf_reserve(b, step < space ? step : space) : NULL;
		unsigned char one;
		ssize_t n;

		/* At the buffer's own end one byte more tells whether the file ended there too. */
		n = room != NULL ? read(fd, room, step < space ? step : space) : read(fd, &one, 1);
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (room == NULL || (size_t)n > left)
			return -EFBIG;
		buf_added(b, (size_t)n);
	}
}

int
fd_seal(const char *name, struct slice bytes)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), r;

	if (fd < 0)
		return -errno;
	r = fd_write_full(fd, bytes.p, bytes.n);
	if (r == 0 && (lseek(fd, 0, SEEK_SET) != 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0))
		r = -errno;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

bool
fd_is_sealed(int fd)
{
	const int all = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & all) == all;
}

int
fd_map(int fd, size_t max, struct slice *ret)
{
	struct stat st;
	void *p = NULL;

	if (fstat(fd, &st) != 0)
		return -errno;
	if ((uint64_t)st.st_size > max)
		return -EFBIG;
	if (st.st_size > 0)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	*ret = slice_of(p, (size_t)st.st_size);
	return 0;
}

void
fd_unmap(struct slice *s)
{
	if (s->n > 0)
		(void)munmap((void *)(uintptr_t)s->p, s->n);
	*s = slice_of(NULL, 0);
}

int
fd_read_file(const char *path, size_t max, struct buf *b, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t before = b->len;
	int r;

	if (fd < 0) {
		r = -errno;
		return err_set(e, r, "%s: cannot open: %s", path, strerror(-r));
	}
	r = read_into(fd, max, b);
	fd_close(&fd);
	if (r == 0)
		return 0;
	b->len = before;
	if (r == -EFBIG)
		return err_set(e, r, "%s: larger than %zu bytes", path, max);
	return err_set(e, r, "%s: cannot read: %s", path, strerror(-r));
}

static int
sync_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[4096] = ".";
	int fd, r;

	if (slash != NULL) {
		size_t n = slash == path ? 1 : (size_t)(slash - path);

		if (slice_copy(slice_of(path, n), folder, sizeof(folder)) != 0)
			return -ENAMETOOLONG;
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fsync(fd) != 0 ? -errno : 0;
	fd_close(&fd);
	return r;
}

int
fd_write_file(const char *path, const void *p, size_t n, mode_t mode, struct err *e)
{
	char temporary[4096];
	int fd, r, length = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);

	if (length < 0 || (size_t)length >= sizeof(temporary))
		return err_set(e, -ENAMETOOLONG, "%.60s…: the name is too long", path);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		r = -errno;
		return err_set(e, r, "%s: cannot create: %s", temporary, strerror(-r));
	}
	r = fd_write_full(fd, p, n);
	if (r == 0 && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
		r = -errno;
	fd_close(&fd);
	if (r == 0 && rename(temporary, path) != 0)
		r = -errno;
	if (r != 0)
		(void)unlink(temporary);
	else
		r = sync_folder_of(path);
	return r == 0 ? 0 : err_set(e, r, "%s: cannot write: %s", path, strerror(-r));
}
