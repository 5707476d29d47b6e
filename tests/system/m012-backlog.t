#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""More happens at once than a recording takes: none of it is lost, and each comes once."""
import os, re, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from clients import Clients, ok, need, end
import wire
from wire import Take, Target, Wire, serve_session, string, u32

need()
REMOVE, STATUS, MANY = 13, 101, 3000
arrived = []                                             # what the host has been asked
def packet(kind, *fields): body = bytes([kind]) + b"".join(fields); return u32(len(body)) + body
def name(i): return f"/nowhere/{i}/" + "n" * 300

def serve(w):
    """sftp, of which only the first request is answered, until the client says so by another INIT: then all at once."""
    theirs, _ = serve_session(w)
    took, waiting = b"", arrived
    arrived.clear()
    while True:
        p = w.expect(wire.DATA, wire.EOF, wire.CLOSE, skip=(wire.WINDOW, wire.GLOBAL))
        if p[0] != wire.DATA: break
        took += Take(p, 5).string()
        while len(took) >= 4 and len(took) >= 4 + Take(took, 0).u32():
            n = 4 + Take(took, 0).u32(); kind, rest, took = took[4], took[5:n], took[n:]
            if kind == 1 and not waiting: w.send(w.data(theirs, packet(2, u32(3))))
            elif kind == 1:
                said = b"".join(packet(STATUS, i, u32(2), string(""), string("")) for i in waiting)
                w.send(*(w.data(theirs, said[i:i + 30000]) for i in range(0, len(said), 30000))); waiting = [b"-"]
            else: waiting.append(rest[:4])
    w.send(w.request(theirs, "exit-status", u32(0), reply=False), bytes([wire.CLOSE]) + u32(theirs))

b = Clients(build)
target = Target(f"{b.dir}/hk", serve)
b.ctl("host", "add", "slow", "127.0.0.1", "--port", str(target.port), "--login", "root", "--label", "env=bench", "--hostkey", f"{b.dir}/hk.pub")

def start():
    b.mark()
    w = Wire.connect(("127.0.0.1", b.port), "bench+slow", wire.private_key(b.key))
    c = w.session(); w.send(w.request(c, "subsystem", string("sftp"))); w.on(c, wire.WINDOW)
    w.send(w.data(c, packet(1, u32(3)))); w.on(c, wire.WINDOW)
    for i in range(0, MANY, 50):
        w.send(w.data(c, b"".join(packet(REMOVE, u32(k), string(name(k))) for k in range(i, i + 50))))
    return w, c
def on_record(what, result):
    e = b.audit(1001, MANY); row = b.rows(1)
    text = b.record(row[0], "--offline").decode() if row else ""
    marks = re.findall(r"\[sftp remove /nowhere/(\d+)/n+: ([a-z ]+)\]", text)
    want = list(range(MANY))
    ok(sorted(int(x["path"].split("/")[2]) for x in e) == want and {x["result"] for x in e} == {result}, f"{what}: {MANY} events", len(e), {x["result"] for x in e})
    ok(sorted(int(i) for i, _ in marks) == want and {r for _, r in marks} == {result}, f"{what}: and as many marks in the recording", len(marks), text[:300])
    ok(len(row) == 1, f"{what}: which is closed", row)

try:
    w, c = start(); w.send(bytes([wire.EOF]) + u32(c)); w.finish(c); w.close()
    on_record("a host that has answered nothing", "interrupted")
    w, c = start(); b.wait(lambda: len(arrived) == MANY); w.close()
    on_record("a client that is gone", "interrupted")
    w, c = start(); b.wait(lambda: len(arrived) == MANY); got = []
    w.send(w.data(c, packet(1, u32(3))))
    while sum(map(len, got)) < MANY * 21:
        p = w.on(c, wire.WINDOW)
        if p[0] != wire.DATA: break
        got.append(Take(p, 5).string())
    ok(sum(map(len, got)) == MANY * 21, "answers that come all at once arrive", sum(map(len, got)))
    w.send(bytes([wire.EOF]) + u32(c)); w.finish(c); w.close()
    on_record("a host that answers all at once", "no such file")
    ok(not target.errors, "the host had its way", target.errors)
finally:
    target.stop(); b.stop()
end()
