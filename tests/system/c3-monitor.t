#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The monitor and its children: what each is told, and what happens when one cannot be started."""
import os, re, signal, subprocess, sys, tempfile

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, needs_bastion, end
needs_bastion()
from bastion import Bastion

# Programs that can be taken away and brought back, as a package manager does.
lib = tempfile.mkdtemp(prefix="fortress-lib-")
os.chmod(lib, 0o755)
for p in ("fortress", "fortress-monitor", "fortress-front", "fortress-gate", "fortress-store", "fortress-menu", "staragent"):
    os.symlink(os.path.abspath(f"{build}/{p}"), f"{lib}/{p}")
def away(p): os.rename(f"{lib}/{p}", f"{lib}/{p}.away")
def back(p): os.rename(f"{lib}/{p}.away", f"{lib}/{p}")

b = None
try:
    b = Bastion(lib, "KernelAudit off\nLogLevel debug\n")
    def log(): return open(f"{b.dir}/fortress.log").read()
    def works(): return subprocess.run(b.ssh("fortress") + ["echo in"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    def comes(what, n=1, seconds=15):
        """Is it in the log n times (soon)?"""
        try: b.wait(lambda: len(re.findall(what, log())) >= n, seconds)
        except SystemExit: return False
        return True
    monitor = b.bastion.pid
    before = b.child("acceptor")
    ok(works().stdout == b"in\n", "with LogLevel debug a bastion starts and works", log())
    ok(comes(r"front\[conn \d+\]\[\d+\] debug:"), "fronts say more", log())

finally:
    if b: b.stop()
    subprocess.run(["rm", "-rf", lib])
end()
