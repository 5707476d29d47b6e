#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The store between peers of the test's own: when the disk fails for long, and many want something."""
import os, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, skip, end
if os.geteuid() != 0: skip("needs root")
from peers import *
from terminal import until

def event(i, size=0): return dict(class_uid=4007, activity=1, severity=1, ok=1, actor="alice", text=f"event {i}", detail="{\"x\":\"" + "x" * size + "\"}")
def opened(f, rec):
    f.send("REC_OPEN", rec=rec, id=os.urandom(16), user="alice", login="root", host="box", channel="shell")
    return f.want("REC_OPENED")

# --- Large events while nothing can be written: bounded in bytes, and the monitor is told. ---
s = Store(build)
try:
    before = s.memory()
    s.disk(False)
    f = s.front()
    for i in range(3000): f.send("EVENT", **event(i, 60000))
    ok(opened(f, 1)["ok"] == 0, "180 MB of events are taken while the disk fails, and a recording is refused at once")
    ok(s.monitor.want("STORE_FULL")["full"] == 1, "the monitor hears that there is little room")
    grown = s.memory() - before
    ok(grown < 100, f"the store has grown by {grown} MB")
    s.disk(True)
    ok(s.monitor.want("STORE_FULL")["full"] == 0, "and that there is room again")
    ok(opened(f, 2)["ok"] == 1, "then it records")
    kept = s.rows("select count(*) from event where text like 'event %'")[0][0]
    lost = s.rows("select text from event where text like '%events were lost%'")
    ok(200 < kept < 600 and lost == [(f"{3000 - kept} events were lost while the store could not write",)], "what was kept is there, and how many were not", kept, lost)
    ok(s.end() == 0, "it ends in order", s.said())
finally:
    s.stop()

# --- More small frames than one journal row takes. ---
s = Store(build)
try:
    fronts = [s.front() for _ in range(10)]
    for f in fronts:
        for rec in range(220): f.send("REC_OPEN", rec=rec, id=os.urandom(16), user="alice", login="root", host="box", channel="shell")
        for rec in range(220): f.want("REC_OPENED")
    s.disk(False)
    fronts[0].send("EVENT", **event(0))
    try:
        def turn(): s.gate.ask("DIR_USER", "DIR_DONE", req=1, op=1, actor="root", name="x")       # refused at once, between what it reads
        turn()
        data = frame(b"x" * 31000)
        for f in fronts: f.sock.setblocking(False)
        left = {(f, rec) for f in fronts for rec in range(220)}
        def is_taken(f, rec):
            """Sent; or not read though the store went on."""
            for i in range(10):
                try: f.send("REC_DATA", rec=rec, pos=0, frames=data); return True
                except TimeoutError: turn()
            return False
        for f in fronts:
            f.sock.settimeout(0.2)
            for rec in range(220):
                if not is_taken(f, rec): break
                left.discard((f, rec))
    finally:
        s.disk(True)
    acked = 0
    for f in fronts:
        want = {rec for rec in range(220) if (f, rec) not in left}
        try:
            while want:
                m = f.want("REC_ACK")
                if m["pos"] == len(data): want.discard(m["rec"])
        except (TimeoutError, Closed): pass
        acked += 220 - len(want) - sum(g == f for g, _ in left)
    ok(acked == 2200 - len(left) and acked * 31000 > 60 << 20, f"{acked} recordings whose frames waited become durable, {len(left)} were made to wait", s.said()[-600:])
    ok(s.end() == 0, "it ends in order", s.said()[-600:])
finally:
    s.stop()

# --- A checkpoint file whose disk hangs: a pipe that is full, and that nobody reads. ---
import fcntl, tempfile, time
where = tempfile.mkdtemp(prefix="fortress-peer-")
pipe = f"{where}/pipe"
os.mkfifo(pipe)
fd = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
fcntl.fcntl(fd, 1031, 4096)                         # F_SETPIPE_SZ
try:
    while True: os.write(fd, b"\n" * 4096)
except BlockingIOError: pass
s = Store(build, "--checkpoint-to", pipe)
def said(what, seconds=15):
    return until(lambda: what in s.said(), seconds)
try:
    done = [s.gate.ask("EVENT", "EVENT_DONE", **event(i), req=i + 1, sign=1)["ok"] for i in range(5)]
    ok(done == [1] * 5, "the store serves while the file outside takes nothing", done)
    ok(said("does not take"), "and says so", s.said())
    got = b""
    for _ in range(400):
        try: got += os.read(fd, 65536)
        except BlockingIOError: time.sleep(0.02)
        if "is written again" in s.said(): break
    ok("is written again" in s.said() and got.strip().count(b"\n\n") >= 6, "when it takes again, all that waited is written", got[-2000:], s.said())
    newest = s.rows("select note from checkpoint order by size desc limit 1")[0][0]
    ok((newest if isinstance(newest, bytes) else newest.encode()) in got, "up to the newest")
    ok(s.end() == 0, "it ends in order", s.said())
finally:
    s.stop(); os.close(fd); os.unlink(pipe); os.rmdir(where)
end()
