#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""What is open is asked again: a gate with many fronts, each with a session, and a policy of many rules that is read again.

    tests/bench/again.py [BUILD [FRONTS [RULES]]]        as root

Goals at 5,000 fronts and 1,000 rules: all of a session that is not permitted any more is taken back within 5 s, and nobody who
asks meanwhile waits.  The peer is the same gate asked the same questions, one by one, by the same fronts."""
import os, resource, select, sys, time

top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.environ.setdefault("top_srcdir", top)
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from peers import *

build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
N, RULES = int(sys.argv[2]) if len(sys.argv) > 2 else 5_000, int(sys.argv[3]) if len(sys.argv) > 3 else 1_000
resource.setrlimit(resource.RLIMIT_NOFILE, (min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
rules = "".join(f"permit user-{i} exec on app=a{i % 97} as root id other-{i}\n" for i in range(RULES - 1))
GOOD, NONE = rules + "permit alice any on env=bench as root id bench\n", rules

g = Gate(build, GOOD, [user(), key(), host()])
def cpu():
    f = open(f"/proc/{g.proc.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(f[11]) + int(f[12])) / os.sysconf("SC_CLK_TCK")
def reload(text):
    open(f"{g.dir}/policy.conf", "w").write(text)
    g.monitor.send("RELOAD", req=1); g.monitor.want("RELOADED")
def drain():
    """The store's channel must not fill up."""
    while select.select([g.store.sock], [], [], 0)[0]: g.store.recv()
try:
    fronts = []
    for i in range(N):
        f = g.logged_in()
        f.ask("DECIDE", "DECISION", req=1, verb="shell", host="box", hold=1)
        fronts.append(f)
        if i % 50 == 0: drain()
    drain()
    before = cpu(); start = time.monotonic()
    for i, f in enumerate(fronts):
        f.ask("DECIDE", "DECISION", req=1, verb="shell", host="box", hold=1)
        if i % 50 == 0: drain()
    peer = cpu() - before
    print(f"{N} questions, one by one: {time.monotonic() - start:.2f} s, {peer:.2f} s of the gate's CPU")

    before = cpu(); reload(GOOD + "# the same\n")
    waits = []
    for _ in range(50):
        start = time.monotonic(); fronts[0].ask("DECIDE", "DECISION", req=2, verb="exec", host="box"); waits.append(time.monotonic() - start); drain()
    time.sleep(0.5)
    took = cpu() - before
    print(f"all of it asked again, and still permitted: {took:.2f} s of the gate's CPU, with the reading of {RULES} rules; who asks meanwhile waits {max(waits) * 1000:.1f} ms at most")

    by_fd = {f.sock.fileno(): f for f in fronts}
    poll = select.epoll()
    for fd in by_fd: poll.register(fd, select.EPOLLIN)
    poll.register(g.store.sock.fileno(), select.EPOLLIN)
    before = cpu(); reload(NONE); start = time.monotonic(); left = N
    while left and time.monotonic() - start < 30:
        for fd, _ in poll.poll(1):
            if fd == g.store.sock.fileno(): g.store.recv(); continue
            name, m = by_fd[fd].recv()
            if name == "REVOKED": left -= 1; by_fd[fd].send("RELEASE", hold=1); poll.unregister(fd)
    wall = time.monotonic() - start
    print(f"all of it taken back: {wall:.2f} s after the policy was read, {cpu() - before:.2f} s of the gate's CPU, {left} left; "
          f"ratio to the questions one by one {(cpu() - before) / max(peer, 0.01):.1f}")
finally:
    g.stop()
