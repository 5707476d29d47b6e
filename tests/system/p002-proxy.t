#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Behind a load balancer: the PROXY header's address is what policy, limits and the record see; from anybody else it is garbage."""
import json, os, socket, struct, subprocess, sys, threading

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")

from tap import ok, needs_bastion, end
needs_bastion()
from bastion import Bastion

# The balancer is whoever connects from 127.0.0.2.
b = Bastion(build, "KernelAudit off\nProxyProtocolFrom 127.0.0.2 2001:db8:ffff::/48\nMaxStartupsPerSource 4\n",
            "permit bench any on env=bench as root from 192.0.2.0/24, 2001:db8:1::/48, 127.0.0.2 id inside\n")

def v1(src, dst="198.51.100.1", sport=50000, dport=22, family=None):
    return f"PROXY {family or ('TCP6' if ':' in src else 'TCP4')} {src} {dst} {sport} {dport}\r\n".encode()
def v2(src=None, dst=None, sport=50000, dport=2222, command=1, more=b""):
    kind, addresses = 0, b""
    if src:
        f = socket.AF_INET6 if ":" in src else socket.AF_INET
        kind, addresses = (0x21 if ":" in src else 0x11), socket.inet_pton(f, src) + socket.inet_pton(f, dst or src) + struct.pack(">HH", sport, dport)
    return b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x20 | command, kind]) + struct.pack(">H", len(addresses + more)) + addresses + more

def connect(header=b"", source="127.0.0.2"):
    s = socket.socket(); s.settimeout(60); s.bind((source, 0)); s.connect(("127.0.0.1", b.port))
    if header: s.sendall(header)
    return s
def banner(s):
    """The server's first bytes, b"" if it closes."""
    try: return s.recv(100)
    except ConnectionResetError: return b""
    finally: s.close()

def pipe(a, c):
    try:
        while data := a.recv(65536): c.sendall(data)
    except OSError: pass
    try: c.shutdown(socket.SHUT_WR)
    except OSError: pass

class Balancer:
    """Listens on a port of its own and carries each connection on behind a header, sent in the given pieces."""
    def __init__(self, header, source="127.0.0.2", pieces=1):
        self.header, self.source, self.pieces = header, source, pieces
        self.s = socket.socket(); self.s.bind(("127.0.0.1", 0)); self.s.listen(50); self.port = self.s.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()
    def run(self):
        while True:
            try: client = self.s.accept()[0]
            except OSError: return
            server = connect(source=self.source); server.settimeout(None)
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            step = max(1, len(self.header) // self.pieces)
            for i in range(0, len(self.header), step): server.sendall(self.header[i:i + step])
            threading.Thread(target=pipe, args=(client, server), daemon=True).start()
            threading.Thread(target=pipe, args=(server, client), daemon=True).start()

def ssh(through, *words, user="bench+box", key=b.key):
    return subprocess.run(["ssh", "-F", "/dev/null", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o",
                           "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes", "-p", str(through), "-l", user, "127.0.0.1", *words],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
def source(): return b.sessions()[0]["source"]

stalled = connect(v1("192.0.2.7")[:10])
try:
    # Whom the header names is who it is.
    for name, header, peer, pieces in (("version 1, IPv4", v1("192.0.2.7"), "192.0.2.7", 1), ("version 1, IPv6", v1("2001:db8:1::7", "2001:db8:1::1"), "2001:db8:1::7", 1),
                                       ("version 2, IPv4", v2("192.0.2.8"), "192.0.2.8", 1), ("version 2, IPv6, with more fields", v2("2001:db8:1::8", more=b"\4\0\1\0" * 20), "2001:db8:1::8", 1),
                                       ("version 1 in pieces", v1("192.0.2.9"), "192.0.2.9", 9), ("version 2 byte by byte", v2("192.0.2.10"), "192.0.2.10", 1000),
                                       ("an IPv4 address in IPv6 form", v1("::ffff:192.0.2.11", "::ffff:198.51.100.1"), "192.0.2.11", 1)):
        r = ssh(Balancer(header, pieces=pieces).port, "echo in")
        ok(r.stdout == "in\n" and source() == peer, f"{name}: policy and record see the client", r, source())
    r = ssh(Balancer(v1("203.0.113.9")).port, "echo in")
    ok(r.returncode == 255 and "[denied]" in r.stderr, "an address that no rule permits is denied", r)
    for name, header in (("LOCAL", v2(command=0)), ("LOCAL with addresses", v2("192.0.2.7", command=0)), ("UNKNOWN", b"PROXY UNKNOWN\r\n")):
        r = ssh(Balancer(header).port, "echo in")
        ok(r.stdout == "in\n" and source() == "127.0.0.2", f"{name}: the balancer's own connection", r, source())
    r = ssh(Balancer(v1("192.0.2.7", "198.51.100.1", dport=22)).port, "config --known-hosts", user="bench")
    ok("\n198.51.100.1,*.fx ssh-" in "\n" + r.stdout, "config names the address that the client went to", r)
    r = ssh(Balancer(v1("192.0.2.7", "198.51.100.1", dport=2200)).port, "config", user="bench")
    ok("HostName 198.51.100.1" in r.stdout and "Port 2200" in r.stdout, "and its port", r)

    # From a listed peer there is a header or nothing; from others none.
    ok(banner(connect(v1("192.0.2.7"))).startswith(b"SSH-2.0-"), "a header alone is answered by our banner")
    for name, header in (("SSH without a header", b"SSH-2.0-OpenSSH_9.2\r\n"), ("garbage", os.urandom(64).replace(b"P", b"x").replace(b"\r", b"x")),
                         ("a bad line", v1("192.0.2.700")), ("a line too long", b"PROXY UNKNOWN " + b"x" * 200 + b"\r\n"), ("a bad signature", b"\r\n\r\n\0\r\nQUIT\r" + b"\0" * 20),
                         ("a length beyond all", v2("192.0.2.7")[:14] + b"\xff\xff"), ("addresses cut short", v2(more=b"")[:13] + b"\x11\0\4\1\2\3\4")):
        ok(banner(connect(header)) == b"", f"{name}: closed")
    s = connect(v1("192.0.2.7")[:20]); s.shutdown(socket.SHUT_WR)
    ok(banner(s) == b"", "half a header and then nothing: closed")
    for name, header in (("version 1", v1("192.0.2.7")), ("version 2", v2("192.0.2.7"))):
        s = connect(header + b"SSH-2.0-OpenSSH_9.2\r\n", source="127.0.0.3"); got = b""
        try:
            while data := s.recv(4096): got += data
        except ConnectionResetError: pass
        ok(got.count(b"SSH-2.0-") <= 1 and len(got) < 200, f"a header of {name} from a peer that is not listed is garbage: no key exchange", got)
    r = ssh(Balancer(b"", source="127.0.0.3").port, "echo in")
    ok(r.returncode == 255 and "[denied]" in r.stderr, "and without one its address is its own", r)
    r = ssh(Balancer(v1("192.0.2.7"), source="127.0.0.3").port, "echo in")
    ok(r.returncode == 255 and r.stdout == "" and "denied" not in r.stderr, "nobody but a listed peer names another", r)

    # Limits count the client, not the balancer.
    held = [connect(v1("192.0.2.50")) for _ in range(4)]
    ok(all(s.recv(4) == b"SSH-" for s in held), "four connections of one client wait")
    ok(banner(connect(v1("192.0.2.50"))) == b"", "its fifth is closed")
    ok(banner(connect(v1("192.0.2.51"))).startswith(b"SSH-"), "another client's first is not")
    ok(banner(connect(v1("2001:db8:1:2::1", "::1"))).startswith(b"SSH-"), "nor one by IPv6")
    for s in held: s.close()

    # A client that slams the door again and again is refused; others behind the same balancer are not.
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/wrong")
    bad, good = Balancer(v1("192.0.2.66")), Balancer(v1("192.0.2.67"))
    for i in range(4): ssh(bad.port, "true", key=f"{b.dir}/wrong")
    b.wait(lambda: "192.0.2.66 is refused for" in open(f"{b.dir}/fortress.log").read())
    r = ssh(bad.port, "echo in")
    ok(r.returncode == 255 and r.stdout == "", "after wrong keys even a right one waits", r)
    r = ssh(good.port, "echo in")
    ok(r.stdout == "in\n", "another client is not touched", r)
    b.ctl("audit", "export", "-o", f"{b.dir}/pack")
    events = [json.loads(l) for l in open(f"{b.dir}/pack/events.jsonl")]
    ok(any(e["src"] == "192.0.2.66" and "is refused for" in e["text"] for e in events), "that a source is refused is in the audit")
    ok(any(e["src"] == "203.0.113.9" and e["ok"] in (0, False) and "may not exec" in e["text"] for e in events), "audit rows name the client's address",
       [e for e in events if e["src"] == "203.0.113.9"])
    ok(all(e["src"] != "127.0.0.2" or "box" in e["text"] or "bench" in e["text"] for e in events), "and the balancer's only for its own")
    ok(banner(stalled) == b"", "a header that stalls is not waited for")
    log = open(f"{b.dir}/fortress.log").read()
    ok("did not come whole, or not in time" in log, "which the log says")
    ok("it sent no PROXY header, and ProxyProtocolFrom lists it" in log, "the log says what a listed peer did wrong")
    ok("front died" not in log, "nobody crashed on the way", log[-2000:])
finally:
    b.stop()
end()
