/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A key is as the Standard Webhooks specification writes it: whsec_ and base64 of 24 to 64 bytes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"
#include "notify/sink.h"

#define KEY_PREFIX "whsec_"
enum { KEY_MIN = 24, KEY_MAX = 64, FILE_MAX_BYTES = 256 };

static int
key_read(const char *path, struct secret *ret, struct err *e)
{
	struct buf file, key;
	struct slice text;
	int r;

	buf_init(&file, FILE_MAX_BYTES);
	buf_init(&key, FILE_MAX_BYTES);
	r = fd_read_file(path, FILE_MAX_BYTES, &file, e);
	text = buf_slice(&file);
	while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r' || text.p[text.n - 1] == ' '))
		text.n--;
	if (r == 0 && (text.n < strlen(KEY_PREFIX) || memcmp(text.p, KEY_PREFIX, strlen(KEY_PREFIX)) != 0 ||
	    text_unbase64(&key, slice_of(text.p + strlen(KEY_PREFIX), text.n - strlen(KEY_PREFIX))) != 0 || key.len < KEY_MIN || key.len > KEY_MAX))
		r = err_set(e, -EINVAL, "%s: a webhook's key is " KEY_PREFIX " and 24 to 64 bytes in base64", path);
	if (r == 0 && secret_init(ret, key.len) != 0)
		r = err_set(e, -ENOMEM, "out of memory");
	if (r == 0)
		memcpy(ret->p, key.p, key.len);
	if (file.p != NULL)
		secret_wipe(file.p, file.cap);
	if (key.p != NULL)
		secret_wipe(key.p, key.cap);
	buf_done(&file);
	buf_done(&key);
	return r;
}

int
sink_parse(const char *text, struct sink *ret, struct err *e)
{
	char kind[16], key[2048];
	int n, end = 0;

	*ret = (struct sink){ 0 };
	n = sscanf(text, "%64s %15s %2047s %n%2047s %n", ret->name, kind, ret->to, &end, key, &end);
	if (n < 3 || !text_is_name(slice_from(ret->name)) || text[end] != '\0')
		return err_set(e, -EINVAL, "NotifySink %s: write NAME webhook URL KEYFILE, or NAME syslog SOCKET", text);
	if (strcmp(kind, "syslog") == 0 && n == 3 && ret->to[0] == '/') {
		ret->kind = SINK_SYSLOG;
		return 0;
	}
	if (strcmp(kind, "webhook") != 0 || n != 4 || (strncmp(ret->to, "https://", 8) != 0 && strncmp(ret->to, "http://", 7) != 0))
		return err_set(e, -EINVAL, "NotifySink %s: write NAME webhook https://… KEYFILE, or NAME syslog /dev/log", text);
	ret->kind = SINK_WEBHOOK;
	return key_read(key, &ret->key, e);
}
