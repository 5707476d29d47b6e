#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The accounts that separate the processes when root starts a bastion.  Makes those that are missing.
#   contrib/accounts.sh [demo]     demo: also the account whose shell the demo host gives
set -eu
for name in _fortress _fortress-gate _fortress-store; do
	id "$name" >/dev/null 2>&1 ||
		useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$name"
done
[ "${1:-}" = demo ] || exit 0
id _fortress-demo >/dev/null 2>&1 ||
	useradd --system --create-home --home-dir /var/lib/fortress-demo --shell /bin/bash _fortress-demo
