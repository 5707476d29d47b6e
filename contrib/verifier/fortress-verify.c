/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Checks an export of Fortress with no line of Fortress's code: read this, build it, run it.
 *
 *     cc -O2 -o fortress-verify fortress-verify.c -lcrypto
 *     fortress-verify DIRECTORY KEY [CHECKPOINT]   KEY: a file with the bastion's public key, had from elsewhere;
 *                                                  CHECKPOINT: one that was kept elsewhere, or that of an earlier export
 *
 * DIRECTORY is an unpacked export.  It says "good" and what it saw, exit status 0; or the first thing that is wrong, status 6.
 * 1: something could not be read; 2: not called so.
 *
 * What is checked, in this order:
 *   1. checkpoint is a C2SP signed note by KEY (Ed25519): a number of leaves and the root of their tree (RFC 9162, SHA-256).
 *   2. leaves.txt, the hash of every leaf in order, has that root; and that of CHECKPOINT at its number of leaves, without which
 *      nobody can tell an older export, or one whose end was cut off while it was signed anew, from the newest.
 *   3. Each row of events, sessions and segments makes, field by field, the leaf that it names.
 *   4. Each recording's frames give, one by one, the hash chain that its segments and its session's end name.
 *   5. manifest.json is signed by KEY; every file has the SHA-256 that it says, and no file is there that it does not name.
 *   6. If the manifest calls the export complete, every leaf has had its row.
 * fortress-record(5) tells the formats.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

enum { HASH = 32, FIELDS = 40, LEAF = 1 << 20 };

struct text { const unsigned char *p; size_t n; };
struct row { unsigned n; struct text name[FIELDS], value[FIELDS]; unsigned char space[LEAF]; };

static const char *dir;
static EVP_PKEY *key;
static char key_name[256];
static unsigned char key_id[4];
static unsigned char (*leaves)[HASH], *seen;
static uint64_t nleaves, nrows, nbytes;
static struct text manifest;
static struct row row;

static void __attribute__((noreturn, format(printf, 2, 3)))
end(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs(status == 6 ? "BAD: " : "fortress-verify: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	exit(status);
}

static struct text
text_of(const void *p, size_t n)
{
	return (struct text){ p, n };
}

static bool
is(struct text t, const char *s)
{
	return t.n == strlen(s) && (t.n == 0 || memcmp(t.p, s, t.n) == 0);
}

static struct text
file_map(const char *path, int absent)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		end(absent, "%s is missing", path);
	if (st.st_size == 0) {
		close(fd);
		return text_of("", 0);
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		end(1, "%s cannot be read", path);
	close(fd);
	return text_of(p, (size_t)st.st_size);
}

static struct text
file(const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return file_map(path, 6);
}

static void
file_done(struct text t)
{
	if (t.n > 0)
		munmap((void *)(uintptr_t)t.p, t.n);
}

/* The next line, without its end. */
static bool
line_take(struct text *from, struct text *line)
{
	const unsigned char *e = from->n > 0 ? memchr(from->p, '\n', from->n) : NULL;

	if (from->n == 0)
		return false;
	*line = text_of(from->p, e != NULL ? (size_t)(e - from->p) : from->n);
	*from = e != NULL ? text_of(e + 1, from->n - line->n - 1) : text_of(from->p, 0);
	return true;
}

/* SHA-256 of up to three parts; the digest and its context are fetched once, since there are many small ones. */
static void
sha256(struct text a, struct text b, struct text c, unsigned char out[HASH])
{
	static EVP_MD *md;
	static EVP_MD_CTX *ctx;

	if (ctx == NULL) {
		md = EVP_MD_fetch(NULL, "SHA256", NULL);
		ctx = EVP_MD_CTX_new();
	}
	if (EVP_DigestInit_ex2(ctx, md, NULL) != 1 || EVP_DigestUpdate(ctx, a.p, a.n) != 1 || EVP_DigestUpdate(ctx, b.p, b.n) != 1 ||
	    EVP_DigestUpdate(ctx, c.p, c.n) != 1 || EVP_DigestFinal_ex(ctx, out, NULL) != 1)
		end(1, "SHA-256 fails");
}

/* n digits of lower-case hex.  False: others. */
static bool
unhex(const unsigned char *p, int n, unsigned *v)
{
	static const char digits[] = "0123456789abcdef";
	const char *d;

	for (*v = 0; n-- > 0; *v = *v << 4 | (unsigned)(d - digits))
		if (*p == 0 || (d = strchr(digits, *p++)) == NULL)
			return false;
	return true;
}

static void
hash_take(struct text hex, unsigned char h[HASH])
{
	unsigned v;

	for (int i = 0; i < HASH; h[i++] = (unsigned char)v)
		if (hex.n != 2 * HASH || !unhex(hex.p + 2 * i, 2, &v))
			end(6, "%.*s is no SHA-256", (int)hex.n, (const char *)hex.p);
}

static bool
hash_is(struct text hex, const unsigned char h[HASH])
{
	unsigned char want[HASH];

	hash_take(hex, want);
	return memcmp(want, h, HASH) == 0;
}

static size_t
unbase64(struct text t, unsigned char *out, size_t max)
{
	int n, pad = t.n > 1 ? (t.p[t.n - 1] == '=') + (t.p[t.n - 2] == '=') : 0;

	if (t.n == 0 || t.n % 4 != 0 || t.n / 4 * 3 > max)
		return 0;
	n = EVP_DecodeBlock(out, t.p, (int)t.n);
	return n < pad ? 0 : (size_t)(n - pad);
}

/* --- the key and what it signs --- */

/* NAME+HHHHHHHH+base64(1 | public key); the key's id is the beginning of SHA-256(NAME | newline | 1 | public key). */
static void
key_load(const char *path)
{
	struct text all = file_map(path, 1), line;
	unsigned char raw[64], h[HASH];
	const unsigned char *a, *b;

	if (!line_take(&all, &line) || (a = memchr(line.p, '+', line.n)) == NULL || a - line.p >= (long)sizeof(key_name) ||
	    (b = memchr(a + 1, '+', line.n - (size_t)(a + 1 - line.p))) == NULL ||
	    unbase64(text_of(b + 1, line.n - (size_t)(b + 1 - line.p)), raw, sizeof(raw)) != 33 || raw[0] != 1)
		end(1, "%s: not a checkpoint key", path);
	memcpy(key_name, line.p, (size_t)(a - line.p));
	sha256(text_of(key_name, strlen(key_name)), text_of("\n", 1), text_of(raw, 33), h);
	memcpy(key_id, h, sizeof(key_id));
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw + 1, 32);
}

/* Is one of these lines "— NAME base64(id | signature)" a good signature of text? */
static bool
is_signed(struct text text, struct text lines)
{
	char lead[300];
	size_t n = (size_t)snprintf(lead, sizeof(lead), "\xe2\x80\x94 %s ", key_name);
	unsigned char raw[128];
	struct text line;
	bool good = false;

	while (!good && line_take(&lines, &line)) {
		EVP_MD_CTX *c = EVP_MD_CTX_new();

		good = line.n > n && memcmp(line.p, lead, n) == 0 && unbase64(text_of(line.p + n, line.n - n), raw, sizeof(raw)) == 68 &&
		    memcmp(raw, key_id, 4) == 0 && EVP_DigestVerifyInit(c, NULL, NULL, NULL, key) == 1 &&
		    EVP_DigestVerify(c, raw + 4, 64, text.p, text.n) == 1;
		EVP_MD_CTX_free(c);
	}
	return good;
}

/* --- the tree --- */

static void
node(unsigned char left[HASH], const unsigned char right[HASH])
{
	sha256(text_of("\1", 1), text_of(left, HASH), text_of(right, HASH), left);
}

/* A stack of complete subtrees, as the bits of n say which are there. */
static void
root_of(uint64_t n, unsigned char root[HASH])
{
	unsigned char stack[64][HASH];
	unsigned top = 0;

	for (uint64_t i = 0; i < n; i++) {
		memcpy(stack[top++], leaves[i], HASH);
		for (uint64_t bits = i; (bits & 1) != 0; bits >>= 1, top--)
			node(stack[top - 2], stack[top - 1]);
	}
	for (; top > 1; top--)
		node(stack[top - 2], stack[top - 1]);
	if (n == 0)
		sha256(text_of("", 0), text_of("", 0), text_of("", 0), root);
	else
		memcpy(root, stack[0], HASH);
}

static void
leaves_load(void)
{
	struct text text = file("leaves.txt");

	nleaves = text.n / 65;
	leaves = malloc((nleaves + 1) * HASH);
	seen = calloc(nleaves + 1, 1);
	if (leaves == NULL || seen == NULL)
		end(1, "out of memory");
	for (uint64_t i = 0; i < nleaves; i++)
		hash_take(text_of(text.p + i * 65, 64), leaves[i]);
	file_done(text);
}

/* A checkpoint, and that the leaves are those that it was signed for. */
static void
checkpoint_check(struct text note, const char *what)
{
	struct text rest = note, origin, size, root, blank;
	unsigned char want[48], got[HASH];
	uint64_t n;

	if (!line_take(&rest, &origin) || !line_take(&rest, &size) || !line_take(&rest, &root) || !line_take(&rest, &blank) ||
	    blank.n != 0 || unbase64(root, want, sizeof(want)) != HASH || !is(origin, key_name))
		end(6, "%s is no checkpoint of %s", what, key_name);
	if (!is_signed(text_of(note.p, note.n - rest.n - 1), rest))
		end(6, "%s has no good signature by %s", what, key_name);
	n = strtoull((const char *)size.p, NULL, 10);
	if (n > nleaves)
		end(6, "records are missing at the end: %s covers %llu, here are %llu", what, (unsigned long long)n, (unsigned long long)nleaves);
	root_of(n, got);
	if (memcmp(got, want, HASH) != 0)
		end(6, "leaves.txt does not hash to the root that %s signs: history was changed", what);
}

/* --- rows: flat JSON objects of strings and numbers --- */

static size_t
rune_put(unsigned char *to, unsigned c)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : 3;

	for (size_t i = n; i-- > 1; c >>= 6)
		to[i] = (unsigned char)(0x80 | (c & 63));
	to[0] = (unsigned char)(n == 1 ? c : (0xf00u >> n & 0xff) | c);
	return n;
}

/* One string or number into row.space at *used.  False: neither.  An export escapes no rune beyond U+FFFF. */
static bool
value_take(struct text *s, size_t *used, struct text *value)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	unsigned char *out = row.space + *used;
	size_t i = 0, n = 0;
	unsigned c;

	if (s->n > LEAF / 2 || s->n == 0)
		return false;
	if (s->p[0] != '"') {
		for (; i < s->n && (s->p[i] == '-' || (s->p[i] >= '0' && s->p[i] <= '9')); i++)
			out[n++] = s->p[i];
	} else {
		for (i = 1; i < s->n && s->p[i] != '"'; i++) {
			const char *e;

			if (s->p[i] != '\\') {
				out[n++] = s->p[i];
			} else if (i + 5 < s->n && s->p[i + 1] == 'u' && unhex(s->p + i + 2, 4, &c)) {
				n += rune_put(out + n, c);
				i += 5;
			} else if (++i < s->n && s->p[i] != 0 && (e = strchr(from, s->p[i])) != NULL) {
				out[n++] = (unsigned char)to[e - from];
			} else {
				return false;
			}
		}
		if (i++ >= s->n)
			return false;
	}
	*value = text_of(out, n);
	*used += n;
	*s = text_of(s->p + i, s->n - i);
	return i > 0;
}

/* No name may come twice: who reads the rows by other means could see the other value. */
static bool
name_is_new(void)
{
	for (unsigned i = 0; i < row.n; i++)
		if (row.name[i].n == row.name[row.n].n && memcmp(row.name[i].p, row.name[row.n].p, row.name[i].n) == 0)
			return false;
	return true;
}

static bool
row_parse(struct text line)
{
	size_t used = 0;

	row.n = 0;
	while (line.n > 1 && row.n < FIELDS && (line.p[0] == '{' || line.p[0] == ',')) {
		line = text_of(line.p + 1, line.n - 1);
		if (used > LEAF / 2 || !value_take(&line, &used, &row.name[row.n]) || !name_is_new() || line.n == 0 || line.p[0] != ':')
			return false;
		line = text_of(line.p + 1, line.n - 1);
		if (!value_take(&line, &used, &row.value[row.n++]))
			return false;
	}
	return is(line, "}");
}

static struct text
field(const char *name)
{
	for (unsigned i = 0; i < row.n; i++)
		if (is(row.name[i], name))
			return row.value[i];
	end(6, "a row lacks its field %s", name);
}

static long long
number(const char *name)
{
	char digits[24] = "";
	struct text t = field(name);

	memcpy(digits, t.p, t.n < sizeof(digits) - 1 ? t.n : sizeof(digits) - 1);
	return strtoll(digits, NULL, 10);
}

static size_t
netstring(unsigned char *to, struct text t)
{
	size_t n = (size_t)sprintf((char *)to, "%zu:", t.n);

	memcpy(to + n, t.p, t.n);
	to[n + t.n] = ',';
	return n + t.n + 1;
}

/* The leaf of this kind that row makes: netstrings of the kind and of the fields that names lists.  It must be the one that
 * the field `leaf` gives the number of.  data: SHA-256 of it without the leaf's prefix, if not NULL. */
static void
leaf_check(const char *kind, const char *names, const char *leaf, const char *what, uint64_t no, unsigned char *data)
{
	static unsigned char text[LEAF + 4096];
	long long at = number(leaf);
	unsigned char h[HASH];
	size_t n = netstring(text, text_of(kind, strlen(kind)));
	char name[32];
	int used;

	for (; sscanf(names, "%31s%n", name, &used) == 1; names += used)
		n += netstring(text + n, field(name));
	sha256(text_of("\0", 1), text_of(text, n), text_of("", 0), h);
	if (at < 0 || (uint64_t)at >= nleaves || memcmp(h, leaves[at], HASH) != 0)
		end(6, "%s %llu was changed: it is not what leaf %lld was made of", what, (unsigned long long)no, at);
	seen[at] = 1;
	nrows++;
	if (data != NULL)
		sha256(text_of(text, n), text_of("", 0), text_of("", 0), data);
}

static void
events_check(void)
{
	struct text all = file("events.jsonl"), rest = all, line;

	for (uint64_t no = 1; line_take(&rest, &line); no++) {
		if (!row_parse(line))
			end(6, "event %llu is not a whole row", (unsigned long long)no);
		leaf_check("event", "id time_us mono_us boot class activity severity ok actor session host src text detail", "leaf", "event", no, NULL);
	}
	file_done(all);
}

/* --- recordings --- */

static uint64_t
little(const unsigned char *p, int n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

/* u8 kind | u64 time | u32 length | bytes: each goes into the chain with what came before it. */
static void
frames_chain(struct text s, unsigned char chain[HASH])
{
	while (s.n >= 13 && s.n - 13 >= little(s.p + 9, 4)) {
		size_t n = 13 + (size_t)little(s.p + 9, 4);
		unsigned char head[11 + HASH] = "ftrs-frame1";

		memcpy(head + 11, chain, HASH);
		sha256(text_of(head, sizeof(head)), text_of(s.p, n), text_of("", 0), chain);
		s = text_of(s.p + n, s.n - n);
	}
	if (s.n != 0)
		memset(chain, 0, HASH);
}

/* All segments of one session, which stand in the order of the sessions. */
static uint64_t
segments_check(struct text *rest, const char *id, struct text frames, unsigned char chain[HASH], unsigned *count)
{
	struct text line, next = *rest;
	uint64_t pos = 0, erased = 0;

	for (*count = 0; line_take(&next, &line); *rest = next, ++*count) {
		uint64_t to;

		if (!row_parse(line) || !is(field("session"), id))
			break;
		leaf_check("segment", "session no pos0 pos1 frames t0_ms t1_ms prev hash", "leaf", id, *count, NULL);
		to = (uint64_t)number("pos1");
		if ((uint64_t)number("no") != *count || (uint64_t)number("pos0") != pos || to <= pos || !hash_is(field("prev"), chain))
			end(6, "session %s: segment %u does not follow the one before it", id, *count);
		if (number("erased_us") != 0) {
			erased += to - pos;
			hash_take(field("hash"), chain);
		} else if (to - erased > frames.n) {
			end(6, "recording %s was cut: it ends before segment %u does", id, *count);
		} else {
			frames_chain(text_of(frames.p + (pos - erased), to - pos), chain);
			if (!hash_is(field("hash"), chain))
				end(6, "recording %s was changed: its bytes are not those of segment %u", id, *count);
		}
		pos = to;
	}
	return pos;
}

static void
sessions_check(void)
{
	static const char opened[] = "id conn user login host addr src method channel command term cols rows rule policy node boot start_us start_mono_us";
	struct text rest = file("sessions.jsonl"), segments = file("segments.jsonl"), line, frames;
	unsigned char chain[HASH];
	char id[27], name[64];

	for (uint64_t no = 1; line_take(&rest, &line); no++) {
		long long closed, bytes, all;
		unsigned count;

		if (!row_parse(line) || field("id").n != 26)
			end(6, "session %llu is not a whole row", (unsigned long long)no);
		snprintf(id, sizeof(id), "%.26s", (const char *)field("id").p);
		leaf_check("open", opened, "open_leaf", "session", no, chain);
		if ((closed = number("close_leaf")) >= 0)
			leaf_check("close", "id end_us state reason exit bytes frames segments chain", "close_leaf", "the end of session", no, NULL);
		bytes = number("bytes");
		all = number("segments");
		snprintf(name, sizeof(name), "recordings/%s.frames", id);
		frames = file(name);
		nbytes += frames.n;
		if ((long long)segments_check(&segments, id, frames, chain, &count) != bytes && closed >= 0)
			end(6, "recording %s is not whole", id);
		if (closed >= 0 && (count != all || !row_parse(line) || !hash_is(field("chain"), chain)))
			end(6, "recording %s does not end as its session says", id);
		file_done(frames);
	}
	if (segments.n > 0)
		end(6, "segments.jsonl holds rows of no session");
}

/* --- the manifest --- */

static int
stranger(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const char *name = path + strlen(dir) + 1;
	char line[4200];
	int n;

	(void)st;
	(void)ftw;
	if (type == FTW_D || type == FTW_DP || strcmp(name, "manifest.json") == 0 || strcmp(name, "manifest.sig") == 0)
		return 0;
	n = snprintf(line, sizeof(line), "{\"name\":\"%s\",", name);
	if (memmem(manifest.p, manifest.n, line, (size_t)n) == NULL)
		end(6, "%s is no part of the export", name);
	return 0;
}

static void
manifest_check(void)
{
	struct text sig, rest, line, bytes;
	unsigned char *sealed, h[HASH];
	char name[128];

	manifest = file("manifest.json");
	sig = file("manifest.sig");
	if ((sealed = malloc(manifest.n + 6)) == NULL)
		end(1, "out of memory");
	memcpy(sealed, "\0seal\n", 6);
	memcpy(sealed + 6, manifest.p, manifest.n);
	if (!is_signed(text_of(sealed, manifest.n + 6), sig))
		end(6, "manifest.json has no good signature by %s", key_name);
	free(sealed);
	for (rest = manifest; line_take(&rest, &line);) {
		if (line.n < 4 || memcmp(line.p, "  {", 3) != 0)
			continue;
		if (!row_parse(text_of(line.p + 2, line.n - 2 - (line.p[line.n - 1] == ','))))
			end(6, "manifest.json is damaged");
		snprintf(name, sizeof(name), "%.*s", (int)field("name").n, (const char *)field("name").p);
		bytes = file(name);
		sha256(bytes, text_of("", 0), text_of("", 0), h);
		if (!hash_is(field("sha256"), h))
			end(6, "%s was changed: its SHA-256 is not the manifest's", name);
		file_done(bytes);
	}
	nftw(dir, stranger, 16, FTW_PHYS);
	for (uint64_t i = 0; i < nleaves && memmem(manifest.p, manifest.n, "\"complete\": true", 16) != NULL; i++)
		if (!seen[i])
			end(6, "a record was taken out: that of leaf %llu", (unsigned long long)i);
}

int
main(int argc, char **argv)
{
	if (argc != 3 && argc != 4)
		end(2, "usage: fortress-verify DIRECTORY KEY [CHECKPOINT]");
	dir = argv[1];
	key_load(argv[2]);
	leaves_load();
	checkpoint_check(file("checkpoint"), "checkpoint");
	if (argc == 4)
		checkpoint_check(file_map(argv[3], 1), "the checkpoint kept outside");
	events_check();
	sessions_check();
	manifest_check();
	printf("good: %llu records of %llu leaves by %s, %llu bytes of recordings\n", (unsigned long long)nrows,
	    (unsigned long long)nleaves, key_name, (unsigned long long)nbytes);
	return 0;
}
