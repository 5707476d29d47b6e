# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""SSH by hand, in both roles, for what no honest client or server would send: one key exchange
(curve25519-sha256, ssh-ed25519, aes256-gcm), then packets as the test makes them.

    w = Wire.dial(("127.0.0.1", port)); w.hello(); w.kex(); w.service(); w.login("alice", key)
    t = Target(hostkey_file, handler)     a server that lets everybody in and then calls handler(wire)"""
import hashlib, os, socket, struct, threading

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives import serialization

DISCONNECT, IGNORE, UNIMPLEMENTED, DEBUG, SERVICE_REQUEST, SERVICE_ACCEPT, EXT_INFO = 1, 2, 3, 4, 5, 6, 7
KEXINIT, NEWKEYS, KEX_INIT, KEX_REPLY = 20, 21, 30, 31
AUTH_REQUEST, AUTH_FAILURE, AUTH_SUCCESS, AUTH_BANNER, AUTH_PK_OK, AUTH_INFO_REQUEST, AUTH_INFO_RESPONSE = 50, 51, 52, 53, 60, 60, 61
GLOBAL, GLOBAL_SUCCESS, GLOBAL_FAILURE = 80, 81, 82
OPEN, OPEN_OK, OPEN_FAILURE, WINDOW, DATA, EXT_DATA, EOF, CLOSE, REQUEST, SUCCESS, FAILURE = range(90, 101)
PING = 192

class Over(Exception):
    """The peer has closed the connection."""

def u32(v): return struct.pack(">I", v)
def string(s): s = s.encode() if isinstance(s, str) else s; return u32(len(s)) + s
def mpint(v): b = v.to_bytes(v.bit_length() // 8 + 1, "big"); return string(b)

class Take:
    """Fields of a payload, one after the other."""
    def __init__(self, p, at=1): self.p, self.at = p, at
    def u32(self): v, = struct.unpack_from(">I", self.p, self.at); self.at += 4; return v
    def byte(self): self.at += 1; return self.p[self.at - 1]
    def string(self): n = self.u32(); self.at += n; return self.p[self.at - n:self.at]

def private_key(path):
    with open(path, "rb") as f: text = f.read()
    return (serialization.load_ssh_private_key if b"OPENSSH" in text else serialization.load_pem_private_key)(text, None)

def blob_of(key):
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return string("ssh-ed25519") + string(raw)

def signature(key, data):
    return string(string("ssh-ed25519") + string(key.sign(data)))

def kexinit(kex="curve25519-sha256", hostkey="ssh-ed25519", cipher="aes256-gcm@openssh.com", mac="hmac-sha2-256",
            compression="none", strict=None, guess=False):
    names = [kex + (f",{strict}" if strict else ""), hostkey, cipher, cipher, mac, mac, compression, compression, "", ""]
    return bytes([KEXINIT]) + os.urandom(16) + b"".join(string(s) for s in names) + bytes([guess]) + u32(0)

class Wire:
    def __init__(self, sock, server_key=None, strict=True, timeout=20):
        self.sock, self.server_key, self.want_strict = sock, server_key, strict
        sock.settimeout(timeout)
        if not isinstance(sock, socket.socket) or sock.family != socket.AF_UNIX: sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buf = b""
        self.keys = {}                                   # "in", "out" -> [AESGCM, fixed, counter]
        self.session_id = None
        self.windows, self.ours = {}, {}                 # by the peer's channel number: what we may still send, our number
        self.peer_banner = self.peer_kexinit = None
        self.channels = 0

    @classmethod
    def dial(cls, address, **kw):
        """To (HOST, PORT), or to the path of a socket."""
        if isinstance(address, tuple): return cls(socket.create_connection(address, 20), **kw)
        s = socket.socket(socket.AF_UNIX); s.connect(address)
        return cls(s, **kw)

    def close(self): self.sock.close()
    def __enter__(self): return self
    def __exit__(self, *a): self.close()

    # --- bytes ---
    def raw(self, data): self.sock.sendall(data)

    def take(self, n):
        while len(self.buf) < n:
            try: got = self.sock.recv(65536)
            except ConnectionError: got = b""
            if not got: raise Over(self.buf)
            self.buf += got
        out, self.buf = self.buf[:n], self.buf[n:]
        return out

    def line(self):
        while b"\n" not in self.buf:
            try: got = self.sock.recv(4096)
            except ConnectionError: got = b""
            if not got: raise Over(self.buf)
            self.buf += got
        out, self.buf = self.buf.split(b"\n", 1)
        return out.rstrip(b"\r")

    def hello(self, banner=b"SSH-2.0-wire_1"):
        self.banner = banner
        self.raw(banner + b"\r\n")
        self.peer_banner = self.line()
        return self.peer_banner

    # --- packets ---
    def seal(self, payload):
        """The packet that carries payload, as it goes over the line."""
        if "out" not in self.keys:
            pad = 8 - (5 + len(payload)) % 8
            pad += 8 if pad < 4 else 0
            return u32(1 + len(payload) + pad) + bytes([pad]) + payload + bytes(pad)
        pad = 16 - (1 + len(payload)) % 16
        pad += 16 if pad < 4 else 0
        key = self.keys["out"]
        length = u32(1 + len(payload) + pad)
        nonce = key[1] + key[2].to_bytes(8, "big"); key[2] = (key[2] + 1) % (1 << 64)
        return length + key[0].encrypt(nonce, bytes([pad]) + payload + bytes(pad), length)

    def send(self, *payloads):
        self.raw(b"".join(self.seal(p) for p in payloads))

    def packet(self):
        """The next payload, whatever it is."""
        head = self.take(4)
        n, = struct.unpack(">I", head)
        if "in" not in self.keys:
            body = self.take(n)
        else:
            key = self.keys["in"]
            nonce = key[1] + key[2].to_bytes(8, "big"); key[2] = (key[2] + 1) % (1 << 64)
            body = key[0].decrypt(nonce, self.take(n + 16), head)
        return body[1:len(body) - body[0]]

    def recv(self, *skip):
        """The next payload that matters; a new key exchange of the peer is gone through."""
        while True:
            p = self.packet()
            if p[0] in (IGNORE, DEBUG, EXT_INFO, *skip): continue
            if p[0] == KEXINIT and self.session_id: self.kex(theirs=p); continue
            return p

    def expect(self, *types, skip=()):
        p = self.recv(*skip)
        if p[0] not in types: raise AssertionError(f"packet {p[0]} and not {types}: {p[:200]!r}")
        return p

    # --- keys ---
    def kex(self, theirs=None, ours=None):
        server = self.server_key is not None
        ours = ours or kexinit(strict=("kex-strict-s-v00@openssh.com" if server else "kex-strict-c-v00@openssh.com")
                               if self.want_strict and not self.session_id else None)
        self.send(ours)
        theirs = theirs or self.packet()
        if theirs[0] != KEXINIT: raise AssertionError(f"packet {theirs[0]} and no KEXINIT")
        self.peer_kexinit = theirs
        mine = X25519PrivateKey.generate()
        q = mine.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        if server:
            p = self.packet(); theirq = Take(p).string()
            host = blob_of(self.server_key); order = (self.peer_banner, self.banner, theirs, ours, host, theirq, q)
        else:
            self.send(bytes([KEX_INIT]) + string(q))
            p = self.packet()
            if p[0] != KEX_REPLY: raise AssertionError(f"packet {p[0]} and no KEX_REPLY: {p!r}")
            t = Take(p); host, theirq, sig = t.string(), t.string(), t.string()
            order = (self.banner, self.peer_banner, ours, theirs, host, q, theirq)
        k = mpint(int.from_bytes(mine.exchange(X25519PublicKey.from_public_bytes(theirq)), "big"))
        h = hashlib.sha256(b"".join(string(x) for x in order) + k).digest()
        if server:
            self.send(bytes([KEX_REPLY]) + string(host) + string(q) + signature(self.server_key, h))
        else:
            t = Take(host, 0); t.string()
            s = Take(sig, 0); s.string()
            Ed25519PublicKey.from_public_bytes(t.string()).verify(s.string(), h)
        self.session_id = self.session_id or h
        derive = lambda letter, n: hashlib.sha256(k + h + letter + self.session_id).digest()[:n]
        to_server = [AESGCM(derive(b"C", 32)), *self._iv(derive(b"A", 12))]
        to_client = [AESGCM(derive(b"D", 32)), *self._iv(derive(b"B", 12))]
        self.send(bytes([NEWKEYS]))
        self.keys["out"] = to_client if server else to_server
        p = self.packet()
        while p[0] in (IGNORE, DEBUG): p = self.packet()
        if p[0] != NEWKEYS: raise AssertionError(f"packet {p[0]} and no NEWKEYS")
        self.keys["in"] = to_server if server else to_client

    @staticmethod
    def _iv(iv): return iv[:4], int.from_bytes(iv[4:], "big")

    def peer_kex_names(self): return Take(self.peer_kexinit, 17).string().decode().split(",")

    # --- the client's login ---
    def service(self, name="ssh-userauth"):
        self.send(bytes([SERVICE_REQUEST]) + string(name))
        return self.expect(SERVICE_ACCEPT)

    def auth(self, user, method, *fields):
        return bytes([AUTH_REQUEST]) + string(user) + string("ssh-connection") + string(method) + b"".join(fields)

    def offer(self, user, key):
        """An offer without a signature."""
        return self.auth(user, "publickey", b"\0", string("ssh-ed25519"), string(blob_of(key)))

    def signed(self, user, key, signer=None, **over):
        """A whole request; signer signs it instead of key; over replaces what is signed: session_id, signed_user."""
        body = lambda u: self.auth(u, "publickey", b"\1", string("ssh-ed25519"), string(blob_of(key)))
        data = string(over.get("session_id", self.session_id)) + body(over.get("signed_user", user))
        return body(user) + signature(signer or key, data)

    def login(self, user, key):
        self.send(self.signed(user, key))
        return self.expect(AUTH_SUCCESS, AUTH_FAILURE, skip=(AUTH_BANNER,))

    @classmethod
    def connect(cls, address, user, key, **kw):
        """All of it, up to a login that is good."""
        w = cls.dial(address, **kw); w.hello(); w.kex(); w.service()
        p = w.login(user, key)
        if p[0] != AUTH_SUCCESS: raise AssertionError(f"{user} was not let in: {p!r}")
        return w

    # --- channels ---
    def open(self, kind="session", window=1 << 30, packet=32768, extra=b""):
        """Asks for a channel; its number here."""
        self.channels += 1
        self.send(bytes([OPEN]) + string(kind) + u32(self.channels - 1) + u32(window) + u32(packet) + extra)
        return self.channels - 1

    def opened(self):
        """The answer: the peer's number, or None when it refused.  What is said on other channels meanwhile is lost."""
        while (p := self.recv())[0] not in (OPEN_OK, OPEN_FAILURE, DISCONNECT): pass
        if p[0] == DISCONNECT: raise Over(p)
        if p[0] == OPEN_FAILURE: return None
        t = Take(p); ours = t.u32(); theirs = t.u32(); self.windows[theirs] = t.u32(); self.ours[theirs] = ours
        return theirs

    def on(self, theirs, *skip):
        """The next packet on that channel."""
        while True:
            p = self.recv()
            if p[0] == DISCONNECT: raise Over(p)
            if p[0] > OPEN_FAILURE and Take(p).u32() == self.ours.get(theirs, 0) and p[0] not in skip: return p

    def session(self, **kw):
        self.open(**kw)
        return self.opened()

    def direct(self, host, port, **kw):
        self.open("direct-tcpip", extra=string(host) + u32(port) + string("127.0.0.1") + u32(1), **kw)
        return self.opened()

    def request(self, channel, name, *fields, reply=True):
        return bytes([REQUEST]) + u32(channel) + string(name) + bytes([reply]) + b"".join(fields)

    def exec(self, channel, command):
        self.send(self.request(channel, "exec", string(command)))

    def data(self, channel, bytes_, kind=None):
        head = bytes([DATA]) + u32(channel) if kind is None else bytes([EXT_DATA]) + u32(channel) + u32(kind)
        return head + string(bytes_)

    def flood(self, weigh, payload, megabytes, batch):
        """Sends it again and again and reads nothing: how that ended, and the most that weigh() brought meanwhile."""
        sent, most, last = 0, 0, 0; self.sock.settimeout(3)
        try:
            while sent < megabytes << 20:
                block = b"".join(self.seal(payload) for _ in range(batch)); self.raw(block); sent += len(block)
                if sent - last > 4 << 20: most, last = max(most, weigh()), sent
        except ConnectionError: how = "closed"
        except TimeoutError: how = "blocked"
        else: how = "taken"
        return how, max(most, weigh())

    def run(self, command, **kw):
        """A command on a channel of its own: (stdout, stderr, exit status, or the signal's name, or None)."""
        theirs = self.session(**kw)
        if theirs is None: return b"", b"refused", None
        self.exec(theirs, command)
        return self.finish(theirs)

    def finish(self, theirs):
        out, err, status = b"", b"", None
        try:
            while True:
                p = self.on(theirs)
                if p[0] == DATA: out += Take(p, 5).string()
                elif p[0] == EXT_DATA: err += Take(p, 9).string()
                elif p[0] == REQUEST:
                    t = Take(p, 5)
                    name = t.string(); t.byte()
                    if name == b"exit-status": status = t.u32()
                    if name == b"exit-signal": status = t.string()
                elif p[0] == CLOSE:
                    self.send(bytes([CLOSE]) + u32(theirs))
                    return out, err, status
        except (Over, socket.timeout) as e:
            return out, err + b" <" + type(e).__name__.encode() + b">", status

class Tunnel:
    """A channel of a wire as a socket, for another wire inside it."""
    def __init__(self, wire, channel): self.wire, self.channel, self.buf = wire, channel, b""
    def settimeout(self, t): self.wire.sock.settimeout(t)
    def setsockopt(self, *a): pass
    def sendall(self, data):
        for i in range(0, len(data), 32000): self.wire.send(self.wire.data(self.channel, data[i:i + 32000]))
    def recv(self, n):
        while not self.buf:
            p = self.wire.on(self.channel, WINDOW)
            if p[0] == DATA: self.buf = Take(p, 5).string()
            elif p[0] in (EOF, CLOSE): return b""
        out, self.buf = self.buf[:n], self.buf[n:]
        return out
    def close(self): self.wire.send(bytes([CLOSE]) + u32(self.channel))

class Target:
    """A server on 127.0.0.1 that lets everybody in; handler(wire) has each connection then, in a thread of its own."""
    def __init__(self, hostkey, handler, timeout=20):
        self.key, self.handler, self.timeout = private_key(hostkey), handler, timeout
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.sock.getsockname()[1]
        self.errors, self.wires = [], []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try: s, _ = self.sock.accept()
            except OSError: return
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        w = Wire(s, server_key=self.key, timeout=self.timeout); self.wires.append(w)
        try:
            w.hello(b"SSH-2.0-target_1"); w.kex()
            p = w.expect(SERVICE_REQUEST); w.send(bytes([SERVICE_ACCEPT]) + string(Take(p).string()))
            while True:
                t = Take(w.expect(AUTH_REQUEST)); t.string(); t.string()
                if t.string() != b"publickey": w.send(bytes([AUTH_FAILURE]) + string("publickey") + b"\0"); continue
                if t.byte(): break
                w.send(bytes([AUTH_PK_OK]) + string(t.string()) + string(t.string()))
            w.send(bytes([AUTH_SUCCESS]))
            self.handler(w)
        except Over: pass
        except Exception as e: self.errors.append(repr(e))       # shown by the test that wonders
        finally: w.close()

    def stop(self):
        self.sock.close()
        for w in self.wires: w.close()

def serve_session(w, window=1 << 30, packet=32768):
    """A target's handler as far as a session that has started: (the client's channel number, command).
    Ours is 0; requests are granted."""
    p = w.expect(OPEN, skip=(GLOBAL,)); t = Take(p); t.string(); theirs = t.u32(); w.windows[theirs] = t.u32()
    w.send(bytes([OPEN_OK]) + u32(theirs) + u32(0) + u32(window) + u32(packet))
    while True:
        p = w.expect(REQUEST, skip=(WINDOW,)); t = Take(p, 5); name = t.string()
        if t.byte(): w.send(bytes([SUCCESS]) + u32(theirs))
        if name in (b"exec", b"shell", b"subsystem"): return theirs, t.string().decode() if name != b"shell" else ""
