#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""A host that opens what nobody asked for, and one that does not answer."""
import json, logging, os, socket, subprocess, sys, threading, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, needs_bastion, ok, skip
needs_bastion()
try: import paramiko
except ImportError: skip("no paramiko")
from bastion import Bastion, port
logging.getLogger("paramiko").setLevel(logging.CRITICAL)      # it tells of each refusal

b = Bastion(build, "KernelAudit off\n", "permit bench any on any as root id bench\n")
listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen()
host_key = paramiko.Ed25519Key(filename=f"{b.dir}/hk")
b.ctl("host", "add", "evil", "127.0.0.1", "--port", str(listener.getsockname()[1]), "--login", "root", "--label", "env=evil", "--hostkey", f"{b.dir}/hk.pub")

silent = threading.Event()
class Host(paramiko.ServerInterface):
    def __init__(self, transport): self.transport = transport
    def get_allowed_auths(self, user): return "publickey"
    def check_auth_publickey(self, user, key): return paramiko.AUTH_SUCCESSFUL
    def check_channel_request(self, kind, number): return paramiko.OPEN_SUCCEEDED if kind == "session" else paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
    def check_channel_forward_agent_request(self, channel): return True
    def check_channel_x11_request(self, *a): return True
    def check_port_forward_request(self, address, number):
        if number == 7: silent.wait(30); return False
        return number
    def cancel_port_forward_request(self, address, number): pass
    def check_channel_exec_request(self, channel, command):
        threading.Thread(target=self.do, args=(channel, command.decode()), daemon=True).start()
        return True

    def try_open(self, kind, *where):
        try:
            c = self.transport.open_channel(kind, *where, timeout=10)
        except paramiko.ChannelException as e: return f"{kind} refused {e.code}"
        except Exception as e: return f"{kind} {e!r}"
        try:
            c.settimeout(10); c.sendall(b"\0\0\0\1\x0b")
            return f"{kind} open {c.recv(100)!r}"
        finally: c.close()
    def do(self, channel, command):
        words = command.split()
        if words[0] == "open": said = self.try_open(words[1], *(("127.0.0.1", int(w)) for w in words[2:]))
        elif words[0] == "flood": said = str(sum("refused" in self.try_open("session") for _ in range(200)))
        else: said = "?"
        channel.sendall(said.encode() + b"\n"); channel.send_exit_status(0); channel.close()

transports = []
def serve():
    while True:
        s, _ = listener.accept()
        t = paramiko.Transport(s); t.add_server_key(host_key); transports.append(t)
        try: t.start_server(server=Host(t))
        except Exception: pass
threading.Thread(target=serve, daemon=True).start()

base = ["ssh", "-F", "/dev/null", "-i", b.key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
        "-o", "ExitOnForwardFailure=yes", "-p", str(b.port)]
def ssh(*args, env=None):
    return subprocess.run([*base, "-o", "LogLevel=ERROR", *args], capture_output=True, timeout=60, stdin=subprocess.DEVNULL, env=env)
evil = "bench+evil@127.0.0.1"

try:
    began = time.monotonic()
    deaf = subprocess.Popen([*base, "-v", "-N", "-R", "7:127.0.0.1:1", evil], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE); b.procs.append(deaf)

    for kind, where in (("forwarded-tcpip", "8080 1"), ("x11", "1 1"), ("auth-agent@openssh.com", ""), ("session", ""), ("direct-tcpip", "22 1"),
                        ("direct-streamlocal@openssh.com", "")):
        r = ssh(evil, f"open {kind} {where}")
        ok(r.stdout == f"{kind} refused 1\n".encode(), f"{kind} that nobody asked for is refused, and the session goes on", r)

    # What was asked for, but not this.
    far, mine = port(), socket.socket(); mine.bind(("127.0.0.1", 0)); mine.listen()
    def answer():
        while True:
            c, _ = mine.accept(); c.recv(5); c.sendall(b"mine"); c.close()
    threading.Thread(target=answer, daemon=True).start()
    back = ["-R", f"{far}:127.0.0.1:{mine.getsockname()[1]}"]
    r = ssh(*back, evil, f"open forwarded-tcpip {far} 1")
    ok(b"open b'mine'" in r.stdout, "a connection to the port that was asked for comes through", r)
    r = ssh(*back, evil, f"open forwarded-tcpip {far + 1 if far < 65535 else far - 1} 1")
    ok(b"refused" in r.stdout, "to another port it does not", r)
    r = ssh(*back, evil, "open x11 1 1")
    ok(b"refused" in r.stdout, "and a display was not asked for", r)

    # The agent is lent to a session, for as long as that lives.
    sock, master = f"{b.dir}/keys", f"{b.dir}/master"
    b.procs.append(subprocess.Popen(["ssh-agent", "-D", "-a", sock], stdout=subprocess.DEVNULL))
    b.wait(lambda: os.path.exists(sock))
    lent = dict(os.environ, SSH_AUTH_SOCK=sock)
    m = subprocess.Popen([*base, "-A", "-MNS", master, evil], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=lent); b.procs.append(m)
    b.wait(lambda: os.path.exists(master))
    r = ssh("-A", "-S", master, evil, "open auth-agent@openssh.com", env=lent)
    ok(b"auth-agent@openssh.com open b'\\x00\\x00\\x00\\x05\\x0c" in r.stdout, "the agent that was lent answers", r)
    r = ssh("-S", master, "-o", "ForwardAgent=no", evil, "open auth-agent@openssh.com")
    ok(b"refused" in r.stdout, "once that session is over it is lent no more", r)
    m.terminate(); m.wait(60)

    r = ssh(evil, "flood")
    ok(r.stdout == b"200\n", "two hundred in a row are refused", r)

    out = deaf.communicate(timeout=60)[1].decode()
    ok(deaf.returncode == 255 and 9 < time.monotonic() - began < 50 and "does not answer" in out,
       "a host that does not answer does not hold the client up for ever", deaf.returncode, out)

    pack = f"{b.dir}/pack"
    b.ctl("audit", "export", "-o", pack)
    seen = [e for e in map(json.loads, open(f"{pack}/events.jsonl")) if "nobody asked for" in e["text"]]
    kinds = {(e["detail"] if isinstance(e["detail"], dict) else json.loads(e["detail"]))["kind"] for e in seen}
    ok({"forwarded-tcpip", "x11", "auth-agent", "session", "direct-tcpip", "unknown"} <= kinds and all("evil" in e["text"] for e in seen),
       "each kind is on the record", kinds)
    ok(len(seen) < 40, "and a flood does not fill it", len(seen))
finally:
    silent.set()
    for t in transports: t.close()
    b.stop()
end()
