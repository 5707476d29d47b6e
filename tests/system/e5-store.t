#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A day's work again, as root with an account of its own: in a chroot, under that account.
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
STORE_USER=nobody exec "$top_builddir/tests/system/e_store" work
