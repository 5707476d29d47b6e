/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * cert_client PORT USER KEY CERTIFICATE: logs in at 127.0.0.1 with the certificate, signing with the key, whatever either of
 * them is: the client of OpenSSH keeps what it thinks is wrong to itself.  Prints "in" or "out".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libssh/libssh.h>

#define TIMEOUT_S 4L

/* The second word of the certificate's line; libssh is to believe that it is one, whatever it says of itself. */
static ssh_key
certificate(const char *path)
{
	static char line[65536];
	FILE *f = fopen(path, "re");
	char *type, *base64 = NULL;
	ssh_key key = NULL;

	if (f != NULL && fgets(line, sizeof(line), f) != NULL && (type = strtok(line, " \n")) != NULL &&
	    (base64 = strtok(NULL, " \n")) != NULL)
		(void)ssh_pki_import_cert_base64(base64, ssh_key_type_from_name(type), &key);
	if (f != NULL)
		fclose(f);
	return key;
}

int
main(int argc, char **argv)
{
	ssh_session s = ssh_new();
	ssh_key key = NULL, cert = argc == 5 ? certificate(argv[4]) : NULL;
	long timeout = TIMEOUT_S;
	unsigned port;
	int r, no = 0;

	if (s == NULL || cert == NULL || ssh_pki_import_privkey_file(argv[3], NULL, NULL, NULL, &key) != SSH_OK ||
	    ssh_pki_copy_cert_to_privkey(cert, key) != SSH_OK) {
		fprintf(stderr, "usage: cert_client PORT USER KEY CERTIFICATE\n");
		return 2;
	}
	port = (unsigned)atoi(argv[1]);
	ssh_options_set(s, SSH_OPTIONS_PROCESS_CONFIG, &no);
	ssh_options_set(s, SSH_OPTIONS_HOST, "127.0.0.1");
	ssh_options_set(s, SSH_OPTIONS_PORT, &port);
	ssh_options_set(s, SSH_OPTIONS_USER, argv[2]);
	ssh_options_set(s, SSH_OPTIONS_TIMEOUT, &timeout);
	if (ssh_connect(s) != SSH_OK) {
		fprintf(stderr, "%s\n", ssh_get_error(s));
		return 2;
	}
	r = ssh_userauth_publickey(s, NULL, key);
	printf("%s\n", r == SSH_AUTH_SUCCESS ? "in" : "out");
	ssh_disconnect(s);
	ssh_free(s);
	ssh_key_free(cert);
	ssh_key_free(key);
	return r == SSH_AUTH_SUCCESS ? 0 : 1;
}
