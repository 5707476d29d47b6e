/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A head, then sections, each a byte and a string; the section of certificates holds an authority and sections of its
 * own.  Runs of set bits in a bitmap become ranges, so that a bitmap takes no more room than it has edges.
 */
#include <errno.h>
#include <string.h>

#include "base/be.h"
#include "cert/krl.h"

#define MAGIC "SSHKRL\n"                        /* and its NUL */

enum { FORMAT_VERSION = 1 };
enum { CERTIFICATES = 1, EXPLICIT_KEY, FINGERPRINT_SHA1, SIGNATURE, FINGERPRINT_SHA256, EXTENSION = 255 };
enum { SERIAL_LIST = 0x20, SERIAL_RANGE, SERIAL_BITMAP, KEY_ID, CERT_EXTENSION = 0x39 };

bool
krl_is(struct slice file)
{
	return file.n >= sizeof(MAGIC) && memcmp(file.p, MAGIC, sizeof(MAGIC)) == 0;
}

/* name, critical, contents: an unknown one may be skipped only if it is not critical. */
static int
take_extension(struct slice s)
{
	struct slice name, contents;
	uint8_t critical;

	if (!be_take_string(&s, &name) || !take_u8(&s, &critical) || !be_take_string(&s, &contents) || s.n != 0)
		return -EBADMSG;
	return critical == 0 ? 0 : -EBADMSG;
}

static int
take_serials(struct slice s, struct revoked *r, struct slice ca)
{
	uint64_t serial;
	int e = 0;

	while (e == 0 && s.n > 0)
		e = be_take_u64(&s, &serial) ? revoked_add_serials(r, ca, serial, serial) : -EBADMSG;
	return e;
}

static int
take_range(struct slice s, struct revoked *r, struct slice ca)
{
	uint64_t first, last;

	if (!be_take_u64(&s, &first) || !be_take_u64(&s, &last) || s.n != 0 || first > last)
		return -EBADMSG;
	return revoked_add_serials(r, ca, first, last);
}

static bool
bit(struct slice number, uint64_t i)
{
	return i < number.n * 8 && (number.p[number.n - 1 - i / 8] >> (i % 8) & 1) != 0;
}

static int
take_bitmap(struct slice s, struct revoked *r, struct slice ca)
{
	uint64_t offset, first = 0;
	struct slice map;
	bool run = false;
	int e = 0;

	if (!be_take_u64(&s, &offset) || !be_take_string(&s, &map) || s.n != 0 || map.n == 0 || (map.p[0] & 0x80) != 0 ||
	    offset > UINT64_MAX - map.n * 8)
		return -EBADMSG;
	for (uint64_t i = 0; e == 0 && i <= map.n * 8; i++) {
		bool set = bit(map, i);

		if (set && !run)
			first = i;
		if (run && !set)
			e = revoked_add_serials(r, ca, offset + first, offset + i - 1);
		run = set;
	}
	return e;
}

static int
take_ids(struct slice s, struct revoked *r, struct slice ca)
{
	struct slice id;
	int e = 0;

	while (e == 0 && s.n > 0)
		e = be_take_string(&s, &id) ? revoked_add_id(r, ca, id) : -EBADMSG;
	return e;
}

static int
take_certificates(struct slice s, struct revoked *r)
{
	struct slice ca, reserved, data;
	uint8_t type;
	int e = 0;

	if (!be_take_string(&s, &ca) || !be_take_string(&s, &reserved))
		return -EBADMSG;
	while (e == 0 && s.n > 0) {
		if (!take_u8(&s, &type) || !be_take_string(&s, &data))
			return -EBADMSG;
		switch (type) {
		case SERIAL_LIST:    e = take_serials(data, r, ca); break;
		case SERIAL_RANGE:   e = take_range(data, r, ca); break;
		case SERIAL_BITMAP:  e = take_bitmap(data, r, ca); break;
		case KEY_ID:         e = take_ids(data, r, ca); break;
		case CERT_EXTENSION: e = take_extension(data); break;
		default:             e = -EBADMSG;
		}
	}
	return e;
}

static int
take_each(struct slice s, struct revoked *r, int (*add)(struct revoked *, struct slice))
{
	struct slice one;
	int e = 0;

	while (e == 0 && s.n > 0)
		e = be_take_string(&s, &one) ? add(r, one) : -EBADMSG;
	return e;
}

static int
take_section(uint8_t type, struct slice data, struct revoked *r)
{
	switch (type) {
	case CERTIFICATES:       return take_certificates(data, r);
	case EXPLICIT_KEY:       return take_each(data, r, revoked_add_key);
	case FINGERPRINT_SHA1:   return take_each(data, r, revoked_add_sha1);
	case FINGERPRINT_SHA256: return take_each(data, r, revoked_add_sha256);
	case EXTENSION:          return take_extension(data);
	default:                 return -EBADMSG;
	}
}

int
krl_parse(struct slice s, struct revoked *r, struct err *e)
{
	struct slice magic, reserved, comment, data;
	uint32_t version;
	uint64_t number, date, flags;
	uint8_t type = 0;
	int code = 0;

	if (!take_bytes(&s, sizeof(MAGIC), &magic) || !be_take_u32(&s, &version) || version != FORMAT_VERSION ||
	    !be_take_u64(&s, &number) || !be_take_u64(&s, &date) || !be_take_u64(&s, &flags) ||
	    !be_take_string(&s, &reserved) || !be_take_string(&s, &comment))
		return err_set(e, -EBADMSG, "the revocation list's head is malformed");
	while (code == 0 && s.n > 0) {
		if (!take_u8(&s, &type) || !be_take_string(&s, &data))
			return err_set(e, -EBADMSG, "the revocation list is cut");
		code = take_section(type, data, r);
	}
	if (code == -EBADMSG)
		return err_set(e, code, type == SIGNATURE ? "a signed revocation list is not understood: sign the file instead" :
		    "section %u of the revocation list is not understood", type);
	return code == 0 ? 0 : err_set(e, code, "the revocation list is too large");
}
