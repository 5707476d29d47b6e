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
 * What is checked, in this order, which is that of the functions too:
 *   1. checkpoint is a C2SP signed note by KEY (Ed25519): a number of leaves and the root of their tree (RFC 9162, SHA-256).
 *   2. leaves.txt, the hash of every leaf in order, has that root; and that of CHECKPOINT at its number of leaves, without which
 *      nobody can tell an older export, or one whose end was cut off while it was signed anew, from the newest.
 *   3. Each row of events, sessions and segments makes, field by field, the leaf that it names.
 *   4. Each recording's frames give, one by one, the hash chain that its segments and its session's end name.
 *   5. manifest.json is signed by KEY; every file has the SHA-256 that it says, and no file is there that it does not name.
 *   6. If the manifest calls the export complete, every leaf has had its row.
 * fortress-record(5) tells the formats.  A row that is written in another way is wrong, even if it says the same.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

enum { UNREADABLE = 1, USAGE = 2, BAD = 6, HASH = 32, FIELDS = 40 };

typedef unsigned long long count;
typedef unsigned char byte;

static char key_name[256], *manifest;
static byte key_id[4], (*leaves)[HASH];
static bool *seen;                           /* which leaves have had their row */
static count nleaves, nrows, nbytes;
static EVP_PKEY *key;

static void __attribute__((noreturn, format(printf, 2, 3)))
end(int status, const char *fmt, ...)
{
	char text[8192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	for (char *p = text; *p != '\0'; p++)         /* a stranger's name says nothing to the terminal */
		*p = isprint((byte)*p) ? *p : '?';
	fprintf(stderr, "%s: %s\n", status == BAD ? "BAD" : "fortress-verify", text);
	exit(status);
}

/* Memory, larger than before; without it there is no verdict. */
static void *
room(void *old, size_t n)
{
	void *p = realloc(old, n);

	if (p == NULL)
		end(UNREADABLE, "out of memory");
	return p;
}

static FILE *
file_open(const char *path, int absent)
{
	struct stat st;
	FILE *f = lstat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "r") : NULL;

	if (f == NULL)
		end(absent, "%s is missing", path);
	return f;
}

static char *
file_text(const char *path, int absent)
{
	FILE *f = file_open(path, absent);
	char *text = NULL;
	size_t n = 0, got;

	do {
		text = room(text, n + 65537);
		n += got = fread(text + n, 1, 65536, f);
	} while (got > 0);
	text[n] = '\0';
	fclose(f);
	if (strlen(text) != n)
		end(BAD, "%s is no text", path);
	return text;
}

static void
hash_parse(const char *hex, byte out[HASH])
{
	size_t n;

	if (OPENSSL_hexstr2buf_ex(out, HASH, &n, hex, '\0') != 1 || n != HASH)
		end(BAD, "%s is no SHA-256", hex);
}

static bool
hash_is(const char *hex, const byte h[HASH])
{
	byte want[HASH];

	hash_parse(hex, want);
	return memcmp(want, h, HASH) == 0;
}

/* --- the key and what it signs --- */

static size_t
unbase64(const char *text, byte *out, size_t max)
{
	size_t n = strlen(text), pad = n > 1 ? (size_t)(text[n - 1] == '=') + (text[n - 2] == '=') : 0;

	return n % 4 != 0 || n / 4 * 3 > max || EVP_DecodeBlock(out, (const byte *)text, (int)n) <= 0 ? 0 : n / 4 * 3 - pad;
}

/* NAME+HHHHHHHH+base64(1 | public key); the key's id is the beginning of SHA-256(NAME | newline | 1 | public key). */
static void
key_load(const char *path)
{
	char base64[80], *text = file_text(path, UNREADABLE);
	byte named[300], h[HASH], *raw = named;

	if (sscanf(text, "%255[^+\n]+%*8[0-9a-f]+%79s", key_name, base64) == 2)
		raw += sprintf((char *)named, "%s\n", key_name);
	if (raw == named || unbase64(base64, raw, 36) != 33 || raw[0] != 1)
		end(UNREADABLE, "%s: not a checkpoint key", path);
	SHA256(named, (size_t)(raw - named) + 33, h);
	memcpy(key_id, h, sizeof(key_id));
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw + 1, 32);
	free(text);
}

/* Is one of these lines "— NAME base64(key id | signature)" a good signature of the n bytes of text? */
static bool
is_signed(const char *text, size_t n, char *lines)
{
	char lead[300], *line;
	byte raw[80];
	bool good = false;
	size_t lead_n = (size_t)sprintf(lead, "\xe2\x80\x94 %s ", key_name);

	while (!good && (line = strsep(&lines, "\n")) != NULL) {
		EVP_MD_CTX *c = EVP_MD_CTX_new();

		good = strncmp(line, lead, lead_n) == 0 && unbase64(line + lead_n, raw, sizeof(raw)) == 68 &&
		    memcmp(raw, key_id, 4) == 0 && EVP_DigestVerifyInit(c, NULL, NULL, NULL, key) == 1 &&
		    EVP_DigestVerify(c, raw + 4, 64, (const byte *)text, n) == 1;
		EVP_MD_CTX_free(c);
	}
	return good;
}

/* --- the tree --- */

static void
leaves_load(void)
{
	char *text = file_text("leaves.txt", BAD), *rest = text, *line;

	nleaves = strlen(text) / 65;                 /* 64 digits and a newline */
	leaves = room(NULL, (nleaves + 1) * HASH);
	seen = memset(room(NULL, nleaves + 1), 0, nleaves + 1);
	for (count i = 0; i < nleaves && (line = strsep(&rest, "\n")) != NULL; i++)
		hash_parse(line, leaves[i]);
	free(text);
}

/* Of n leaves, as RFC 9162 defines it: the left subtree has the largest power of two that is less than n. */
static void
root_make(count from, count n, byte root[HASH])
{
	byte both[1 + 2 * HASH] = { 1 };
	count left = 1;

	if (n == 0)
		SHA256(both, 0, root);
	else if (n == 1)
		memcpy(root, leaves[from], HASH);
	if (n < 2)
		return;
	while (left * 2 < n)
		left *= 2;
	root_make(from, left, both + 1);
	root_make(from + left, n - left, both + 1 + HASH);
	SHA256(both, sizeof(both), root);
}

/* A checkpoint, which it frees, and that the leaves are those that it was signed for. */
static void
checkpoint_check(char *note, const char *what)
{
	char *blank = strstr(note, "\n\n"), origin[256], base64[48];
	byte want[48], got[HASH];
	int used = 0;
	count n;

	if (blank == NULL || !is_signed(note, (size_t)(blank + 1 - note), blank + 2))
		end(BAD, "%s has no good signature by %s", what, key_name);
	if (sscanf(note, "%255[^\n]\n%llu\n%47[^\n]%n", origin, &n, base64, &used) != 3 || note + used != blank ||
	    strcmp(origin, key_name) != 0 || unbase64(base64, want, sizeof(want)) != HASH)
		end(BAD, "%s is no checkpoint of %s", what, key_name);
	if (n > nleaves)
		end(BAD, "records are missing at the end: %s covers %llu, here are %llu", what, n, nleaves);
	root_make(0, n, got);
	if (memcmp(got, want, HASH) != 0)
		end(BAD, "leaves.txt does not hash to the root that %s signs: history was changed", what);
	free(note);
}

/* --- rows: a line is a flat JSON object of strings and whole numbers, without blanks --- */

struct row { const char *file; count no; char *line; size_t room; unsigned n; const char *name[FIELDS], *value[FIELDS]; };

/* The four digits behind \u, as UTF-8; *from goes on to the last of them.  False: they are none, or a NUL. */
static bool
rune_take(const char **from, char **out)
{
	unsigned c = 0;

	for (int i = 0; i < 4; i++) {
		if (!isxdigit((byte)*++*from))
			return false;
		c = c << 4 | (unsigned)OPENSSL_hexchar2int((byte)**from);
	}
	if (c < 0x80) {
		*(*out)++ = (char)c;
	} else {
		*(*out)++ = (char)(c < 0x800 ? 0xc0 | c >> 6 : 0xe0 | c >> 12);
		if (c >= 0x800)
			*(*out)++ = (char)(0x80 | (c >> 6 & 0x3f));
		*(*out)++ = (char)(0x80 | (c & 0x3f));
	}
	return c != 0;
}

/* A string with its quotes becomes its text, in place: that is never longer.  NULL: it is none. */
static const char *
string_take(char **s)
{
	static const char escapes[] = "\"\\bfnrt", meant[] = "\"\\\b\f\n\r\t";
	const char *text = *s, *from = text + 1, *e;
	char *out = *s;

	if (*text != '"')
		return NULL;
	for (; *from != '"'; from++) {
		if (*from == '\0')
			return NULL;
		if (*from != '\\')
			*out++ = *from;
		else if ((e = memchr(escapes, *++from, sizeof(escapes) - 1)) != NULL)
			*out++ = meant[e - escapes];
		else if (*from != 'u' || !rune_take(&from, &out))
			return NULL;
	}
	*s += from + 1 - text;
	*out = '\0';
	return text;
}

static const char *
number_take(char **s)
{
	const char *digits = *s;

	*s += strspn(digits, "-0123456789");
	return *s > digits ? digits : NULL;
}

static const char *
value_find(const struct row *r, const char *name)
{
	for (unsigned i = 0; i < r->n; i++)
		if (strcmp(r->name[i], name) == 0)
			return r->value[i];
	return NULL;
}

/* No name may come twice: who reads the rows by other means could see the other value. */
static bool
row_parse(struct row *r, char *s)
{
	char next = *s++;

	for (r->n = 0; r->n < FIELDS && next == (r->n == 0 ? '{' : ','); r->n++) {
		if ((r->name[r->n] = string_take(&s)) == NULL || value_find(r, r->name[r->n]) != NULL || *s++ != ':' ||
		    (r->value[r->n] = *s == '"' ? string_take(&s) : number_take(&s)) == NULL || *s == '\0')
			return false;
		next = *s;
		*s++ = '\0';                              /* a number's end */
	}
	return next == '}' && *s == '\0';
}

/* The next row of a file, until one more is read into r.  False: the file has ended, and r holds nothing any more. */
static bool
row_read(FILE *f, struct row *r)
{
	ssize_t n = getline(&r->line, &r->room, f);

	if (n < 0) {
		free(r->line);
		r->line = NULL;
		return false;
	}
	r->no++;
	r->line[n - 1] = '\0';
	if (strlen(r->line) != (size_t)n - 1 || !row_parse(r, r->line))
		end(BAD, "row %llu of %s is not a whole row", r->no, r->file);
	return true;
}

static const char *
field(const struct row *r, const char *name)
{
	const char *value = value_find(r, name);

	if (value == NULL)
		end(BAD, "a row lacks its field %s", name);
	return value;
}

static long long
number(const struct row *r, const char *name)
{
	return strtoll(field(r, name), NULL, 10);
}

/* The row's leaf is netstrings of the kind and of the fields that names lists; it must be the one that the field `leaf` gives the
 * number of.  start: SHA-256 of it without the NUL that begins a leaf, if not NULL. */
static void
leaf_check(const struct row *r, const char *kind, const char *names, const char *leaf, byte *start)
{
	long long at = number(r, leaf);
	char name[32], *text = NULL;
	byte h[HASH];
	size_t n;
	int used;
	FILE *out = open_memstream(&text, &n);

	if (out == NULL)
		end(UNREADABLE, "out of memory");
	fprintf(out, "%c%zu:%s,", '\0', strlen(kind), kind);
	for (; sscanf(names, "%31s%n", name, &used) == 1; names += used)
		fprintf(out, "%zu:%s,", strlen(field(r, name)), field(r, name));
	if (fclose(out) != 0)
		end(UNREADABLE, "out of memory");
	SHA256((byte *)text, n, h);
	if (at < 0 || (count)at >= nleaves || memcmp(h, leaves[at], HASH) != 0)
		end(BAD, "%s %s was changed: it is not what leaf %lld was made of", kind, r->value[0], at);
	if (start != NULL)
		SHA256((byte *)text + 1, n - 1, start);
	free(text);
	if (seen[at])
		end(BAD, "%s %s is there twice: leaf %lld stands for one alone", kind, r->value[0], at);
	seen[at] = true;
	nrows++;
}

static void
events_check(void)
{
	struct row r = { .file = "events.jsonl" };
	FILE *f = file_open(r.file, BAD);

	while (row_read(f, &r))
		leaf_check(&r, "event", "id time_us mono_us boot class activity severity ok actor session host src text detail", "leaf", NULL);
	fclose(f);
}

/* --- recordings --- */

/* The next n bytes of a recording are frames, u8 kind | u64 time | u32 length | bytes, the integers with their lowest byte first;
 * each goes into the chain with what came before it.  False: they are not there, or the last one is not whole. */
static bool
frames_chain(FILE *f, count n, byte chain[HASH])
{
	enum { LEAD = 11, BEFORE = LEAD + HASH, HEAD = 13 };
	static byte *text;
	count length;

	for (nbytes += n; n > 0; n -= HEAD + length) {
		text = room(text, BEFORE + HEAD);
		if (n < HEAD || fread(text + BEFORE, 1, HEAD, f) != HEAD)
			return false;
		length = text[BEFORE + 9] | (count)text[BEFORE + 10] << 8 | (count)text[BEFORE + 11] << 16 | (count)text[BEFORE + 12] << 24;
		if (length > n - HEAD)
			return false;
		text = room(text, BEFORE + HEAD + length);
		if (fread(text + BEFORE + HEAD, 1, length, f) != length)
			return false;
		memcpy(text, "ftrs-frame1", LEAD);
		memcpy(text + LEAD, chain, HASH);
		SHA256(text, BEFORE + HEAD + length, chain);
	}
	return true;
}

/* Segment no of a session follows what came before it, up to byte pos, and its frames make its part of the chain.  Its end. */
static count
segment_check(const struct row *r, const char *id, count no, count pos, FILE *frames, byte chain[HASH])
{
	count to = (count)number(r, "pos1");

	leaf_check(r, "segment", "session no pos0 pos1 frames t0_ms t1_ms prev hash", "leaf", NULL);
	if ((count)number(r, "no") != no || (count)number(r, "pos0") != pos || to <= pos || !hash_is(field(r, "prev"), chain))
		end(BAD, "session %s: segment %llu does not follow the one before it", id, no);
	if (number(r, "erased_us") != 0)             /* its bytes are not there any more, what they were is */
		hash_parse(field(r, "hash"), chain);
	else if (!frames_chain(frames, to - pos, chain) || !hash_is(field(r, "hash"), chain))
		end(BAD, "recording %s was changed: its bytes are not those of segment %llu", id, no);
	return to;
}

/* Segments stand in the order of their sessions. */
static void
sessions_check(void)
{
	struct row r = { .file = "sessions.jsonl" }, segment = { .file = "segments.jsonl" };
	FILE *f = file_open(r.file, BAD), *segments = file_open(segment.file, BAD), *frames;
	bool more = row_read(segments, &segment);
	byte chain[HASH];
	char name[64];

	while (row_read(f, &r)) {
		const char *id = field(&r, "id");
		count no, pos = 0;

		leaf_check(&r, "open", "id conn user login host addr src method channel command term cols rows rule policy node boot start_us start_mono_us",
		    "open_leaf", chain);
		snprintf(name, sizeof(name), "recordings/%s.frames", id);
		frames = file_open(name, BAD);
		for (no = 0; more && strcmp(field(&segment, "session"), id) == 0; no++, more = row_read(segments, &segment))
			pos = segment_check(&segment, id, no, pos, frames, chain);
		fclose(frames);
		if (number(&r, "close_leaf") < 0)            /* it was open still */
			continue;
		leaf_check(&r, "close", "id end_us state reason exit bytes frames segments chain", "close_leaf", NULL);
		if (pos != (count)number(&r, "bytes") || no != (count)number(&r, "segments") || !hash_is(field(&r, "chain"), chain))
			end(BAD, "recording %s does not end as its session says", id);
	}
	if (more)
		end(BAD, "segments.jsonl holds rows of no session");
}

/* --- the manifest --- */

static void
file_check(const char *name, const char *sha256)
{
	static byte part[1 << 16];
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	FILE *f = file_open(name, BAD);
	byte h[HASH];
	size_t n;

	EVP_DigestInit(c, EVP_sha256());
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		EVP_DigestUpdate(c, part, n);
	fclose(f);
	if (EVP_DigestFinal(c, h, NULL) != 1 || !hash_is(sha256, h))
		end(BAD, "%s was changed: its SHA-256 is not the manifest's", name);
	EVP_MD_CTX_free(c);
}

/* For nftw: every file but the manifest's own two has to be named in it. */
static int
stranger(const char *path, const struct stat *st, int type, struct FTW *at)
{
	const char *name = path + 2;                 /* behind "./" */
	char entry[4200];

	(void)st;
	(void)at;
	snprintf(entry, sizeof(entry), "\n  {\"name\":\"%s\",\"size\":", name);
	if (type != FTW_D && strcmp(name, "manifest.json") != 0 && strcmp(name, "manifest.sig") != 0 && strstr(manifest, entry) == NULL)
		end(BAD, "%s is no part of the export", name);
	return 0;
}

static void
manifest_check(void)
{
	static const char lead[] = "\0seal\n";
	const size_t lead_n = sizeof(lead) - 1;
	struct row r;
	char *text, *signatures, *rest, *line;
	bool complete;

	manifest = file_text("manifest.json", BAD);
	signatures = file_text("manifest.sig", BAD);
	text = room(NULL, lead_n + strlen(manifest) + 1);
	memcpy(text, lead, lead_n);
	strcpy(text + lead_n, manifest);
	if (!is_signed(text, lead_n + strlen(manifest), signatures))
		end(BAD, "manifest.json has no good signature by %s", key_name);
	free(text);
	free(signatures);
	complete = strstr(manifest, "\"complete\": true") != NULL;
	if (nftw(".", stranger, 16, FTW_PHYS) != 0)
		end(UNREADABLE, "the files of the export cannot be listed");
	for (rest = manifest; (line = strsep(&rest, "\n")) != NULL;)
		if (strncmp(line, "  {", 3) == 0) {
			if (line[strlen(line) - 1] == ',')       /* a file has one behind it */
				line[strlen(line) - 1] = '\0';
			if (!row_parse(&r, line + 2))
				end(BAD, "manifest.json is damaged");
			file_check(field(&r, "name"), field(&r, "sha256"));
		}
	free(manifest);
	for (count i = 0; i < nleaves && complete; i++)
		if (!seen[i])
			end(BAD, "a record was taken out: that of leaf %llu", i);
}

int
main(int argc, char **argv)
{
	char *kept;

	if (argc != 3 && argc != 4)
		end(USAGE, "usage: fortress-verify DIRECTORY KEY [CHECKPOINT]");
	key_load(argv[2]);
	kept = argc == 4 ? file_text(argv[3], UNREADABLE) : NULL;
	if (chdir(argv[1]) != 0)
		end(UNREADABLE, "%s cannot be entered", argv[1]);
	leaves_load();
	checkpoint_check(file_text("checkpoint", BAD), "checkpoint");
	if (kept != NULL)
		checkpoint_check(kept, "the checkpoint kept outside");
	events_check();
	sessions_check();
	manifest_check();
	printf("good: %llu records of %llu leaves by %s, %llu bytes of recordings\n", nrows, nleaves, key_name, nbytes);
	return 0;
}
