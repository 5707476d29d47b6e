#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""A host that turns hostile: before the login, while a channel is opened, in the middle of a session."""
import os, socket, sys, threading, time

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
targets = []
def host(name, handler, **kw):
    t = Target(f"{b.dir}/hk", handler, **kw); targets.append(t)
    b.ctl("host", "add", name, "127.0.0.1", "--port", str(t.port), "--login", "root", "--label", "env=bench", "--hostkey", f"{b.dir}/hk.pub")
    return t
def raw_host(name, serve):
    """A host that need not speak SSH."""
    s = socket.create_server(("127.0.0.1", 0))
    def loop():
        while True:
            try: c, _ = s.accept()
            except OSError: return
            threading.Thread(target=lambda c=c: (serve(c), c.close()), daemon=True).start()
    threading.Thread(target=loop, daemon=True).start()
    b.ctl("host", "add", name, "127.0.0.1", "--port", str(s.getsockname()[1]), "--login", "root", "--label", "env=bench", "--hostkey", f"{b.dir}/hk.pub")
def login(name, **kw): return Wire.connect(A, f"bench+{name}", key, **{"timeout": 40, **kw})
def run(name, command="x", **kw):
    with login(name, **kw) as w: return w.run(command)
def works(): return run("box", "echo in")[0] == b"in\n"
def largest(): return memory_peak(b.fronts())
def line_of(err): return err.count(b"\n") == 1 and err.startswith(b"fortress: ")
def exit_status(w, ch, n=0): return w.request(ch, "exit-status", u32(n), reply=False)
def bye(ch): return bytes([EOF]) + u32(ch), bytes([CLOSE]) + u32(ch)

try:
    # It does not speak SSH, or not well.
    for name, serve in (("silent", lambda s: s.recv(1) and time.sleep(60)), ("garbage", lambda s: s.sendall(os.urandom(100000))),
                        ("banner", lambda s: s.sendall(b"SSH-2.0-" + b"x" * 100000)), ("lines", lambda s: s.sendall(b"hello\r\n" * 100000)),
                        ("escape", lambda s: s.sendall(b"SSH-2.0-\x1b]0;owned\7\x1b[2J\r\n" + b"\0" * 100)), ("gone", lambda s: None)):
        def careful(s, serve=serve):
            try: serve(s)
            except OSError: pass
        raw_host("says-" + name, careful)
    began = time.monotonic()
    quiet = threading.Thread(target=lambda: results.append(run("says-silent", timeout=25))); results = []; quiet.start()
    for name in ("garbage", "banner", "lines", "escape", "gone"):
        out, err, status = run("says-" + name)
        ok(status == 255 and line_of(err) and b"\x1b" not in err, f"a host that says {name}: one line, 255", out, err, status)

    # Wrong in the middle: what it does once a session has started.
    def hostile(act):
        def handler(w):
            ch, command = serve_session(w)
            w.send(w.data(ch, b"good\n"))
            if w.expect(DATA, skip=(WINDOW,)): act(w, ch)
            try:
                while True: w.packet()
            except TimeoutError: pass
        return handler
    big = os.urandom(32000)
    def flood(make, megabytes=16):
        def act(w, ch):
            sent = 0
            while sent < megabytes << 20:
                block = b"".join(w.seal(make(w, ch)) for _ in range(500)); w.raw(block); sent += len(block)
        return act
    def cases():
        yield "garbage", lambda w, ch: w.raw(os.urandom(5000)), "gone"
        yield "nothing-more", lambda w, ch: w.close(), "gone"
        yield "disconnect", lambda w, ch: w.send(bytes([DISCONNECT]) + u32(2) + string("\x1b]0;bye\7") + string("")), "gone"
        yield "length", lambda w, ch: w.raw(b"\xff" * 64), "gone"
        yield "two-exits", lambda w, ch: w.send(exit_status(w, ch, 3), exit_status(w, ch, 4), *bye(ch)), "ended"
        yield "exit-and-signal", lambda w, ch: w.send(exit_status(w, ch, 3), w.request(ch, "exit-signal", string("K\x1b[2J" * 9), b"\0", string("x" * 9000), string(""), reply=False), *bye(ch)), "ended"
        yield "exit-huge", lambda w, ch: w.send(exit_status(w, ch, (1 << 32) - 1), *bye(ch)), "ended"
        yield "after-eof", lambda w, ch: w.send(bytes([EOF]) + u32(ch), w.data(ch, b"late\n"), exit_status(w, ch, 3), bytes([CLOSE]) + u32(ch)), "ended"
        yield "after-close", lambda w, ch: w.send(exit_status(w, ch, 3), *bye(ch), w.data(ch, b"late\n"), exit_status(w, ch, 4), *bye(ch)), "ended"
        yield "window", lambda w, ch: w.send(*[bytes([WINDOW]) + u32(ch) + u32((1 << 32) - 1)] * 50, exit_status(w, ch, 3), *bye(ch)), "ended"
        yield "wrong-channel", lambda w, ch: w.send(*[p for n in (ch + 1, 99, (1 << 32) - 1) for p in (w.data(n, b"x"), w.request(n, "exit-status", u32(1)), bytes([EOF]) + u32(n), bytes([CLOSE]) + u32(n), bytes([WINDOW]) + u32(n) + u32(9))], exit_status(w, ch, 3), *bye(ch)), "ended"
        yield "again-opened", lambda w, ch: w.send(*[bytes([OPEN_OK]) + u32(n) + u32(7) + u32(9) + u32(9) for n in (ch, 99)], exit_status(w, ch, 3), *bye(ch)), "any"
        yield "auth-again", lambda w, ch: w.send(bytes([AUTH_SUCCESS]), bytes([AUTH_FAILURE]) + string("publickey") + b"\0", exit_status(w, ch, 3), *bye(ch)), "any"
        yield "opens", lambda w, ch: w.send(*[bytes([OPEN]) + string(k) + u32(n) + u32(1 << 20) + u32(32768) + string("127.0.0.1") + u32(22) + string("x") + u32(1) for n, k in enumerate(("session", "direct-tcpip", "forwarded-tcpip", "x11", "auth-agent@openssh.com"))], exit_status(w, ch, 3), *bye(ch)), "ended"
        yield "asks", lambda w, ch: w.send(w.request(ch, "exec", string("id")), w.request(ch, "pty-req", string("x")), w.request(ch, "x" * 1000), bytes([GLOBAL]) + string("tcpip-forward") + b"\1" + string("") + u32(0), exit_status(w, ch, 3), *bye(ch)), "ended"
        yield "short", lambda w, ch: w.send(*[bytes([t]) + u32(ch) for t in (DATA, EXT_DATA, REQUEST, WINDOW)], bytes([DATA]), b"", exit_status(w, ch, 3), *bye(ch)), "any"
        yield "second-kexinit", lambda w, ch: w.send(kexinit(), kexinit()), "gone"
        yield "newkeys", lambda w, ch: w.send(bytes([NEWKEYS])), "gone"
        yield "flood", flood(lambda w, ch: w.data(ch, big)), "flood"
        yield "flood-stderr", flood(lambda w, ch: w.data(ch, big, 1)), "flood"
        yield "flood-opens", flood(lambda w, ch: bytes([OPEN]) + string("session") + u32(1) + u32(1) + u32(32768)), "flood"
        yield "flood-requests", flood(lambda w, ch: w.request(ch, "exec", string(big))), "flood"
        yield "flood-ignore", flood(lambda w, ch: bytes([IGNORE]) + string(big)), "flood"
    for name, act, how in cases():
        flooding = how == "flood"; t = host(name, hostile(act), timeout=2 if flooding else 4)
        with login(name) as w:
            ch = w.session(window=1000 if flooding else 1 << 30); w.exec(ch, "x")
            out = b""
            while out != b"good\n": p = w.recv(WINDOW, SUCCESS); out += Take(p, 5).string()
            w.send(w.data(ch, b"go"))
            peak, over = 0, [None]
            reader = threading.Thread(target=lambda: over.__setitem__(0, w.finish(ch))); reader.start()
            for i in range(20 if flooding else 0): reader.join(0.1); peak = max(peak, largest())
            if flooding: w.send(bytes([WINDOW]) + u32(ch) + u32(1 << 30))
            reader.join()
            out, err, status = over[0]
        good = b"\x1b" not in err + (status if isinstance(status, bytes) else b"")
        if how == "gone": good = good and status == 255 and line_of(err)
        elif how == "ended": good = good and (status in (3, 4, 255) or isinstance(status, bytes)) and b"<" not in err
        elif how == "flood": good = peak < 20 and b"<" not in err[-20:]
        else: good = good and b"<Timeout" not in err
        ok(good, f"in mid-session {name}: status {status}" + (f", {peak} MB" if flooding else ""), out[:100], err, status, peak, t.errors[-2:])
    b.wait(lambda: not [s for s in b.sessions() if s["state"] == "open"])
    marked = {s["host"]: (s["state"], s["reason"]) for s in b.sessions()}
    ok(all(marked[n][0] == "closed" and marked[n][1] != "ended" for n in ("garbage", "disconnect", "length", "nothing-more")), "their recordings are closed and say why", marked)
    ok(works(), "others are served")

    # The smallest packets.
    for size in (10, 9, 1):
        t = host(f"tiny-{size}", lambda w, size=size: (lambda r: (w.recv(WINDOW), w.send(exit_status(w, r[0]), *bye(r[0])), w.recv()))(serve_session(w, packet=size)), timeout=200)
        with login(f"tiny-{size}", timeout=200) as w:
            ch = w.session(); w.exec(ch, "x"); w.recv(WINDOW); began = time.monotonic()
            w.send(w.data(ch, b"hello")); out = w.finish(ch)
        ok(time.monotonic() - began < 190, f"a host that takes packets of {size} bytes: {'served' if out[2] == 0 else 'an end'} in {time.monotonic() - began:.1f} s", out, t.errors)
    ok(works(), "others are served")

    # It keeps what it is asked, and does not answer.
    t = host("mute", lambda w: (w.expect(OPEN, skip=(GLOBAL,)), time.sleep(30)), timeout=30)
    w = login("mute"); ch = w.session(); w.exec(ch, "x")
    ok(works(), "while a host leaves a channel unanswered, others are served")
    with login("box") as other: ok(other.run("echo fast")[0] == b"fast\n", "and the same user elsewhere")
    w.send(bytes([CLOSE]) + u32(ch)); w.close()
    quiet.join(25)
    ok(bool(results) and results[0][2] == 255 and line_of(results[0][1]), "a host that says nothing: one line, 255", results)
finally:
    for t in targets: t.stop()
    b.stop()
end()
