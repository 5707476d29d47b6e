#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Half-open connections: the few that guess or wait do not keep the many out, nor make them slow."""
import os, resource, socket, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, needs_bastion, end, sanitizers
needs_bastion()
from bastion import Bastion
from wire import *

soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))

def half_open(b, count, source, read=False):
    """Connections that say nothing; what of them stays open is seen later."""
    out = []
    for i in range(count):
        s = socket.socket(); s.bind((source, 0)); s.settimeout(5); s.connect(("127.0.0.1", b.port)); out.append(s)
    return out
def alive(s):
    s.setblocking(False)
    try:
        while s.recv(4096): pass
        return False
    except BlockingIOError: return True
    except OSError: return False
def login_ms(b, key):
    began = time.monotonic()
    with Wire.connect(("127.0.0.1", b.port), "bench+box", key): return (time.monotonic() - began) * 1000
def tries(b, key):
    try: login_ms(b, key); return True
    except (OSError, Over, AssertionError): return False
def settled(b, count): b.wait(lambda: len(b.fronts()) >= count, 20)

b = Bastion(build, "KernelAudit off\nMaxStartups 60\nMaxStartupsPerSource 20\nLoginGraceTime 60s\n")
try:
    key = private_key(b.key)
    one = half_open(b, 30, "127.0.0.2"); settled(b, 20); b.wait(lambda: sum(map(alive, one)) <= 20)
    ok(sum(map(alive, one)) == 20, "one source holds no more than its share", sum(map(alive, one)))
    ok(tries(b, key), "another is served")
    waiting = Wire(socket.create_connection(("127.0.0.1", b.port), 5, ("127.0.0.9", 0))); waiting.hello()      # slow, but honest
    more = [s for n in range(3, 9) for s in half_open(b, 20, f"127.0.0.{n}")]
    settled(b, 58)
    good = sum(tries(b, key) for i in range(10))
    ok(good == 10, "six sources that take all there is keep nobody out", good)
    ok(len(b.fronts()) <= 60, "and there are no more than MaxStartups", len(b.fronts()))
    waiting.kex(); waiting.service()
    ok(waiting.login("bench+box", key)[0] == AUTH_SUCCESS, "who was half-way in comes in: whoever holds most has to go first")
    for s in one + more: s.close()
    b.wait(lambda: len(b.fronts()) <= 1)
    each = [s for n in range(1, 121) for s in half_open(b, 1, f"127.0.1.{n}")]
    good = sum(tries(b, key) for i in range(10))
    ok(good == 10, "nor do a hundred sources with one each", good)
    for s in each: s.close()
    text = open(f"{b.dir}/fortress.log").read()
    ok("MaxStartups" in text and text.count("MaxStartups") < 40, "the log says so, but not for each", text.count("MaxStartups"))
finally:
    b.stop()

soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))          # as a service manager may hand it to the bastion
b = Bastion(build, "KernelAudit off\nMaxStartups 1100\nMaxStartupsPerSource 1100\nLoginGraceTime 60s\n")
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
try:
    key = private_key(b.key)
    free = min(login_ms(b, key) for i in range(10))
    count = 100 if sanitizers() else 1000                        # each of them is as large as ten others then
    many = half_open(b, count, "127.0.0.2"); settled(b, count)
    busy = min(login_ms(b, key) for i in range(20))
    ok(sum(map(alive, many)) == count, f"{count:,} half-open connections", sum(map(alive, many)))
    ok(busy < free + 100, f"a login takes {free:.0f} ms, and {busy:.0f} ms beside them", free, busy)
    for s in many: s.close()
    b.wait(lambda: len(b.fronts()) == 0, 20)
    ok(len(b.fronts()) == 0, "nothing is left of them")
finally:
    b.stop()
end()
