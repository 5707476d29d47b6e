/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The acceptor: a front before it knows whose.  It has loaded the host keys and gone once
 * through a whole handshake with itself, so that everything OpenSSL and libssh build up
 * on first use is there to be shared; then it forks, without exec, for each connection
 * that the monitor hands over.
 */
#ifndef FRONT_ACCEPTOR_H
#define FRONT_ACCEPTOR_H

#include "base/sandbox.h"
#include "front/front.h"

/* The server's settings with all host keys loaded.  NULL with e. */
ssh_bind acceptor_bind(struct front_options *o, struct err *e);
/* One handshake with itself.  0 or -EPROTO with e. */
int acceptor_prewarm(ssh_bind binding, struct err *e);
/* Serves the monitor until it says stop; the exit status.  sandboxed: what READY says. */
int acceptor_run(const struct front_options *o, ssh_bind binding, struct chan *monitor, struct loop *loop,
    struct sandbox_filter *filter, bool sandboxed);
void acceptor_message(void *arg, struct chan *c, struct chan_in *in);

#endif
