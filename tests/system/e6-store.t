#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The store as a process: see e_store.c.
exec "$top_builddir/tests/system/e_store" bulk
