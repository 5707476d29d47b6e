/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* fortress.conf: what is read, and that every mistake is named by place and remedy. */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor/conf.h"
#include "tests/tap.h"

#define PORT    "write an address and a port from 1 to 65535, e.g. 0.0.0.0:2222 or [::]:2222"
#define ADDRESS "not an IP address; write e.g. 127.0.0.1:2222, or 0.0.0.0:2222 for all of them"

static struct conf *
parse(const char *text, struct err *e)
{
	*e = (struct err){ 0 };
	return conf_parse("f", slice_from(text), "/state", e);
}

static void
test_good(void)
{
	struct err e;
	struct conf *c = parse("# comment\n\nlistenaddress 127.0.0.1:1\nListenAddress = [::1]:2\r\n"
	    "Policy \"my policy.conf\"\nRecordWindow 64K\nLoginGraceTime 2m\nUsePAM Yes\n", &e);

	ok(c != NULL, "it loads %s", e.text);
	ok(c->listen.n == 2 && strcmp(c->listen.items[1], "[::1]:2") == 0, "lists collect");
	is(c->policy, "/state/my policy.conf", "quoted, relative to the state");
	ok(c->record_window == 65536 && c->login_grace_s == 120 && c->use_pam == 1, "units and words");
	ok(c->host_keys.n == 3, "three host keys by default");
	is(c->store_user, "_fortress-store", "defaults fill the rest");
	ok(c->startups.start == 200 && c->startups.full == 200, "no ramp by default");
	conf_free(c);
	c = parse("MaxStartups 10:20:30\nUserNameFormats warpgate, JumpServer\nProxyProtocolFrom 10.0.0.1 2001:db8::/32\n"
	    "ProxyProtocolFrom 10.9.0.0/16\n", &e);
	ok(c != NULL && c->startups.start == 10 && c->startups.rate == 20 && c->startups.full == 30, "a ramp %s", e.text);
	ok(c != NULL && c->name_formats == 3, "several words");
	ok(c != NULL && c->proxies.n == 3 && c->proxies.items[0].bits == 128 && c->proxies.items[2].bits == 112, "networks collect");
	conf_free(c);
	c = parse("MaxStartups 77\n", &e);
	ok(c != NULL && c->startups.start == 77 && c->startups.rate == 100 && c->startups.full == 77, "one number is a wall");
	conf_free(c);
	c = parse("", &e);
	ok(c != NULL && c->listen.n == 1, "an empty file is good");
	is(c->methods, "any", "any method");
	conf_free(c);
	c = parse("UsePAM yes\nTrustedUserCAKeys ca.pub\nMfaPeriod 8h\n"
	    "AuthenticationMethods publickey,totp publickey,keyboard-interactive certificate\n", &e);
	ok(c != NULL && c->mfa_period_s == 28800, "methods and their period: %s", e.text);
	is(c->methods, "publickey,totp publickey,keyboard-interactive certificate", "lists with blanks between");
	is(c->user_cas, "/state/ca.pub", "authorities");
	conf_free(c);
}

static void
test_bad(void)
{
	static const struct { const char *text, *want; } cases[] = {
		{ "Lisen x\n", "f:1:1: unknown keyword \"Lisen\": see fortress.conf(5)" },
		{ "\n  MaxAuthTrys 3\n", "f:2:3: unknown keyword \"MaxAuthTrys\": did you mean MaxAuthTries?" },
		{ "UsePAM maybe\n", "f:1:8: unknown value \"maybe\": must be one of no yes" },
		{ "MaxAuthTries 0\n", "f:1:14: out of range: \"0\": must be 1 to 100" },
		{ "RecordWindow 4Q\n", "f:1:14: not a number for \"RecordWindow\": write e.g. 64K, 4M" },
		{ "Policy \"a\n", "f:1:8: no closing quote" },
		{ "Policy\n", "f:1:7: no value for \"Policy\"" },
		{ "Policy a\npolicy b\n", "f:2:1: given twice: \"Policy\"" },
		{ "MaxStartups 10:20\n", "f:1:13: not a limit for \"MaxStartups\": write NUMBER, or START:PERCENT:FULL as 100:30:200" },
		{ "MaxStartups 10:101:20\n", "f:1:13: not a limit for \"MaxStartups\": write NUMBER, or START:PERCENT:FULL as 100:30:200" },
		{ "MaxStartups 30:20:10\n", "f:1:13: not a limit for \"MaxStartups\": write NUMBER, or START:PERCENT:FULL as 100:30:200" },
		{ "MaxStartups 0\n", "f:1:13: out of range: \"0\": must be 1 to 100000" },
		{ "UserNameFormats jumpserver  teleport\n", "f:1:29: unknown value \"teleport\": must be one of jumpserver warpgate" },
		{ "ProxyProtocolFrom 10.0.0.1, 10.0.0.0/33\n", "f:1:29: not an address or network \"10.0.0.0/33\": e.g. 10.8.0.0/24, 2001:db8::/32" },
		{ "PerSourcePenaltyExemptList lb1\n", "f:1:28: not an address or network \"lb1\": e.g. 10.8.0.0/24, 2001:db8::/32" },
		{ "AuthenticationMethods publickey,sms\n", "f:1:23: not possible as \"AuthenticationMethods\": unknown method \"sms\": "
		    "publickey, certificate, password, keyboard-interactive, totp, or any alone" },
		{ "AuthenticationMethods publickey,password\n", "AuthenticationMethods names password, which needs "
		    "PasswordAuthentication yes" },
		{ "AuthenticationMethods publickey,keyboard-interactive\n", "AuthenticationMethods names keyboard-interactive, "
		    "which needs UsePAM yes" },
		{ "AuthenticationMethods certificate\n", "AuthenticationMethods names certificate, which needs TrustedUserCAKeys" },
		{ "MfaPeriod 31d\n", "f:1:11: out of range: \"31d\": must be 0 to 2592000" },
		{ "RetainRecordings 2y\n", "f:1:18: not a number for \"RetainRecordings\": write e.g. 30s, 5m, 400d" },
		{ "Include x\n", "f:1:9: Include is not possible here" },
		{ "ListenAddress 127.0.0.1:99999\n", "f:1:15: ListenAddress \"127.0.0.1:99999\": " PORT },
		{ "ListenAddress 127.0.0.1:\n", "f:1:15: ListenAddress \"127.0.0.1:\": " PORT },
		{ "ListenAddress 127.0.0.1:0\n", "f:1:15: ListenAddress \"127.0.0.1:0\": " PORT },
		{ "ListenAddress 127.0.0.1\n", "f:1:15: ListenAddress \"127.0.0.1\": " PORT },
		{ "ListenAddress foo bar\n", "f:1:15: ListenAddress \"foo bar\": " PORT },
		{ "ListenAddress 999.1.1.1:22\n", "f:1:15: ListenAddress \"999.1.1.1:22\": " ADDRESS },
		{ "ListenAddress localhost:22\n", "f:1:15: ListenAddress \"localhost:22\": " ADDRESS },
		{ "HostKey a\nHostKey b\nHostKey c\nHostKey d\nHostKey e\nHostKey f\nHostKey g\nHostKey h\nHostKey i\n",
		    "f:9:9: given too often: \"HostKey\": 8 at most" },
	};
	struct err e;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf *c = parse(cases[i].text, &e);

		ok(c == NULL, "refused: %s", cases[i].want);
		is(e.text, cases[i].want, "in these words");
		conf_free(c);
	}
}

/* What a file of a machine that is to serve by it must name: what is there. */
static void
file_put(const char *dir, const char *name, const char *text)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		ok(false, "%s cannot be written", path);
}

/* What conf_load says of text as dir's fortress.conf, without dir's name; "" when it is good. */
static const char *
load(const char *dir, const char *text, unsigned *keys)
{
	static char said[600];
	char path[300];
	struct err e = { 0 };
	struct conf *c;

	file_put(dir, "fortress.conf", text);
	snprintf(path, sizeof(path), "%s/fortress.conf", dir);
	c = conf_load(path, dir, &e);
	*keys = c != NULL ? c->host_keys.n : 0;
	conf_free(c);
	snprintf(said, sizeof(said), "%s", e.text);
	for (char *at; (at = strstr(said, dir)) != NULL;)
		memmove(at, at + strlen(dir), strlen(at + strlen(dir)) + 1);
	return said;
}

static void
test_live(void)
{
	char dir[] = "/tmp/test_conf.XXXXXX", command[100];
	unsigned keys;

	if (geteuid() == 0 && getpwnam("_fortress-store") == NULL) {
		tap_skip("no accounts: contrib/accounts.sh");
		return;
	}
	ok(mkdtemp(dir) != NULL, "a directory for a state");
	snprintf(command, sizeof(command), "mkdir %s/keys", dir);
	ok(system(command) == 0, "and one for its keys");
	is(load(dir, "", &keys), "/fortress.conf: Policy \"policy.conf\": /policy.conf: No such file or directory",
	    "a policy must be there");
	file_put(dir, "policy.conf", "");
	is(load(dir, "", &keys), "/fortress.conf: there is no host key: none of keys/host_ed25519, keys/host_ecdsa and keys/host_rsa "
	    "is in \"\": fortress setup makes them", "and a host key");
	file_put(dir, "keys/host_rsa", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
	is(load(dir, "", &keys), "", "one is enough");
	ok(keys == 1, "and it is the one that is there");
	file_put(dir, "keys/host_ecdsa", "ecdsa-sha2-nistp256 AAAA\n");
	is(load(dir, "", &keys), "/fortress.conf: HostKey \"keys/host_ecdsa\": /keys/host_ecdsa: not a private key: "
	    "ssh-keygen -t ed25519 -f makes one", "a public key is none");
	is(load(dir, "HostKey keys/host_rsa\n", &keys), "", "unless others are named");
	is(load(dir, "HostKey keys/other\n", &keys), "/fortress.conf:1:9: HostKey \"keys/other\": /keys/other: No such file or "
	    "directory", "which must be there too");
	is(load(dir, "HostKey keys/host_rsa\nPolicy /proc/none\n", &keys), "/fortress.conf:2:8: Policy \"/proc/none\": "
	    "/proc/none: No such file or directory", "a policy that is named too");
	is(load(dir, "Include other.conf\n", &keys), "/fortress.conf:1:9: there is no file \"/other.conf\"", "and a file to include");
	is(load(dir, "Include *.d\nHostKey keys/host_rsa\n", &keys), "", "a pattern may fit none");
	is(load(dir, "HostKey keys/host_rsa\nCheckpointFile outside/here\n", &keys), "/fortress.conf:2:16: CheckpointFile "
	    "\"outside/here\": /outside: there is no such directory", "a directory for the checkpoints");
	if (geteuid() == 0)
		is(load(dir, "HostKey keys/host_rsa\nUser nosuchuser\n", &keys), "/fortress.conf:2:6: User \"nosuchuser\": there is no "
		    "such account: useradd --system nosuchuser makes it", "an account");
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ok(system(command) == 0, "the state is taken away");
}

/* Each with another value than its default: what -T prints is read again as the same. */
static const char every[] = "ListenAddress 127.0.0.1:7\nListenAddress [::1]:7\nHostKey /k/one\nHostKey /k/the other\nPolicy /p\nLogLevel error\n"
    "UsePAM yes\nPAMService ssh\nPasswordAuthentication yes\nTrustedUserCAKeys /cas\nRevokedKeys /krl\n"
    "AuthenticationMethods publickey,totp password,totp\nMfaPeriod 3600s\nLoginGraceTime 61s\nMaxAuthTries 7\nMaxChannels 8\nMaxConnections 9\n"
    "MaxStartups 10:20:30\nMaxStartupsPerSource 11\nPerSourcePenalties no\nPerSourcePenaltyExemptList 10.0.0.0/8\nPerSourcePenaltyExemptList 2001:db8::/32\n"
    "ProxyProtocolFrom 10.9.0.1/32\nOwnKeys no\nUserNameFormats jumpserver\nRecordWindow 12\nRecordTimeout 13s\nGateTimeout 14s\nRecordStrict yes\n"
    "RetainRecordings 86400s\nWatchNotice no\nKernelAudit required\nCheckpointFile /c\nCheckpointSyslog /l\nNotifySink ops syslog /dev/log\n"
    "User a\nGateUser b\nStoreUser c\n";

static char *
printed(const struct conf *c, const char *keyword)
{
	struct err e = { 0 };
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (f == NULL || (c != NULL ? conf_print(c, keyword, f, &e) : conf_print_keywords("words", f)) != 0)
		fprintf(f, "%s", e.text);
	fclose(f);
	return text;
}

/* The keywords of the table that no line of text but its first begins with. */
static unsigned
missing(const char *text, char *names)
{
	unsigned n = 0;

	for (char *save, *name = strtok_r(names, "\n", &save); name != NULL; name = strtok_r(NULL, "\n", &save)) {
		char line[64];

		snprintf(line, sizeof(line), "\n%s ", name);
		if (strstr(text, line) == NULL) {
			printf("# %s\n", name);
			n++;
		}
	}
	return n;
}

static void
test_print(void)
{
	struct err e;
	struct conf *c = parse(every, &e), *again;
	char *text, *twice, *one, *names = printed(NULL, NULL);

	ok(c != NULL, "every keyword has a value of its own: %s", e.text);
	if (c == NULL)
		return;
	text = printed(c, NULL);
	is(text, every, "-T prints what was set, in the table's order");
	ok(missing(text, names) == 0, "and every keyword there is");
	again = parse(text, &e);
	ok(again != NULL, "it is read again: %s", e.text);
	twice = again != NULL ? printed(again, NULL) : strdup("");
	is(twice, text, "as the same");
	one = printed(c, "recordwindow");
	is(one, "RecordWindow 12\n", "one alone");
	free(one);
	one = printed(c, "RecordWindows");
	is(one, "unknown keyword \"RecordWindows\": did you mean RecordWindow?", "one that is none");
	free(one);
	free(text);
	free(twice);
	free(names);
	conf_free(again);
	conf_free(c);
}

int
main(void)
{
	test_good();
	test_print();
	test_bad();
	test_live();
	return tap_done();
}
