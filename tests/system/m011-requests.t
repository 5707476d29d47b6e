#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Requests and ends by hand, in orders that no one client makes: what arrives at the other side, and in which order."""
import os, sys, threading

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from clients import Clients, ok, need, end
need()
from wire import *

b = Clients(build)
key, targets = private_key(b.key), []
def host(name, handler):
    t = Target(f"{b.dir}/hk", handler); targets.append(t)
    b.ctl("host", "add", name, "127.0.0.1", "--port", str(t.port), "--login", "root", "--label", "env=bench", "--hostkey", f"{b.dir}/hk.pub")
def login(name): return Wire.connect(("127.0.0.1", b.port), f"bench+{name}", key)
def settled(w):
    """Everything that was sent before has been taken in: requests are answered in order."""
    w.send(bytes([GLOBAL]) + string("keepalive@openssh.com") + b"\1"); return w.expect(GLOBAL_FAILURE, GLOBAL_SUCCESS, skip=(WINDOW, SUCCESS))
def story(w, ch):
    """What comes on a channel to its close: data, err, exit-…, eof, close; pieces of one stream are one."""
    out = []
    while not out or out[-1] != "close":
        p = w.recv(WINDOW, SUCCESS)
        if p[0] == DATA: what, text = "data", Take(p, 5).string()
        elif p[0] == EXT_DATA: what, text = "err", Take(p, 9).string()
        elif p[0] == REQUEST: t = Take(p, 5); what = t.string().decode(); t.byte(); text = t.u32() if what == "exit-status" else t.string()
        else: out.append({EOF: "eof", CLOSE: "close", FAILURE: "failure"}[p[0]]); continue
        if out and isinstance(out[-1], tuple) and out[-1][0] == what and isinstance(text, bytes): out[-1] = (what, out[-1][1] + text)
        else: out.append((what, text))
    w.send(bytes([CLOSE]) + u32(ch)); return out

try:
    # What the client sends, to real hosts.
    for name in ("box", "agent"):
        with login(name) as w:
            ch = w.session()
            w.send(w.request(ch, "exec", string("cat; echo end >&2; exit 9")), w.data(ch, b"before any answer\n"), bytes([EOF]) + u32(ch))
            got = story(w, ch)
            ok(sorted(map(str, got[:-3])) == sorted(map(str, [("data", b"before any answer\n"), ("err", b"end\n")])) and got[-3:] == [("exit-status", 9), "eof", "close"],
               f"{name}: command, input and its end in one breath; then output, status, end, close", got)
            ch = w.session(); w.send(bytes([EOF]) + u32(ch), w.request(ch, "exec", string("cat; echo over")))
            ok(story(w, ch) == [("data", b"over\n"), ("exit-status", 0), "eof", "close"], f"{name}: the end of input before the command")
            b.mark(); ch = w.session(); w.send(w.request(ch, "exec", string("exec sleep 1000")), bytes([CLOSE]) + u32(ch))
            w.expect(CLOSE, skip=(WINDOW, SUCCESS, DATA, EXT_DATA, EOF, REQUEST, FAILURE))
            ok(len(w.run("echo alive")[0]) == 6, f"{name}: closed as soon as asked: the connection lives")
            ch = w.session(); w.send(w.request(ch, "nobody@knows"), w.request(ch, "keepalive@openssh.com"), w.request(ch, "nobody@knows", reply=False), w.request(ch, "exec", string("exit 1")))
            answers = [w.expect(SUCCESS, FAILURE, skip=(WINDOW,))[0] for _ in range(3)]
            ok(answers[0] == FAILURE and answers[2] == SUCCESS and story(w, ch) == [("exit-status", 1), "eof", "close"], f"{name}: requests that nobody knows are answered in turn", answers)
            w.send(bytes([GLOBAL]) + string("hello@nobody.example") + b"\0", bytes([GLOBAL]) + string("nobody@knows") + b"\1")
            ok(w.expect(GLOBAL_FAILURE) and w.run("echo on")[0] == b"on\n", f"{name}: of the connection too; one that wants no answer gets none")
            chans = [w.session() for _ in range(20)]
            for i, ch in enumerate(reversed(chans)): w.exec(ch, f"echo {i}; exit {i}")
            ends = {}
            while len(ends) < 20:
                p = w.recv(WINDOW, SUCCESS, DATA, EOF)
                if p[0] == REQUEST: t = Take(p, 1); n = t.u32(); t.string(); t.byte(); ends[n] = t.u32()
            ok(sorted(ends.values()) == list(range(20)), f"{name}: twenty opened first and used later, in the other order", ends)

    # How the target ends, to the client: always output, status or signal, end, close, and nothing after.
    def ends(*packets):
        def handler(w):
            ch, _ = serve_session(w)
            for p in packets: w.send(*(x(w, ch) if callable(x) else bytes([x]) + u32(ch) for x in p))
            while w.packet()[0] != CLOSE: pass
            w.send(bytes([CLOSE]) + u32(ch)); w.packet()
        return handler
    out, err = lambda w, ch: w.data(ch, b"out"), lambda w, ch: w.data(ch, b"err", 1)
    status = lambda w, ch: w.request(ch, "exit-status", u32(7), reply=False)
    killed = lambda w, ch: w.request(ch, "exit-signal", string("SEGV"), b"\1", string("why"), string("en"), reply=False)
    eow = lambda w, ch: w.request(ch, "eow@openssh.com", reply=False)
    last = {"status": [("exit-status", 7), "eof", "close"], "signal": [("exit-signal", b"SEGV"), "eof", "close"], "none": [("exit-status", 255), "eof", "close"]}
    for i, (what, packets, how) in enumerate((
            ("output, end, status, close", [(out, err, EOF, status, CLOSE)], "status"), ("status first of all", [(status,), (out, err, EOF, CLOSE)], "status"),
            ("close without an end", [(out, err, status, CLOSE)], "status"), ("each by itself", [(out,), (err,), (status,), (EOF,), (CLOSE,)], "status"),
            ("a signal", [(out, err, killed, EOF, CLOSE)], "signal"), ("neither", [(out, err, EOF, CLOSE)], "none"),
            ("a request between", [(out, eow, err, EOF), (status, CLOSE)], "status"))):
        host(f"ends{i}", ends(*packets)); b.mark()
        with login(f"ends{i}") as w:
            ch = w.session(); w.exec(ch, "x"); got = story(w, ch)
            rows = b.rows()
            ok(sorted(got[:-3]) == [("data", b"out"), ("err", b"err")] and got[-3:] == last[how], f"the target ends with {what}", got)
            ok([r["exit"] for r in rows] == [{"status": "7", "signal": "signal SEGV", "none": ""}[how]] and b.record(rows[0]) == b"out" and b.record(rows[0], "--raw=err") == b"err", "and so it is on the record", rows)

    # What is asked while the session starts is not lost.
    seen, go, sizes = threading.Event(), threading.Event(), []
    def slow(w):
        p = w.expect(OPEN, skip=(GLOBAL,)); t = Take(p); t.string(); theirs = t.u32()
        w.send(bytes([OPEN_OK]) + u32(theirs) + u32(0) + u32(1 << 20) + u32(32768))
        while True:
            p = w.expect(REQUEST, CLOSE, skip=(WINDOW,))
            if p[0] == CLOSE: return
            t = Take(p, 5); name = t.string()
            if name == b"exec": seen.set(); go.wait(20)
            if t.byte(): w.send(bytes([SUCCESS]) + u32(theirs))
            if name == b"pty-req": t.string(); sizes.append((t.u32(), t.u32()))
            if name == b"window-change": sizes.append((t.u32(), t.u32())); w.send(w.request(theirs, "exit-status", u32(0), reply=False), bytes([CLOSE]) + u32(theirs))
            if name == b"signal": sizes.append(t.string())
    host("slow", slow)
    with login("slow") as w:
        ch = w.session(); size = lambda c, r: u32(c) + u32(r) + u32(0) + u32(0)
        w.send(w.request(ch, "pty-req", string("xterm"), size(80, 24), string(b"\0")), w.request(ch, "exec", string("x")))
        ok(seen.wait(20), "a target that takes its time to start a command")
        w.send(w.request(ch, "window-change", size(100, 40), reply=False)); settled(w); go.set()
        story(w, ch)
        ok(sizes == [(80, 24), (100, 40)], "the window's new size arrives when it has started", sizes)
finally:
    for t in targets: t.stop()
    b.stop()
end()
