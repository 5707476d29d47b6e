/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The gate's keys: files, certificates as ssh-keygen reads them, and what may be signed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/be.h"
#include "base/fd.h"
#include "base/text.h"
#include "gate/keys.h"
#include "tests/tap.h"

static char dir[] = "/tmp/fts-keys-XXXXXX";

static void
request(struct buf *b, const char *user, const char *service, const char *method, const char *alg, struct slice blob)
{
	buf_clear(b);
	be_put_text(b, "0123456789abcdef0123456789abcdef");
	buf_u8(b, 50);
	be_put_text(b, user);
	be_put_text(b, service);
	be_put_text(b, method);
	buf_u8(b, 1);
	be_put_text(b, alg);
	be_put_string(b, blob);
}

static void
test_requests(const struct keys *k)
{
	struct slice blob = keys_target_blob(k);
	struct err e = { 0 };
	struct buf b;

	buf_init(&b, 4096);
	request(&b, "ops", "ssh-connection", "publickey", "ssh-ed25519", blob);
	ok(keys_check_request(buf_slice(&b), "ops", blob, &e) == 0, "the granted login's request");
	ok(keys_check_request(buf_slice(&b), "root", blob, &e) == -EPERM, "another login: %s", e.text);
	for (size_t n = 0; n < b.len; n++)
		if (keys_check_request(slice_of(b.p, n), "ops", blob, &e) == 0)
			ok(false, "cut to %zu bytes", n);
	buf_u8(&b, 0);
	ok(keys_check_request(buf_slice(&b), "ops", blob, &e) == -EPERM, "bytes left over: %s", e.text);
	request(&b, "ops", "ssh-connection", "hostbased", "ssh-ed25519", blob);
	ok(keys_check_request(buf_slice(&b), "ops", blob, &e) == -EPERM, "another method: %s", e.text);
	request(&b, "ops", "ssh-userauth", "publickey", "ssh-ed25519", blob);
	ok(keys_check_request(buf_slice(&b), "ops", blob, &e) == -EPERM, "another service: %s", e.text);
	request(&b, "ops", "ssh-connection", "publickey", "ssh-ed25519", slice_of(blob.p, blob.n - 1));
	ok(keys_check_request(buf_slice(&b), "ops", blob, &e) == -EPERM, "another key: %s", e.text);
	ok(keys_check_request(slice_from("SSHSIG"), "ops", blob, &e) == -EPERM, "a file's signature: %s", e.text);
	buf_done(&b);
}

/* Does `ssh-keygen -L` show what we put in, and accept the CA's signature?  It checks the signature while it parses. */
static void
test_certificate(const struct keys *k)
{
	char path[128], line[512], command[256];
	bool principal = false, id = false, type = false;
	struct err e = { 0 };
	struct buf cert, text;
	FILE *f;

	buf_init(&cert, 4096);
	buf_init(&text, 8192);
	ok(keys_certify(k, "ops", "fortress user=alice ticket=0000000000000001", 1, clock_wall(), 300, &cert) == 0, "a certificate");
	snprintf(path, sizeof(path), "%s/cert.pub", dir);
	buf_text(&text, "ssh-ed25519-cert-v01@openssh.com ");
	text_base64(&text, buf_slice(&cert));
	buf_text(&text, " x\n");
	ok(fd_write_file(path, text.p, text.len, 0600, &e) == 0, "written");
	snprintf(command, sizeof(command), "ssh-keygen -L -f %s 2>&1", path);
	f = popen(command, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		type = type || strstr(line, "user certificate") != NULL;
		id = id || strstr(line, "fortress user=alice ticket=0000000000000001") != NULL;
		principal = principal || strcmp(line, "                ops\n") == 0;
	}
	if (f == NULL || pclose(f) == 127 << 8)
		tap_skip("no ssh-keygen");
	else
		ok(type && id && principal, "ssh-keygen reads it");
	buf_done(&cert);
	buf_done(&text);
}

static void
test_files(void)
{
	char path[128];
	struct err e = { 0 };
	struct stat st;
	struct keys *a, *b;

	a = keys_open(dir, &e);
	ok(a != NULL, "keys are made: %s", e.text);
	b = keys_open(dir, &e);
	ok(b != NULL && slice_eq(keys_target_blob(a), keys_target_blob(b)), "and read again");
	snprintf(path, sizeof(path), "%s/keys/target_ed25519", dir);
	ok(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, "for their owner alone");
	keys_close(b);
	ok(chmod(path, 0644) == 0 && keys_open(dir, &e) == NULL, "a key that others may read is refused: %s", e.text);
	(void)chmod(path, 0600);
	test_requests(a);
	test_certificate(a);
	keys_close(a);
}

int
main(void)
{
	static const char *const files[] = { "keys/target_ed25519", "keys/target_ed25519.pub", "keys/ca_ed25519",
	    "keys/ca_ed25519.pub", "cert.pub" };
	char path[128];

	if (mkdtemp(dir) == NULL)
		return 1;
	test_files();
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		(void)unlink(path);
	}
	snprintf(path, sizeof(path), "%s/keys", dir);
	(void)rmdir(path);
	(void)rmdir(dir);
	return tap_done();
}
