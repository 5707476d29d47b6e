#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The same attacks on staragent, by whoever reaches its socket, and by a bastion that has turned hostile."""
import os, socket, subprocess, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, needs_bastion, end
needs_bastion()
from bastion import Bastion, memory_peak
from wire import *

b = Bastion(build, "KernelAudit off\n")
try:
    A, key = f"{b.dir}/agent.sock", private_key(f"{b.dir}/state/keys/target_ed25519")
    agent = b.agent.pid
    stranger = private_key(b.key)
    def login(**kw): return Wire.connect(A, "root", key, **{"timeout": 8, **kw})
    def before(**kw): w = Wire.dial(A, **{"timeout": 3, **kw}); w.hello(); w.kex(); w.service(); return w
    def works():
        with login() as w: return w.run("echo in")[0] == b"in\n"
    def largest(): return memory_peak(b.children(agent))
    def push(w, channel, data):
        """All of it, as the window opens."""
        room = w.windows[channel]
        for i in range(0, len(data), 32000):
            part = data[i:i + 32000]
            while room < len(part):
                p = w.on(channel)
                if p[0] == WINDOW: room += Take(p, 5).u32()
            room -= len(part); w.send(w.data(channel, part))
    def is_closed(w, *payloads):
        try:
            w.send(*payloads)
            while (p := w.recv(GLOBAL))[0] in (UNIMPLEMENTED, AUTH_FAILURE, AUTH_PK_OK): pass
            return "closed" if p[0] == DISCONNECT else p
        except (Over, ConnectionError): return "closed"
        except TimeoutError: return "silence"
    def flood(w, payload, megabytes=24, batch=64): return w.flood(largest, payload, megabytes, batch)
    SESSION = bytes([OPEN]) + string("session") + u32(0) + u32(1 << 20) + u32(32768)

    # What was sent before the channel closed arrives, however slowly it is read.
    much = os.urandom(1 << 16) * 64
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384); slow.bind(("127.0.0.1", 0)); slow.listen()
        with login() as w:
            c = w.direct("127.0.0.1", slow.getsockname()[1]); peer, _ = slow.accept()
            push(w, c, much); w.send(bytes([CLOSE]) + u32(c))
            ok(w.run("echo on")[0] == b"on\n", "a channel is closed before a slow reader has read"); got = b""
            while len(got) < len(much) and (part := peer.recv(20000)): got += part
            peer.settimeout(8); ok(got == much and peer.recv(1) == b"", "to the last byte it has what was sent through a tunnel, and its end", len(got))
            peer.close()
            c = w.direct("127.0.0.1", slow.getsockname()[1]); peer, _ = slow.accept(); push(w, c, much); w.send(bytes([CLOSE]) + u32(c))
            peer.close(); ok(w.run("echo on")[0] == b"on\n", "one that hangs up is waited for no more")
    with login() as w:
        out = f"{b.dir}/slowly"; c = w.session()
        w.exec(c, f"mkfifo {out}.go; cat {out}.go; cat >{out}; echo over; echo >{out}.over"); push(w, c, much[:200000]); w.send(bytes([CLOSE]) + u32(c))
        ok(w.run("echo on")[0] == b"on\n", "a channel is closed before its command has read"); open(f"{out}.go", "w").close()
        b.wait(lambda: os.path.exists(f"{out}.over")); ok(open(out, "rb").read() == much[:200000], "which has what was sent, and ends by itself", os.path.getsize(out))
        c = w.session(); w.exec(c, f"echo $$ >{b.dir}/deaf; exec sleep 1000"); b.wait(lambda: os.path.exists(f"{b.dir}/deaf") and open(f"{b.dir}/deaf").read().strip())
        push(w, c, much[:100000]); w.send(bytes([CLOSE]) + u32(c)); pid = open(f"{b.dir}/deaf").read().strip()
        b.wait(lambda: not os.path.exists(f"/proc/{pid}")); ok(True, "one that reads nothing is ended")

    # The login.
    w = before(); w.send(w.signed("root", stranger)); p = w.recv()
    ok(p[0] == AUTH_FAILURE, "a key that is not authorised")
    w = before(); got = is_closed(w, w.signed("root", key, signer=stranger))
    ok(got == "closed", "offered A, signed B: the connection ends at once", got)
    w = before(); w.send(w.offer("root", key)); w.recv(); got = is_closed(w, SESSION)
    ok(got == "closed", "an offer opens no channel", got)
    for name, payload in (("USERAUTH_SUCCESS", bytes([AUTH_SUCCESS])), ("a channel", SESSION), ("a global request", bytes([GLOBAL]) + string("tcpip-forward") + b"\1" + string("") + u32(0)),
                          ("NEWKEYS", bytes([NEWKEYS])), ("a key exchange", kexinit())):
        got = is_closed(before(), payload)
        ok(got == "closed", f"before the login, {name}: the connection ends", got)
    for name, make in (("a second login", lambda w: w.signed("root", key)), ("NEWKEYS", lambda w: bytes([NEWKEYS])), ("KEX_INIT", lambda w: bytes([KEX_INIT]) + string(os.urandom(32)))):
        w = login(timeout=3); got = is_closed(w, make(w))
        ok(got == "closed", f"after the login, {name}: the connection ends", got)
    for name, payload in (("IGNORE", bytes([IGNORE]) + string(os.urandom(16000))), ("unknown", bytes([PING]))):
        how, peak = flood(before(), payload)
        ok(how == "closed", f"a flood of {name} before the login is cut", how)
    w = before()
    ok("kex-strict-s-v00@openssh.com" in w.peer_kex_names(), "strict key exchange is offered")
    for n in (0, 1, 1 << 31, (1 << 32) - 1):
        w = before(timeout=2); w.raw(u32(n) + b"\4" * 60)
        try: w.take(1 << 20); got = "?"
        except (Over, ConnectionError): got = "closed"
        except TimeoutError: got = "silence"
        ok(got == "closed", f"a packet of {n} bytes: the connection ends", got)

    # Floods.
    big = os.urandom(32000)
    def new(w): return w.session()
    def running(w): c = w.session(); w.exec(c, "exec sleep 60"); w.on(c, WINDOW); return c
    def over(w):
        c = w.session(); w.exec(c, "true")
        while w.on(c)[0] != CLOSE: pass
        return c
    for name, make in (("nothing was asked of yet", new), ("runs a program that does not read", running), ("is over", over)):
        for what, kind in (("data", None), ("stderr", 1)):
            w = login(); c = make(w); how, peak = flood(w, w.data(c, big, kind))
            ok(peak < 24, f"a flood of {what} into a channel that {name}: {how}, {peak} MB", how, peak)
            w.close()
    for name, ask in (("keepalives", lambda w, c: bytes([GLOBAL]) + string("k") + b"\1"), ("channels of no known kind", lambda w, c: bytes([OPEN]) + string("x") + u32(9) + u32(9) + u32(999))):
        w = login(); c = w.session(); how, peak = flood(w, ask(w, c), 30, 4000)
        ok(how != "taken" and peak < 40, f"{name}, and no answer is read: {how}, {peak} MB", how, peak)
        w.close()
    ok(works(), "others are served")

    # Sizes and counts.
    for size in (10, 9, 1):
        w = login(timeout=200); c = w.session(packet=size); began = time.monotonic(); w.exec(c, "echo hello"); out = w.finish(c)[0]; took = time.monotonic() - began
        ok(took < 190 and largest() < 150, f"a channel for packets of {size} bytes at most: {'an end' if out == b'' else 'served'}, {took:.1f} s", out, largest())
        w.close()
    ok(works(), "others are served")
    w = login()
    for i in range(1000): w.open()
    opened = [c for c in (w.opened() for i in range(1000)) if c is not None]
    ok(len(opened) == 64, f"of 1,000 channels {len(opened)} are opened")
    w.exec(opened[0], "echo first")
    ok(w.finish(opened[0])[0] == b"first\n", "and they work")
    w = login(); left = []
    for i in range(200):
        c = w.session()
        if c is None: break
        w.exec(c, "true"); left.append(c)
        while w.on(c)[0] != CLOSE: pass
    ok(len(left) <= 64, f"channels that the client does not close count as open: {len(left)}", len(left))
    w.close()
    w = login(); c = w.session()
    w.send(w.request(c, "pty-req", string("../../etc/passwd"), u32(0), u32(65535), u32(0), u32(0), string("\0")))
    for name, value in (("LD_PRELOAD", "/tmp/x.so"), ("BASH_ENV", "/tmp/x"), ("LC_ALL", "../../x"), ("LANG", "C")): w.send(w.request(c, "env", string(name), string(value)))
    got = [w.on(c, WINDOW)[0] for _ in range(5)]
    w.exec(c, "echo TERM=$TERM; env | grep -c 'LD_PRELOAD\\|BASH_ENV\\|LC_ALL'"); out = w.finish(c)[0]
    ok(got == [SUCCESS, FAILURE, FAILURE, FAILURE, SUCCESS] and b"TERM=dumb" in out and b"\n0\r" in out, "TERM with a path, variables that load code: harmless", got, out)
    w = login(); c = w.session(); w.exec(c, "echo up; trap '' HUP TERM; while :; do sleep 1; done"); w.on(c, WINDOW, SUCCESS)
    kids = [p for child in b.children(agent) for p in b.children(child)]
    w.close()
    b.wait(lambda: not [p for p in kids if os.path.exists(f"/proc/{p}") and "Z" not in open(f"/proc/{p}/stat").read().rsplit(")")[1][:3]])
    ok(kids != [], "what a connection started ends with it, whether it likes to or not", kids)

    # Connections from here and to here.
    silent = socket.create_server(("127.0.0.1", 0), backlog=300); there = silent.getsockname()[1]
    DIRECT = string("127.0.0.1") + u32(there) + string("127.0.0.1") + u32(1)
    w = before(); got = is_closed(w, bytes([OPEN]) + string("direct-tcpip") + u32(0) + u32(1 << 20) + u32(32768) + DIRECT)
    ok(got == "closed", "before the login no connection is made", got)
    w = login()
    for i in range(300): w.open("direct-tcpip", extra=DIRECT)
    opened = [c for c in (w.opened() for i in range(300)) if c is not None]
    ok(len(opened) == 128 and works(), f"of 300 connections {len(opened)} are made")
    w.close()
    for host, to in ((b"", 80), (b"x" * 300, 80), (b"127.0.0.1", 0), (b"127.0.0.1", 65536), (b"\0\0", 80), (b"a b\n\x1b[2J", 80)):
        w = login(); c = w.direct(host, to); got = "refused"
        if c is not None:
            while (p := w.on(c, WINDOW))[0] != CLOSE: got = p[0]
            got = "closed" if got in (REQUEST, EOF) else got
        ok(got in ("refused", "closed"), f"to {host[:12]} port {to}: {got}", got)
        w.close()
    ok(not any("\x1b" in l for l in open(f"{b.dir}/fortress.log")), "nothing of it reaches the log as it is")
    w = login(); c = w.direct("127.0.0.1", there); peer = silent.accept()[0]
    while w.on(c)[0] != REQUEST: pass
    how, peak = flood(w, w.data(c, big))
    ok(peak < 24, f"a flood of data to somebody who does not read: {how}, {peak} MB", how, peak)
    w.close()
    w = login(); heard = []
    for i in range(60):
        w.send(bytes([GLOBAL]) + string("tcpip-forward") + b"\1" + string("127.0.0.1") + u32(0)); p = w.recv(); heard.append(p)
    ports = [Take(p).u32() for p in heard if p[0] == GLOBAL_SUCCESS]
    ok(len(ports) == 32 and all(p[0] == GLOBAL_FAILURE for p in heard[32:]), f"of 60 ports {len(ports)} are had", len(ports))
    many = [socket.create_connection(("127.0.0.1", ports[i % 32])) for i in range(200)]
    asked = 0
    while asked < 128: asked += w.recv()[0] == OPEN
    ok(works() and largest() < 100, "200 that connect are asked of the bastion 128 at a time")
    w.close(); b.wait(lambda: socket.socket().connect_ex(("127.0.0.1", ports[0])) != 0)
    for s in many: s.close()
    ok(True, "all of it ends with the connection")
    w = login()
    for address, at in ((b"127.0.0.1", 22), (b"no.such.name", 4000), (b"192.0.2.1", 4000)):
        w.send(bytes([GLOBAL]) + string("tcpip-forward") + b"\1" + string(address) + u32(at)); p = w.recv()
        ok(p[0] == GLOBAL_FAILURE, f"nobody listens at {address.decode()} port {at}", p)
    w.close()
    # The bastion's own side still works.
    out = subprocess.run(b.ssh("agent") + ["echo through"], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    ok(out.stdout == "through\n" and works(), "and the bastion is served", out)
finally:
    b.stop()
end()
