/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What the files of the SFTP filter share: sftp.c (streams), sftp_request.c, sftp_answer.c, sftp_file.c. */
#ifndef FRONT_SFTP_PARTS_H
#define FRONT_SFTP_PARTS_H

#include <openssl/evp.h>

#include "base/be.h"
#include "front/ranges.h"
#include "front/sftp.h"

#define PACKET_MAX   (512u << 10)        /* OpenSSH's largest is 256 KiB and a little */
#define REQUESTS_MAX 4096                /* unanswered at once; then the client's stream waits */
#define BUCKETS      1024
#define FILES_MAX    1024                /* what OpenSSH's server can have open */
#define RANGES_MAX   65536               /* apart from each other, of all files that are open */
#define HANDLE_MAX   256                 /* the draft's limit */
#define PATH_BYTES   4096

enum {
	INIT = 1, VERSION_ = 2, OPEN = 3, CLOSE = 4, READ = 5, WRITE = 6, LSTAT = 7, FSTAT = 8, SETSTAT = 9, FSETSTAT = 10,
	OPENDIR = 11, READDIR = 12, REMOVE = 13, MKDIR = 14, RMDIR = 15, REALPATH = 16, STAT = 17, RENAME = 18, READLINK = 19,
	SYMLINK = 20, STATUS = 101, HANDLE = 102, DATA = 103, NAME = 104, ATTRS = 105, EXTENDED = 200, EXTENDED_REPLY = 201
};
enum { FX_OK = 0, FX_EOF = 1, FX_PERMISSION_DENIED = 3, FX_FAILURE = 4, FX_OP_UNSUPPORTED = 8 };
enum { OPEN_READ = 1, OPEN_WRITE = 2, OPEN_APPEND = 4, OPEN_CREAT = 8, OPEN_TRUNC = 16, OPEN_EXCL = 32 };
enum { ATTR_SIZE = 1, ATTR_OWNER = 2, ATTR_MODE = 4, ATTR_TIMES = 8 };

/* One way of an open file: what went by. */
struct passage {
	struct ranges seen;                  /* each byte once … */
	uint64_t moved;                      /* … and as often as it came */
	uint64_t at;                         /* where the next one lies */
	uint64_t hashed;                     /* from the start, as they went by first */
	bool unhashed;                       /* out of order, or written twice */
	bool unseen;                         /* some of it was not put down: there was no room for one more range */
	EVP_MD_CTX *sha;
};

struct file {
	bool used, dir;
	unsigned char handle[HANDLE_MAX];
	size_t handle_n;
	char *path, *real;                   /* real: as the target has it, if it was asked */
	unsigned flags, requests;            /* requests: unanswered ones that name it */
	uint64_t size, end;                  /* as the target told it, if told; it has no bytes from `end` on */
	bool told, cut, changed;             /* cut: ends where what went by does; changed: otherwise than by what went by */
	struct passage in, out;              /* written, read */
};

struct request {
	struct request *next;                /* in its bucket, or among the free */
	bool used, ours;                     /* ours: the client knows nothing of it */
	uint32_t id;
	unsigned char type;
	const char *op;                      /* of the row at its answer, or NULL */
	char *path, *other, *set, *real;
	struct file *file;
	unsigned flags;
	uint64_t offset, length;
	bool resizes, cuts;                  /* gives the file a size; the one of what went by */
};

struct stream {
	struct buf held, out;
	uint64_t body;                       /* bytes of content that are still to pass */
	bool drop;                           /* they go nowhere: their request was refused */
	struct file *file;                   /* whose they are */
	struct passage *passage;
};

/* A path in a packet that is held back, from its length on; at 0: none, it is its file's. */
struct held_name {
	size_t at, n;
	bool entry, splits;                  /* entry: the name is meant, and not what it leads to */
	struct slice last;
	char *real;
};

/* What waits for its decision (sftp_path.c). */
struct held {
	struct request *r;                   /* NULL: nothing does */
	struct buf packet;
	unsigned needs, asked;
	struct held_name names[2];
	unsigned names_n;
};

enum { GET = 1, PUT = 2 };               /* what an operation needs */

struct sftp {
	bool may_get, may_put;
	unsigned by_path;                    /* GET and PUT, if each path is asked about */
	sftp_ask_fn *ask;
	struct held held;
	const unsigned char *base;           /* of the packet that is read */
	uint32_t own_id;
	sftp_row_fn *fn;
	void *arg;
	struct stream up, down;
	unsigned ranges_left;                /* of RANGES_MAX, for all files */
	struct buf answers;                  /* of ours, until the target's stream is between packets */
	struct buf parked;                   /* of the client, while too many requests are unanswered */
	struct request requests[REQUESTS_MAX], *buckets[BUCKETS], *free;
	unsigned requests_n, requests_top;   /* requests[top..] were never used */
	unsigned opening;                    /* OPEN and OPENDIR among them */
	unsigned ended;                      /* requests[..ended] have had their rows at the end */
	struct file files[FILES_MAX];
	unsigned files_n, files_top;         /* slots from here on are free */
	char *stat_path;                     /* the last answered STAT, since clients ask before they open */
	uint64_t stat_size;
};

/* sftp_request.c.  A whole packet of the client but WRITE; a WRITE's head.  0 or as sftp_feed. */
int sftp_take_request(struct sftp *s, struct slice packet);
int sftp_take_write(struct sftp *s, struct slice head);
struct request *sftp_request_find(struct sftp *s, uint32_t id);          /* or NULL */
void sftp_request_free(struct sftp *s, struct request *r);
void sftp_row(struct sftp *s, const struct request *r, uint32_t status, bool refused);

struct request *sftp_request_new(struct sftp *s, uint32_t id, unsigned char type);      /* NULL: the id is taken, or no room */
/* Answers it and takes it; refused: by the policy. */
int sftp_refuse(struct sftp *s, struct request *r, uint32_t status, const char *words, bool refused);

/* sftp_path.c.  The names of the packet are in s->held already. */
int sftp_hold(struct sftp *s, struct request *r, struct slice packet, unsigned needs);
/* The target's answer to r, which is ours. */
int sftp_take_real(struct sftp *s, struct request *r, unsigned char type, struct slice fields);
void sftp_path_done(struct sftp *s);
/* sftp.c: what was parked goes on. */
int sftp_go_on(struct sftp *s);

/* sftp_answer.c.  A whole packet of the target but DATA; a DATA's head.  0 or as sftp_feed. */
int sftp_take_answer(struct sftp *s, struct slice packet);
int sftp_take_data(struct sftp *s, struct slice head);

/* sftp_file.c */
struct file *sftp_file_find(struct sftp *s, struct slice handle);        /* or NULL */
/* Takes path over.  NULL: there is no room. */
struct file *sftp_file_new(struct sftp *s, struct slice handle, char *path, unsigned flags, bool dir);
/* Its rows first; status is that of its CLOSE. */
void sftp_file_end(struct sftp *s, struct file *f, uint32_t status);
/* A READ's answer or a WRITE has content for this offset; then it passes, in pieces. */
void sftp_content_starts(const struct file *f, struct passage *p, uint64_t offset);
void sftp_content_passes(struct sftp *s, const struct file *f, struct passage *p, struct slice bytes);
/* Does it go from the file's start to `size` without a gap? */
bool sftp_content_is(const struct passage *p, uint64_t size);

#endif
