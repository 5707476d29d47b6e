#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""What a logged-in user can do to memory, CPU and neighbours: floods, windows, sizes, many channels."""
import os, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, needs_bastion, end
needs_bastion()
from bastion import Bastion, memory_peak
from wire import *

b = Bastion(build, "KernelAudit off\n")
A = ("127.0.0.1", b.port)
key = private_key(b.key)
def login(user="bench+box", **kw): return Wire.connect(A, user, key, **{"timeout": 10, **kw})
def works():
    with login() as w: return w.run("echo in")[0] == b"in\n"
def largest(): return memory_peak(b.fronts())
def flood(w, payload, megabytes=32, batch=64): return w.flood(largest, payload, megabytes, batch)
def ends(w):
    """Does the connection end, whatever is still said on it?"""
    try:
        while w.packet()[0] != DISCONNECT: pass
        return True
    except (Over, ConnectionError): return True
    except TimeoutError: return False

try:
    big = os.urandom(32000)
    # A peer that ignores the windows that it was given: wherever its bytes would lie unread.
    def new(w): return w.session()
    def running(w): c = w.session(); w.exec(c, "exec sleep 60"); w.recv(WINDOW); return c
    def closed(w):
        c = w.session(); w.exec(c, "help")
        while w.recv()[0] != CLOSE: pass
        return c
    def menu(w):
        c = w.session()
        w.send(w.request(c, "pty-req", string("xterm"), u32(80), u32(24), u32(0), u32(0), string("")), w.request(c, "shell"))
        while w.recv()[0] != DATA: pass
        return c
    def jump(w): return w.direct("box", 22)
    for name, user, make in (("nothing was asked of yet", "bench+box", new), ("runs a program that does not read", "bench+box", running),
                             ("is over", "bench", closed), ("shows the picker", "bench", menu), ("carries a jump", "bench", jump)):
        for what, kind in (("data", None), ("stderr", 1)):
            w = login(user); c = make(w); how, peak = flood(w, w.data(c, big, kind))
            ok(peak < 28, f"a flood of {what} into a channel that {name}: {how}, {peak} MB", how, peak)
            w.close()
    b.wait(lambda: all(s["state"] != "open" for s in b.sessions()))
    mine = [s for s in b.sessions() if s["command"] == "exec sleep 60"]
    ok(any("window" in s["reason"] for s in mine), "and the record says why", [s["reason"] for s in mine])

    # A peer that asks and does not read the answers.
    for name, user, ask in (("keepalives", "bench+box", lambda w, c: bytes([GLOBAL]) + string("k") + b"\1"),
                            ("channels of no known kind", "bench+box", lambda w, c: bytes([OPEN]) + string("x") + u32(9) + u32(9) + u32(999))):
        w = login(user); c = w.session()
        how, peak = flood(w, ask(w, c), 36, 4000)
        ok(how != "taken" and peak < 60, f"{name}, and no answer is read: {how}, {peak} MB", how, peak)
        w.close()
    ok(works(), "others are served")

    # A client that stops reading while a host has 1 GB for it; and a window that is opened beyond all measure.
    w = login(); c = w.session(window=(1 << 32) - 1); w.send(*[bytes([WINDOW]) + u32(c) + u32((1 << 32) - 1)] * 3)
    w.exec(c, "head -c 1G /dev/zero"); peak = 0
    for i in range(15): time.sleep(0.1); peak = max(peak, largest())
    ok(peak < 40 and works(), f"a client that reads nothing of 1 GB: {peak} MB, and others are served", peak)
    w.close()

    # Packets at their limits.
    for size in (10, 9, 1, 0):
        w = login(timeout=200 if size else 1); began = time.monotonic()
        try: c = w.session(packet=size)
        except TimeoutError: c = None                  # libssh gives no answer to 0
        if c is not None: w.exec(c, "echo hello"); out = w.finish(c)[0]
        ok(time.monotonic() - began < 190 and largest() < 200, f"a channel for packets of {size} bytes at most: "
           f"{'refused' if c is None else 'an end' if out == b'' else 'served'}, {time.monotonic() - began:.1f} s")
        w.close()
    b.wait(lambda: largest() < 60, 30)                 # the last of those that spun
    ok(works(), "others are served")
    w = login(); c = w.session(packet=11); w.exec(c, "head -c 20000 /dev/zero")
    ok(w.finish(c)[0] == bytes(20000), "11 bytes are enough")
    w = login(); c = w.session(window=1000); w.exec(c, "head -c 3000 /dev/zero; echo end"); got = b""
    while len(got) < 3004:
        p = w.recv()
        if p[0] == DATA: d = Take(p, 5).string(); got += d; w.send(bytes([WINDOW]) + u32(c) + u32(len(d)))
        if p[0] == CLOSE: break
    ok(got == bytes(3000) + b"end\n", "a small window is kept to", len(got))
    for size, answer in ((200_000, b"200000\n"), ((1 << 18) - 200, b"261944\n")):
        w = login(); c = w.session(); w.exec(c, "wc -c"); w.recv(WINDOW)
        w.send(w.data(c, bytes(size)), bytes([EOF]) + u32(c))
        got = w.finish(c)
        ok(got[0] == answer or got[0] == b"", f"one packet of {size} bytes: {got[0]!r}", got)
    for size, runs in ((60_000, True), (65_530, True), (65_537, False), (200_000, False)):
        w = login(); c = w.session(); w.exec(c, "echo " + "x" * (size - 5)); p = w.recv(WINDOW)
        out = w.finish(c) if p[0] == SUCCESS else (b"", b"", None)
        ok((len(out[0]) == size - 4) == runs, f"a command of {size} bytes is {'run' if runs else 'refused'}", p[:20], len(out[0]), out[1:])
        if not runs: ok(p[0] == FAILURE and w.run("echo still")[0] == b"still\n", "and the connection lives on")
    w = login(); c = w.session()
    w.send(w.request(c, "pty-req", string("../../etc/passwd" + "\x1b]0;x\7" * 1000), u32(0), u32(0), u32(65535), u32(0), string("\0")))
    first = w.recv(WINDOW)[0]
    for cols, rows in ((0, 0), (65535, 65535), (1 << 31, (1 << 32) - 1), (90, 30)):
        w.send(w.request(c, "window-change", u32(cols), u32(rows), u32(0), u32(0), reply=False))
    for name, value in (("LD_PRELOAD", "/tmp/x.so"), ("BASH_ENV", "/tmp/x"), ("PATH", "/tmp"), ("LC_ALL", "C")):
        w.send(w.request(c, "env", string(name), string(value)))
    got = [w.recv(WINDOW)[0] for _ in range(4)]
    w.exec(c, "stty size; printf '%s' \"$TERM\" | od -c | head -1; env | grep -c 'LD_PRELOAD\\|BASH_ENV'; printf '\\033[12'; sleep 0.3; echo done")
    for cols, rows in ((0, 0), (65535, 65535), (1, 1)):
        w.send(w.request(c, "window-change", u32(cols), u32(rows), u32(0), u32(0), reply=False))
    out = w.finish(c)
    ok(first == SUCCESS and got == [FAILURE, FAILURE, FAILURE, SUCCESS] and b"done" in out[0] and b"\n0\r" in out[0] and b"\x1b]0" not in out[0],
       "TERM with a path and escapes, sizes of nothing and of everything, variables that load code: harmless", first, got, out)

    # Many channels.
    w = login()
    for i in range(1000): w.open()
    opened = [c for c in (w.opened() for i in range(1000)) if c is not None]
    ok(len(opened) == 64, f"of 1,000 channels on a connection {len(opened)} are opened", opened)
    w.exec(opened[0], "echo first"); out = w.finish(opened[0])
    ok(out[0] == b"first\n" and largest() < 40, "and they work", out)
    w = login("bench"); left = []
    for i in range(200):                               # the client never says CLOSE
        c = w.session()
        if c is None: break
        w.exec(c, "help"); left.append(c)
        while w.recv(WINDOW)[0] != CLOSE: pass
    ok(len(left) == 64, f"channels that the client does not close count as open: {len(left)}", left)
    w.send(*(bytes([CLOSE]) + u32(c) for c in left))
    ok(w.run("help")[2] == 0, "until it does")
    ok(works(), "others are served")
finally:
    b.stop()
end()
