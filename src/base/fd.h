/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Descriptors: flags, whole reads and writes, and passing them to another process. */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <sys/types.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define FD_PASS_MAX 4                          /* most descriptors in one message */

int fd_set_nonblock(int fd);                   /* 0 or -errno */
void fd_close(int *fd);                        /* closes if >= 0 and sets -1 */
int fd_write_full(int fd, const void *p, size_t n);   /* 0 or -errno; retries EINTR, waits on EAGAIN */
ssize_t fd_read_full(int fd, void *p, size_t n);      /* bytes read (short at the end of file) or -errno */

/* A connected SOCK_SEQPACKET pair, close-on-exec, non-blocking, with room for large messages. */
int fd_pair(int pair[2]);                      /* 0 or -errno */
/* One message with nfds descriptors (0 to FD_PASS_MAX); they stay the caller's.  0 or -errno (-EAGAIN: try later). */
int fd_send(int sock, const void *p, size_t n, const int *fds, int nfds);
/* The same, of a message that lies in two parts (the second may be empty). */
int fd_send_parts(int sock, const struct slice parts[2], const int *fds, int nfds);
/* One message.  Bytes read (0: the peer closed), or -errno; -EMSGSIZE if it was larger than size.
 * fds gets up to FD_PASS_MAX received descriptors, close-on-exec, the caller's. */
ssize_t fd_recv(int sock, void *p, size_t size, int fds[FD_PASS_MAX], int *nfds);

/* A memory file with these bytes that nobody can change any more.  The descriptor, or -errno. */
int fd_seal(const char *name, struct slice bytes);
bool fd_is_sealed(int fd);
/* All of one that is sealed, without reading it; *ret goes by fd_unmap.  0, -EFBIG or -errno. */
int fd_map(int fd, size_t max, struct slice *ret);
void fd_unmap(struct slice *s);                /* fine if nothing is mapped */
/* Reads a whole file of at most max bytes (appended to b).  0 or a negative code with e filled. */
int fd_read_file(const char *path, size_t max, struct buf *b, struct err *e);
/* The index-th file (from 0, by name) that matches pattern ("policy.d/" + a glob, below dir and not above it, no hidden ones):
 * its text is appended to b (at most max bytes), its name goes to name.  1, 0 when there are no more, or a negative code. */
int fd_read_match(int dir, const char *pattern, unsigned index, size_t max, struct buf *b, char *name, size_t size);
/* Writes path by a temporary file beside it, fsync and rename; mode e.g. 0600. */
int fd_write_file(const char *path, const void *p, size_t n, mode_t mode, struct err *e);

#endif
