/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Certificates: made here byte by byte, to say anything, and by ssh-keygen, for all kinds of keys; lists of what is revoked. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/be.h"
#include "base/fd.h"
#include "base/text.h"
#include "cert/cert.h"
#include "cert/krl.h"
#include "cert/revoked.h"
#include "cert/signature.h"
#include "tests/tap.h"

static char dir[] = "/tmp/fts-cert-XXXXXX";
static EVP_PKEY *ca_key;
static struct buf ca;

/* --- made by hand --- */

struct made {
	uint32_t type;
	uint64_t serial, from, until;
	struct slice principals, critical, extensions, ca;
};

static struct buf principals, critical, extensions;

/* A good one, for alice: what a test wants otherwise it changes. */
static struct made
made(void)
{
	buf_clear(&principals);
	buf_clear(&critical);
	buf_clear(&extensions);
	be_put_text(&principals, "alice");
	be_put_text(&extensions, "permit-pty");
	be_put_text(&extensions, "");
	return (struct made){ .type = 1, .serial = 7, .from = 1000, .until = 2000, .principals = buf_slice(&principals),
	    .extensions = buf_slice(&extensions), .ca = buf_slice(&ca) };
}

static void
option(struct made *m, const char *name, const char *value)
{
	struct buf inner;

	buf_init(&inner, 4096);
	be_put_text(&inner, value);
	be_put_text(&critical, name);
	be_put_string(&critical, buf_slice(&inner));
	m->critical = buf_slice(&critical);
	buf_done(&inner);
}

static void
sign(struct buf *b)
{
	unsigned char bytes[64];
	size_t n = sizeof(bytes);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct buf signature;

	buf_init(&signature, 256);
	ok(EVP_DigestSignInit(ctx, NULL, NULL, NULL, ca_key) == 1 && EVP_DigestSign(ctx, bytes, &n, b->p, b->len) == 1, "signed");
	be_put_text(&signature, "ssh-ed25519");
	be_put_string(&signature, slice_of(bytes, n));
	be_put_string(b, buf_slice(&signature));
	buf_done(&signature);
	EVP_MD_CTX_free(ctx);
}

static void
make(const struct made *m, struct buf *b)
{
	unsigned char key[32];

	memset(key, 9, sizeof(key));
	buf_clear(b);
	be_put_text(b, "ssh-ed25519-cert-v01@openssh.com");
	be_put_text(b, "a nonce");
	be_put_string(b, slice_of(key, sizeof(key)));
	be_put_u64(b, m->serial);
	be_put_u32(b, m->type);
	be_put_text(b, "alice's key");
	be_put_string(b, m->principals);
	be_put_u64(b, m->from);
	be_put_u64(b, m->until);
	be_put_string(b, m->critical);
	be_put_string(b, m->extensions);
	be_put_text(b, "");
	be_put_string(b, m->ca);
	sign(b);
}

/* Parses what make made; true and *e empty if it is good for name at the time 1500. */
static bool
good(const struct made *m, const char *name, struct cert_terms *terms, struct err *e)
{
	static struct buf b;
	struct cert c;

	buf_done(&b);
	buf_init(&b, 65536);
	make(m, &b);
	*e = (struct err){ 0 };
	if (cert_parse(buf_slice(&b), &c) != 0) {
		(void)err_set(e, -EBADMSG, "not parsed");
		return false;
	}
	return cert_verify(&c, e) == 0 && cert_check(&c, name, 1500, e) == 0 && cert_terms(&c, terms, e) == 0;
}

static void
test_checks(void)
{
	struct cert_terms t;
	struct err e = { 0 };
	struct made m = made();

	ok(good(&m, "alice", &t, &e) && t.pty && !t.port_forwarding && !t.forced, "a good one: %s", e.text);
	ok(!good(&m, "bob", &t, &e), "another name: %s", e.text);
	ok(!good(&m, "alic", &t, &e) && !good(&m, "alicee", &t, &e) && !good(&m, "", &t, &e), "nor a part of one");
	m.type = 2;
	ok(!good(&m, "alice", &t, &e), "a host's: %s", e.text);
	m = made(), m.until = 1500;
	ok(!good(&m, "alice", &t, &e), "the end is no more inside: %s", e.text);
	m = made(), m.from = 1501;
	ok(!good(&m, "alice", &t, &e), "not yet: %s", e.text);
	m = made(), m.from = 0, m.until = UINT64_MAX;
	ok(good(&m, "alice", &t, &e), "for ever");
	m = made(), m.principals = slice_from("");
	ok(!good(&m, "alice", &t, &e), "no principals: %s", e.text);
	m = made(), m.principals = slice_of(m.principals.p, m.principals.n - 1);
	ok(!good(&m, "alice", &t, &e), "principals that end early: %s", e.text);
}

static void
test_principals(void)
{
	struct cert_terms t;
	struct err e = { 0 };
	struct made m = made();

	buf_clear(&principals);
	be_put_text(&principals, "alice,root");
	be_put_string(&principals, slice_of("bob\0root", 8));
	be_put_text(&principals, "");
	m.principals = buf_slice(&principals);
	ok(!good(&m, "alice", &t, &e) && !good(&m, "root", &t, &e) && !good(&m, "bob", &t, &e) && !good(&m, "", &t, &e),
	    "a comma, a NUL and nothing make no names of their own");
	ok(good(&m, "alice,root", &t, &e), "a name with a comma is one name: %s", e.text);
	buf_clear(&principals);
	for (int i = 0; i < CERT_PRINCIPALS_MAX; i++)
		be_put_text(&principals, i == CERT_PRINCIPALS_MAX - 1 ? "alice" : "x");
	m.principals = buf_slice(&principals);
	ok(good(&m, "alice", &t, &e), "as many principals as fit");
	be_put_text(&principals, "alice");
	m.principals = buf_slice(&principals);
	ok(!good(&m, "alice", &t, &e), "one more is no certificate: %s", e.text);
}

static void
test_options(void)
{
	static const char *const bad[] = { "", "10.0.0.0/8,", ",10.0.0.0/8", "10.0.0.1/8", "10.0.0.0/33", "web1", "10.0.0.0/8 ",
		"!10.0.0.0/8", "*" };
	struct cert_terms t;
	struct err e = { 0 };
	struct made m = made();

	option(&m, "force-command", "uptime -p");
	option(&m, "source-address", "10.8.0.0/16,2001:db8::/32,192.0.2.7");
	ok(good(&m, "alice", &t, &e) && t.forced && slice_is(t.force_command, "uptime -p") && t.networks_n == 3, "what is known: %s", e.text);
	ok(cert_terms_admit(&t, slice_from("10.8.255.1")) && cert_terms_admit(&t, slice_from("::ffff:10.8.0.1")) &&
	    cert_terms_admit(&t, slice_from("2001:db8::1")) && cert_terms_admit(&t, slice_from("192.0.2.7")), "from there");
	ok(!cert_terms_admit(&t, slice_from("10.9.0.1")) && !cert_terms_admit(&t, slice_from("192.0.2.8")) &&
	    !cert_terms_admit(&t, slice_from("2001:db9::1")) && !cert_terms_admit(&t, slice_from("")), "from nowhere else");
	option(&m, "force-command", "id");
	ok(!good(&m, "alice", &t, &e), "twice: %s", e.text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		m = made();
		option(&m, "source-address", bad[i]);
		ok(!good(&m, "alice", &t, &e), "source-address \"%s\": %s", bad[i], e.text);
	}
	m = made();
	option(&m, "force-command", "");
	ok(!good(&m, "alice", &t, &e), "no command: %s", e.text);
	m = made();
	option(&m, "no-such-option@example.com", "x");
	ok(!good(&m, "alice", &t, &e), "unknown: %s", e.text);
	m = made();
	be_put_text(&critical, "verify-required");
	be_put_text(&critical, "");
	m.critical = buf_slice(&critical);
	ok(!good(&m, "alice", &t, &e), "not visible: %s", e.text);
	m = made();
	be_put_text(&critical, "force-command");
	be_put_text(&critical, "\1\1");
	m.critical = buf_slice(&critical);
	ok(!good(&m, "alice", &t, &e), "malformed: %s", e.text);
	m.critical = slice_of(m.critical.p, m.critical.n - 1);
	ok(!good(&m, "alice", &t, &e), "cut: %s", e.text);
}

static void
test_extensions(void)
{
	struct cert_terms t;
	struct err e = { 0 };
	struct made m = made();

	buf_clear(&extensions);
	m.extensions = slice_from("");
	ok(good(&m, "alice", &t, &e) && !t.pty && !t.port_forwarding && !t.agent_forwarding && !t.x11_forwarding, "none: nothing");
	be_put_text(&extensions, "unheard-of@example.com");
	be_put_text(&extensions, "anything");
	be_put_text(&extensions, "permit-X11-forwarding");
	be_put_text(&extensions, "");
	be_put_text(&extensions, "permit-agent-forwarding");
	be_put_text(&extensions, "");
	m.extensions = buf_slice(&extensions);
	ok(good(&m, "alice", &t, &e) && !t.pty && t.agent_forwarding && t.x11_forwarding, "known ones, and one that is unheard of");
	be_put_text(&extensions, "permit-pty");
	m.extensions = buf_slice(&extensions);
	ok(!good(&m, "alice", &t, &e), "malformed: %s", e.text);
}

static void
test_bytes(void)
{
	struct made m = made();
	struct cert c;
	struct err e;
	struct buf b;
	unsigned parsed = 0, wrong = 0;

	buf_init(&b, 65536);
	make(&m, &b);
	for (size_t n = 0; n < b.len; n++)
		parsed += cert_parse(slice_of(b.p, n), &c) == 0;
	ok(parsed == 0, "cut anywhere it is none");
	for (size_t i = 0; i < b.len * 8; i++) {
		b.p[i / 8] ^= (unsigned char)(1 << i % 8);
		if (cert_parse(buf_slice(&b), &c) == 0 && slice_eq(c.ca, buf_slice(&ca)) && cert_verify(&c, &e) == 0)
			wrong++;
		b.p[i / 8] ^= (unsigned char)(1 << i % 8);
	}
	ok(wrong == 0, "no bit can change");
	buf_u8(&b, 0);
	ok(cert_parse(buf_slice(&b), &c) == -EBADMSG, "a byte behind it");
	b.len--;
	ok(cert_parse(buf_slice(&b), &c) == 0 && cert_is(buf_slice(&b)) && !cert_is(buf_slice(&ca)), "the blob says what it is");
	m.ca = buf_slice(&b);
	struct buf chained;
	buf_init(&chained, 65536);
	make(&m, &chained);
	ok(cert_parse(buf_slice(&chained), &c) == 0 && cert_verify(&c, &e) == -EACCES, "an authority that is a certificate: %s", e.text);
	buf_done(&chained);
	buf_done(&b);
}

/* --- made by ssh-keygen --- */

static int
run(const char *fmt, ...)
{
	char words[1024], command[1400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	(void)snprintf(command, sizeof(command), "exec >/dev/null 2>&1 </dev/null; cd %s && %s", dir, words);
	return system(command);
}

/* The second word of a .pub file. */
static void
load(const char *name, struct buf *blob)
{
	char path[200];
	struct err e = { 0 };
	struct buf text;
	const char *start, *end;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	buf_init(&text, 65536);
	buf_clear(blob);
	if (fd_read_file(path, 65536, &text, &e) != 0 || (start = strchr(buf_cstr(&text), ' ')) == NULL) {
		ok(false, "%s: %s", name, e.text);
		return;
	}
	end = start + 1 + strcspn(start + 1, " \n");
	ok(text_unbase64(blob, slice_of(start + 1, (size_t)(end - start - 1))) == 0, "%s is read", name);
	buf_done(&text);
}

static void
test_kind(const char *name, const char *make_key, const char *options, bool is_good)
{
	struct buf blob;
	struct cert c;
	struct err e = { 0 };

	buf_init(&blob, 65536);
	if (run("ssh-keygen -q -N '' %s -f ca-%s", make_key, name) != 0 ||
	    run("cp user.pub %s.pub && ssh-keygen -q -s ca-%s %s -I id -n alice -V always:forever %s.pub", name, name, options, name) != 0) {
		ok(!is_good, "%s: ssh-keygen does not make it", name);
		return;
	}
	(void)snprintf(e.text, sizeof(e.text), "%s-cert.pub", name);
	load(e.text, &blob);
	e.text[0] = '\0';
	ok(cert_parse(buf_slice(&blob), &c) == 0 && (cert_verify(&c, &e) == 0) == is_good, "%s: %s", name, e.text);
	ok(!is_good || (cert_check(&c, "alice", 1500, &e) == 0 && signature_key_is_usable(c.ca)), "%s is for alice: %s", name, e.text);
	if (is_good) {
		blob.p[blob.len - 1] ^= 1;
		ok(cert_parse(buf_slice(&blob), &c) == 0 && cert_verify(&c, &e) != 0, "%s with another signature: %s", name, e.text);
	}
	buf_done(&blob);
}

static void
test_kinds(void)
{
	char sk[700];

	ok(run("ssh-keygen -q -t ed25519 -N '' -f user") == 0, "a user's key");
	test_kind("ed25519", "-t ed25519", "", true);
	test_kind("p256", "-t ecdsa -b 256", "", true);
	test_kind("p384", "-t ecdsa -b 384", "", true);
	test_kind("p521", "-t ecdsa -b 521", "", true);
	test_kind("rsa256", "-t rsa -b 2048", "-t rsa-sha2-256", true);
	test_kind("rsa512", "-t rsa -b 2048", "-t rsa-sha2-512", true);
	test_kind("rsa-sha1", "-t rsa -b 2048", "-t ssh-rsa", false);
	test_kind("rsa-small", "-t rsa -b 1024", "-t rsa-sha2-256", false);
	(void)snprintf(sk, sizeof(sk), "%s/tests/system/sk_provider.so", getenv("top_builddir") != NULL ? getenv("top_builddir") : ".");
	if (access(sk, R_OK) == 0 && access("/usr/lib/openssh/ssh-sk-helper", X_OK) == 0) {
		char make_key[900], options[900];

		(void)snprintf(make_key, sizeof(make_key), "-t ed25519-sk -w %s", sk);
		(void)snprintf(options, sizeof(options), "-w %s", sk);
		test_kind("sk-ed25519", make_key, options, true);
	} else {
		tap_skip("no security key of software");
	}
}

/* The certified key as ssh-keygen wrote it alone, for each kind. */
static void
test_keys(void)
{
	static const char *const kinds[] = { "ed25519", "ecdsa -b 256", "ecdsa -b 384", "ecdsa -b 521", "rsa -b 2048" };
	struct buf blob, key, plain;
	struct cert c;

	buf_init(&blob, 65536);
	buf_init(&key, 65536);
	buf_init(&plain, 65536);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		ok(run("rm -f k k.pub && ssh-keygen -q -t %s -N '' -f k && ssh-keygen -q -s ca-ed25519 -I id -n alice k.pub", kinds[i]) == 0,
		    "a key: %s", kinds[i]);
		load("k-cert.pub", &blob);
		load("k.pub", &plain);
		buf_clear(&key);
		ok(cert_parse(buf_slice(&blob), &c) == 0 && cert_key_blob(&c, &key) == 0 &&
		    slice_eq(buf_slice(&key), buf_slice(&plain)), "the key inside: %s", kinds[i]);
	}
	buf_done(&blob);
	buf_done(&key);
	buf_done(&plain);
}

/* --- revoked --- */

static struct revoked *
load_revoked(const char *name, struct err *e)
{
	struct revoked *r = NULL;
	char path[200];
	struct buf text;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	buf_init(&text, 1 << 20);
	*e = (struct err){ 0 };
	if (fd_read_file(path, 1 << 20, &text, e) == 0)
		(void)revoked_load(buf_slice(&text), &r, e);
	buf_done(&text);
	return r;
}

/* Is the certificate NAME-cert.pub revoked by the list in file? */
static bool
is_revoked(const char *file, const char *name)
{
	char path[200];
	struct err e;
	struct revoked *r = load_revoked(file, &e);
	struct buf blob;
	struct cert c;
	bool found;

	buf_init(&blob, 65536);
	(void)snprintf(path, sizeof(path), "%s-cert.pub", name);
	load(path, &blob);
	ok(r != NULL && cert_parse(buf_slice(&blob), &c) == 0, "%s: %s", file, e.text);
	found = r != NULL && revoked_has_cert(r, &c, buf_slice(&blob));
	revoked_free(r);
	buf_done(&blob);
	return found;
}

static void
test_lines(void)
{
	struct err e;
	struct revoked *r;

	ok(run("(echo '# a comment'; echo; cat ca-p256.pub; ssh-keygen -lf user.pub | cut -d' ' -f2; cat p384-cert.pub) >lines") == 0, "a list");
	r = load_revoked("lines", &e);
	ok(r != NULL && revoked_count(r) == 3, "is read: %s", e.text);
	revoked_free(r);
	ok(is_revoked("lines", "p256"), "an authority");
	ok(is_revoked("lines", "ed25519"), "a key by its fingerprint, in any certificate");
	ok(run("ssh-keygen -q -t ed25519 -N '' -f other && ssh-keygen -q -s ca-ed25519 -I other -z 77 -n alice other.pub") == 0, "another");
	ok(!is_revoked("lines", "other"), "which nobody named");
	ok(run("(cat ca-p256.pub; echo ssh-ed25519 AAAA) >bad") == 0 && (r = load_revoked("bad", &e)) == NULL, "one bad line: %s", e.text);
	ok(run("echo SHA256:short >bad") == 0 && load_revoked("bad", &e) == NULL, "a cut fingerprint: %s", e.text);
	ok(run("cut -c5- other.pub >bad") == 0 && load_revoked("bad", &e) == NULL, "a line that is no key: %s", e.text);
	ok(run("true >empty") == 0 && !is_revoked("empty", "other"), "an empty list revokes nothing");
}

static void
test_krl(void)
{
	static const struct { const char *spec, *ca; bool found; } cases[] = {
		{ "serial: 77", "ca-ed25519", true }, { "serial: 78", "ca-ed25519", false }, { "serial: 70-80", "ca-ed25519", true },
		{ "serial: 1\\nserial: 3\\nserial: 5\\nserial: 76-78\\nserial: 90", "ca-ed25519", true },
		{ "serial: 1\\nserial: 3\\nserial: 75\\nserial: 79\\nserial: 81", "ca-ed25519", false },
		{ "serial: 77", "ca-p256", false }, { "id: other", "ca-ed25519", true }, { "id: othe", "ca-ed25519", false },
		{ "id: other", "ca-p256", false },
	};
	struct err e;
	struct revoked *r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ok(run("rm -f krl && printf '%s\\n' >spec && ssh-keygen -q -k -f krl -s %s.pub spec", cases[i].spec, cases[i].ca) == 0, "a list");
		ok(is_revoked("krl", "other") == cases[i].found, "%s by %s: %s", cases[i].spec, cases[i].ca, cases[i].found ? "revoked" : "not");
	}
	ok(run("rm -f krl && ssh-keygen -q -k -f krl other.pub ca-p384.pub") == 0 && is_revoked("krl", "other") && is_revoked("krl", "p384") &&
	    !is_revoked("krl", "p256"), "keys as they are");
	ok(run("rm -f krl && (echo \"sha1: $(cat other.pub)\"; echo \"sha256: $(cat ca-p384.pub)\") >spec && ssh-keygen -q -k -f krl spec") == 0 &&
	    is_revoked("krl", "other") && is_revoked("krl", "p384") && !is_revoked("krl", "p256"), "keys by their hashes");
	ok(run("truncate -s -1 krl") == 0 && (r = load_revoked("krl", &e)) == NULL, "cut: %s", e.text);
	ok(run("ssh-keygen -q -k -f krl other.pub && printf '\\007\\0\\0\\0\\0' >>krl") == 0 && (r = load_revoked("krl", &e)) == NULL,
	    "a section that is unknown: %s", e.text);
	/* An extension may be passed over only if it says so. */
	ok(run("ssh-keygen -q -k -f krl other.pub && printf '\\377\\0\\0\\0\\012\\0\\0\\0\\001x\\001\\0\\0\\0\\0' >>krl") == 0 &&
	    load_revoked("krl", &e) == NULL, "a critical extension: %s", e.text);
	ok(run("ssh-keygen -q -k -f krl other.pub && printf '\\377\\0\\0\\0\\012\\0\\0\\0\\001x\\0\\0\\0\\0\\0' >>krl") == 0 &&
	    is_revoked("krl", "other"), "one that is not");
}

int
main(void)
{
	size_t n = 32;
	unsigned char public[32];

	buf_init(&principals, 65536);
	buf_init(&critical, 65536);
	buf_init(&extensions, 65536);
	buf_init(&ca, 256);
	ca_key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (mkdtemp(dir) == NULL || ca_key == NULL || EVP_PKEY_get_raw_public_key(ca_key, public, &n) != 1)
		return 99;
	be_put_text(&ca, "ssh-ed25519");
	be_put_string(&ca, slice_of(public, n));
	test_checks();
	test_principals();
	test_options();
	test_extensions();
	test_bytes();
	if (run("command -v ssh-keygen") == 0) {
		test_kinds();
		test_keys();
		test_lines();
		test_krl();
	} else {
		tap_skip("no ssh-keygen");
	}
	(void)run("cd / && rm -rf %s", dir);
	EVP_PKEY_free(ca_key);
	return tap_done();
}
