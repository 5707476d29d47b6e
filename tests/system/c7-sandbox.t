#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""What the kernel lets each process of a bastion do, while a session runs and a picker is on screen; and who ps says that each is."""
import os, pwd, re, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, may_look, needs_bastion, ok, sanitizers, skip, without
needs_bastion()
if not may_look(): skip("may not look into other processes")
from bastion import Bastion
from terminal import Terminal

def status(pid): return dict(re.findall(r"^(\w+):[ \t]*(.*)$", open(f"/proc/{pid}/status").read(), re.M))
def limit(pid, name): return re.search(rf"^{name}\s+(\S+)", open(f"/proc/{pid}/limits").read(), re.M).group(1)
def root(pid): return sorted(os.listdir(f"/proc/{pid}/root"))
def sockets(pid):
    """Those of its descriptors that are connected to somebody outside, or that listen there."""
    inodes = set()
    for name in ("tcp", "tcp6"): inodes |= {l.split()[9] for l in open(f"/proc/{pid}/net/{name}").read().splitlines()[1:]}
    def link(f):
        try: return os.readlink(f"/proc/{pid}/fd/{f}")
        except OSError: return ""
    return sum(any(link(f) == f"socket:[{i}]" for i in inodes) for f in os.listdir(f"/proc/{pid}/fd"))

FRONT, GATE, STORE = "_fortress", "_fortress-gate", "_fortress-store"
b = Bastion(build, "KernelAudit off\n")
t = []
try:
    for name in ("bench+box", "bench"):
        t.append(Terminal(*b.ssh("fortress", "-tt")[:-1], f"{name}@127.0.0.1"))
    ok(t[0].saw("# ") and t[1].saw("quit"), "a session and a picker", t[0].out, t[1].out)
    all = {**b.children(), **b.fronts()}
    def named(pattern): return [p for p, title in all.items() if re.fullmatch(pattern, title)]
    session, picking = named(r"front: conn \d+ from 127\.0\.0\.1 \(bench -> box\)"), named(r"front: conn \d+ from 127\.0\.0\.1 \(bench\)")
    menu = named(r"menu: .*bench.*")
    ok(len(session) == len(picking) == len(menu) == 1, "ps says who each is, and for whom", all)
    state = f"{b.dir}/state"
    # Its account, what its root is (None: an empty folder), and how many sockets of the network it has.
    for who, pid, account, holds, net in (
            ("acceptor", b.child("acceptor"), FRONT, None, 0), ("a session's front", session[0], FRONT, None, 2),
            ("a picker's front", picking[0], FRONT, None, 1), ("menu", menu[0], FRONT, None, 0),
            ("gate", b.child("gate"), GATE, state, 0), ("store", b.child("store"), STORE, f"{state}/db", 0)):
        s, uid = status(pid), pwd.getpwnam(account)
        ok(s["Uid"].split() == [str(uid.pw_uid)] * 4 and s["Gid"].split() == [str(uid.pw_gid)] * 4 and s["Groups"].strip() == "", f"{who} runs as {account}", s["Uid"], s["Gid"], s["Groups"])
        ok(not any(int(s[c], 16) for c in ("CapPrm", "CapEff", "CapInh", "CapAmb")) and s["NoNewPrivs"] == "1" and s["Seccomp"] == "2",
           f"{who} has no capabilities, gets no new rights, and makes no call but its own", s)
        ok(root(pid) == (sorted(os.listdir(holds)) if holds else []) and os.readlink(f"/proc/{pid}/root") != "/", f"{who} sees {'its own folder' if holds else 'no file'}", root(pid))
        what = f"{who} leaves no core"
        without(sanitizers(), what, "the sanitizers look at their process as others may not") or ok(limit(pid, "Max core file size") == "0", what, limit(pid, "Max core file size"))
        ok(sockets(pid) == net, f"{who} has {net} sockets of the network", sockets(pid))
    s = status(b.bastion.pid)
    ok(s["Uid"].split()[0] == "0" and int(s["CapEff"], 16) == int(s["CapPrm"], 16) and bin(int(s["CapBnd"], 16)).count("1") < 16 and sockets(b.bastion.pid) == 1,
       "the monitor is root with few capabilities, and listens", s["CapEff"], s["CapBnd"], sockets(b.bastion.pid))
finally:
    for x in t: x.close()
    b.stop()
end()
