/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Signatures by SSH keys: ed25519, ECDSA on nistp256, 384 and 521, RSA with SHA-2 (2048 bits at least), and the
 * two kinds that live in security keys.  SHA-1 is no signature here. */
#ifndef CERT_SIGNATURE_H
#define CERT_SIGNATURE_H

#include "base/buf.h"

/* key and signature as they stand on the wire.  Anything that is not wholly understood is not good. */
bool signature_is_good(struct slice key, struct slice data, struct slice signature);
/* Is this the blob of a key whose signatures can be checked here? */
bool signature_key_is_usable(struct slice key);

#endif
