#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Attacks before and around the login, on the wire: keys that did not sign, messages out of state, lengths, floods."""
import os, socket, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, needs_bastion, end
needs_bastion()
from bastion import Bastion
from wire import *

b = Bastion(build, "KernelAudit off\nLoginGraceTime 6s\nMaxAuthTries 4\n", """permit bench any on env=bench as root id bench
permit two any on env=bench as root id two
require mfa for two any on env=bench
""")
A = ("127.0.0.1", b.port)
good = private_key(b.key)
def new_key(name):
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/{name}")
    return private_key(f"{b.dir}/{name}")
stranger, second = new_key("stranger"), new_key("second")
b.ctl("user", "add", "two"); b.ctl("key", "add", "two", f"{b.dir}/second.pub")
SUCCESS_FORGED = bytes([AUTH_SUCCESS])
SESSION = bytes([OPEN]) + string("session") + u32(0) + u32(1 << 20) + u32(32768)

AT_ONCE = 5                                       # seconds: before the grace time would end it
def before():
    """A connection that has not logged in."""
    w = Wire.dial(A); w.hello(); w.kex(); w.service(); w.sock.settimeout(AT_ONCE)
    return w
def after(user="bench+box", **kw): return Wire.connect(A, user, good, **{"timeout": 5, **kw})
def answer(w, *payloads):
    """What comes back for these: packets, "closed" or "silence"."""
    try:
        w.send(*payloads)
        p = w.recv(AUTH_BANNER, GLOBAL)
        return "closed" if p[0] == DISCONNECT else p
    except (Over, ConnectionError): return "closed"
    except TimeoutError: return "silence"
def is_closed(w, *payloads):
    """Closed at once, whatever is said before; never silence, never a success."""
    got = answer(w, *payloads)
    while isinstance(got, bytes) and got[0] in (UNIMPLEMENTED, AUTH_FAILURE, AUTH_PK_OK): got = answer(w)
    return got
def let_in(w, *payloads):
    return isinstance(got := answer(w, *payloads), bytes) and got[0] == AUTH_SUCCESS
def works():
    w = Wire.connect(A, "bench+box", good)
    with w: return w.run("echo in")[0] == b"in\n"

try:
    # Only a key that signed counts.
    w = before(); got = answer(w, w.offer("bench", good))
    ok(got[0] == AUTH_PK_OK, "a known key that is offered is asked to sign", got)
    w = before(); w.send(w.offer("bench", good)); w.recv()
    got = is_closed(w, SESSION)
    ok(got == "closed", "and the offer alone opens no channel: the connection ends", got)
    w = before(); got = is_closed(w, w.signed("bench", good, signer=stranger))
    ok(got == "closed", "offered A, signed B: the connection ends at once", got)
    w = before(); got = is_closed(w, w.signed("bench", good, session_id=os.urandom(32)))
    ok(got == "closed", "a signature of another connection", got)
    w = before(); got = is_closed(w, w.signed("bench", good, signed_user="two"))
    ok(got == "closed", "a signature for another name", got)
    w = before(); w.send(w.offer("bench", good)); w.recv()
    got = answer(w, w.auth("bench", "password", b"\0", string("x")))
    ok(got[0] == AUTH_FAILURE, "a good key offered, then a password", got)
    w = before(); w.send(w.offer("bench", good)); w.recv()
    got = answer(w, w.auth("bench", "keyboard-interactive", string(""), string("")))
    ok(got[0] == AUTH_FAILURE, "a good key offered, then keyboard-interactive", got)
    w = before(); w.send(w.offer("bench", good)); w.recv()
    got = answer(w, w.signed("bench", second))
    ok(got[0] == AUTH_FAILURE, "a good key offered, then another user's key that does sign", got)
    w = before(); got = answer(w, w.auth("two", "none")), answer(w, w.signed("bench", good))
    ok([g[0] for g in got] == [AUTH_FAILURE, AUTH_FAILURE], "the user name cannot be changed between requests", got)
    w = before(); w.send(w.auth("bench", "none")); w.recv()
    ok(let_in(w, w.signed("bench", good)), "the right key of the right name does get in")
    w = before(); w.send(w.offer("bench", good)); w.recv()
    got = is_closed(w, w.auth("bench", "publickey", b"\1", string("ssh-dss"), string(string("ssh-dss") + mpint(7) * 4), string("x")))
    ok(got == "closed", "a key of a kind that nobody reads any more: an end, not silence", got)

    w = before(); got = answer(w, w.auth("bench", "gssapi-with-mic", u32(1), string(bytes.fromhex("06092a864886f712010202"))))
    ok(got[0] == AUTH_FAILURE, "Kerberos is refused at once, and no library of it is asked", got)

    # Messages out of state.
    for name, payload in (("USERAUTH_SUCCESS", SUCCESS_FORGED), ("a channel", SESSION),
                          ("a global request", bytes([GLOBAL]) + string("tcpip-forward") + b"\1" + string("") + u32(0)),
                          ("a one-time code that nobody asked for", bytes([AUTH_INFO_RESPONSE]) + u32(1) + string("123456")),
                          ("channel data", bytes([DATA]) + u32(0) + string("x")), ("NEWKEYS", bytes([NEWKEYS])),
                          ("a key exchange", kexinit()), ("KEX_INIT", bytes([KEX_INIT]) + string(os.urandom(32)))):
        got = is_closed(before(), payload)
        ok(got == "closed", f"before the login, {name}: the connection ends", got)
    w = before(); w.send(SUCCESS_FORGED + b"")
    got = is_closed(w, SESSION)
    ok(got == "closed", "USERAUTH_SUCCESS by the client, then a channel", got)
    for name, make in (("a second login", lambda w: w.signed("bench", good)), ("another user's login", lambda w: w.signed("two", second)),
                       ("KEX_INIT without a KEXINIT", lambda w: bytes([KEX_INIT]) + string(os.urandom(32))),
                       ("NEWKEYS", lambda w: bytes([NEWKEYS]))):
        w = after(); got = is_closed(w, make(w))
        ok(got == "closed", f"after the login, {name}: the connection ends", got)
    w = after(); w.kex()
    ok(w.run("echo x")[0] == b"x\n", "a proper new key exchange does not")
    w = after(); w.send(kexinit(), kexinit())
    got = answer(w)
    while isinstance(got, bytes) and got[0] in (KEXINIT, KEX_REPLY): got = answer(w)
    ok(got == "closed", "two KEXINIT at once after the login", got)
    w = Wire.dial(A, timeout=AT_ONCE); w.hello(); w.send(kexinit(), kexinit()); w.packet()
    got = answer(w)
    ok(got == "closed", "two KEXINIT at once at the start", got)

    # Terrapin.
    w = before()
    ok("kex-strict-s-v00@openssh.com" in w.peer_kex_names(), "strict key exchange is offered", w.peer_kex_names())
    def prefixed(strict, at):
        w = Wire.dial(A, timeout=AT_ONCE, strict=strict); w.hello()
        strict = "kex-strict-c-v00@openssh.com" if strict else None
        extra = w.seal(bytes([IGNORE]) + string("x"))
        if at == "first": w.raw(extra)
        ours = kexinit(strict=strict)
        if at == "later": w.send = lambda *p, send=w.send: (w.raw(extra) if p[0][0] == KEX_INIT else None, send(*p))
        try: w.kex(ours=ours); w.service(); return "went on"
        except (Over, ConnectionError, AssertionError): return "closed"
    for at in ("first", "later"):
        got = prefixed(True, at), prefixed(False, at)
        ok(got == ("closed", "went on"), f"a packet slipped in {at}: refused by strict key exchange, and by it alone", got)

    # Lengths.
    def length(n, encrypted):
        w = before() if encrypted else Wire.dial(A, timeout=AT_ONCE)
        if not encrypted: w.hello(); w.packet()
        w.raw(u32(n) + b"\4" * 60)
        try: w.take(1 << 20)
        except (Over, ConnectionError): return "closed"
        except TimeoutError: return "silence"
    for n in (0, 1, 3, 1 << 18 | 1, 1 << 31, (1 << 32) - 1):
        got = length(n, False), length(n, True)
        ok(got == ("closed", "closed"), f"a packet of {n} bytes, in clear and encrypted: the connection ends", got)
    def says(data):
        s = socket.create_connection(A, AT_ONCE)
        try:
            s.sendall(data)
            while s.recv(65536): pass
        except ConnectionError: pass
        except TimeoutError: return "silence"
        return "closed"
    for name, data in (("garbage", os.urandom(4000)), ("HTTP", b"GET / HTTP/1.0\r\n\r\n"), ("1 MB of banner", b"SSH-2.0-" + b"x" * (1 << 20)),
                       ("10,000 lines before the banner", b"hello\r\n" * 10000), ("SSH-1.5", b"SSH-1.5-x\r\n"), ("SSH-2.0 in 300 bytes", b"SSH-2.0-" + b"y" * 300 + b"\r\n")):
        ok(says(data) == "closed", f"{name} instead of a banner: closed")
    before_ = time.monotonic(); s = socket.create_connection(A, 10); s.settimeout(60)
    while s.recv(4096): pass
    took = time.monotonic() - before_
    ok(5 < took < 50, f"no banner at all: closed after the grace time ({took:.1f} s)", took)

    # Floods.  What is not read of the answers must not lie in memory for ever either.
    def flood(w, payload, megabytes=24, batch=200):
        sent = 0; w.sock.settimeout(4)
        try:
            while sent < megabytes << 20: block = b"".join(w.seal(payload) for _ in range(batch)); w.raw(block); sent += len(block)
        except ConnectionError: return "closed", sent
        except TimeoutError: return "blocked", sent
        return "taken", sent
    big = string(os.urandom(16000))
    for name, payload in (("IGNORE", bytes([IGNORE]) + big), ("DEBUG", bytes([DEBUG, 0]) + big + string("")), ("unknown", bytes([PING]) + big),
                          ("empty unknown", bytes([PING]))):
        how, sent = flood(before(), payload)
        ok(how == "closed" and sent < 16 << 20, f"a flood of {name} before the login is cut: {sent >> 10} kB", how, sent)
    w = before(); tries = 0
    try:
        while tries < 1000: w.send(w.auth("bench", "none")); w.recv(); tries += 1
    except (Over, ConnectionError): pass
    ok(tries < 300, f"so is one of logins by nothing: after {tries}")
    ok(works(), "and others are served")

    # Tries are counted.
    w = before(); tries = 0
    try:
        while tries < 50 and not w.send(w.offer("bench", stranger)) and w.recv()[0] == AUTH_FAILURE: tries += 1
    except (Over, ConnectionError): pass
    ok(tries <= 4, f"four keys that nobody knows end the connection ({tries} answers)", tries)
    w = before(); tries = 0
    try:
        while tries < 50 and not w.send(w.signed("bench", good, signer=stranger)) and w.recv()[0] == AUTH_FAILURE: tries += 1
    except (Over, ConnectionError): pass
    ok(tries == 0, "one wrong signature does", tries)
    w = before(); w.send(w.offer("bench", stranger)); w.recv()
    for i in range(3): w.send(w.offer("bench", stranger)); p = w.recv()
    p = w.recv() if p[0] == AUTH_FAILURE else p
    ok(p[0] == DISCONNECT and b"IdentitiesOnly" in p, "and the client is told why, and what to do", p)
    w = before(); w.send(w.signed("two", second)); p = w.recv(); begun = 0
    partial = p[0] == AUTH_FAILURE and p[-1] == 1
    try:
        while begun < 50:
            w.send(w.auth("two", "keyboard-interactive", string(""), string("")))
            if w.recv()[0] != AUTH_INFO_REQUEST: break
            begun += 1
    except (Over, ConnectionError): pass
    ok(partial and begun <= 4, f"conversations that are begun and left are tries too: {begun}", partial, begun)

    failed = [e for e in b.events() if e["class"] == 3002 and not e["ok"]]
    ok(any("signature is wrong" in e["text"] for e in failed), "a wrong signature is on the record", [e["text"] for e in failed][-5:])
finally:
    b.stop()
end()
