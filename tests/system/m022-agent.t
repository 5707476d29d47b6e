#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The user's ssh-agent and display, lent to a host: ssh -A, -X, -Y."""
import json, os, shutil, socket, struct, subprocess, sys, threading

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, ok, without
from bastion import talk
from clients import Clients, need
need("ssh-agent")

b = Clients(build, policy="""permit bench any on env=bench as root id bench
deny bench agent-forward,x11 on host closed reason "keep your keys at home"
permit bench exec on host two as root
permit bench agent-forward,x11 on host two as daemon
""", sshd="X11Forwarding yes\nAddressFamily inet\n", hosts=("closed", "two"))
b.ctl("host", "add", "closed", "127.0.0.1", "--port", str(b.sshd_port), "--login", "root", "--label", "env=bench", "--hostkey", f"{b.dir}/hk.pub")
b.ctl("host", "add", "two", "127.0.0.1", "--port", str(b.sshd_port), "--login", "daemon,root", "--label", "env=two", "--hostkey", f"{b.dir}/hk.pub")
config, sock = b.config, f"{b.dir}/agent"

env = {k: v for k, v in os.environ.items() if k not in ("SSH_AUTH_SOCK", "DISPLAY")}
def ssh(*args, more={}):
    return subprocess.run(["ssh", "-F", config, *args], capture_output=True, timeout=60, stdin=subprocess.DEVNULL, env={**env, **more})
def lend(*args): return ssh("-A", *args, more={"SSH_AUTH_SOCK": sock})
def sessions(kind): return [s for s in b.sessions() if s["channel"] == kind]

class Display(threading.Thread):
    """As much of an X server as a client's first words need: it keeps them and answers "failed"."""
    def __init__(self):
        super().__init__(daemon=True)
        for self.number in range(50, 150):
            self.listener = socket.socket()
            try: self.listener.bind(("127.0.0.1", 6000 + self.number)); break
            except OSError: self.listener.close()
        self.listener.listen(); self.seen = []; self.start()
    def run(self):
        while True:
            c, _ = self.listener.accept()
            self.seen.append(c.recv(4096))
            c.sendall(b"\0\x04" + struct.pack("<HHH", 11, 0, 1) + b"nope")
            c.close()

# On the host: an X client's first words, with the cookie that xauth has for it.
client = f"""import os, re, socket, struct, subprocess
d = os.environ["DISPLAY"]; number = int(re.match(r".*:([0-9]+)", d)[1])
line = subprocess.run(["xauth", "list", d], capture_output=True, text=True).stdout.split()
name, cookie = line[-2].encode(), bytes.fromhex(line[-1])
s = socket.create_connection(("127.0.0.1", 6000 + number))
pad = lambda b: b + bytes(-len(b) % 4)
s.sendall(b"l\\0" + struct.pack("<HHHHH", 11, 0, len(name), len(cookie), 0) + pad(name) + pad(cookie))
print(s.recv(100))
"""
open(f"{b.dir}/client.py", "w").write(client)

keys = None
try:
    keys = subprocess.Popen(["ssh-agent", "-D", "-a", sock], stdout=subprocess.DEVNULL); b.procs.append(keys)
    b.wait(lambda: os.path.exists(sock))
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lent", "-f", f"{b.dir}/lent")
    b.run("ssh-add", "-q", f"{b.dir}/lent", env={**env, "SSH_AUTH_SOCK": sock})
    print_ = b.run("ssh-keygen", "-lf", f"{b.dir}/lent.pub").split()[1]

    r = lend("box", "ssh-add -l")
    ok(r.returncode == 0 and print_.encode() in r.stdout, "-A: the host sees the user's key", r)
    r = lend("box", f"ssh-add -T {b.dir}/lent.pub")
    ok(r.returncode == 0, "and has something signed", r)
    b.wait(lambda: all(s["state"] == "closed" for s in sessions("agent")))
    rows = sessions("agent")
    ok(len(rows) == 2 and all(r["host"] == "box" and r["user"] == "bench" for r in rows), "each use is a row", rows)
    texts = [b.ctl("session", "print", r["id"]) for r in rows]
    ok(any(f"agent: sign {print_}" in t for t in texts) and any("agent: list" in t for t in texts), "with what was asked, and of which key", texts)
    raw = b"".join(subprocess.run([f"{build}/fortress", "session", "print", r["id"], "--raw"], capture_output=True, env=b.env).stdout for r in rows)
    ok(b"ssh-ed25519" not in raw and all("bytes in" in t and "bytes out" in t for t in texts), "of the rest only how many bytes", raw, texts)
    r = ssh("box", "echo [$SSH_AUTH_SOCK]")
    ok(r.stdout == b"[]\n", "who does not lend it lends nothing", r)
    r = lend("box.fx", "ssh-add -l")
    ok(print_.encode() in r.stdout, "inside a jump", r)
    r = lend("bastion", "box", "ssh-add", "-l")
    ok(print_.encode() in r.stdout, "when the command names the host", r)
    m = subprocess.Popen(["ssh", "-F", config, "-AMNS", f"{b.dir}/m", "box"], stdin=subprocess.DEVNULL, env={**env, "SSH_AUTH_SOCK": sock}); b.procs.append(m)
    b.wait(lambda: os.path.exists(f"{b.dir}/m"))
    many = [subprocess.Popen(["ssh", "-F", config, "-A", "-S", f"{b.dir}/m", "box", f"ssh-add -T {b.dir}/lent.pub && ssh-add -l"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env={**env, "SSH_AUTH_SOCK": sock}) for _ in range(6)]
    ok(all(print_.encode() in p.communicate(timeout=60)[0] and p.returncode == 0 for p in many), "six at once on one connection")

    r = lend("closed", "echo [$SSH_AUTH_SOCK]; exit 4")
    ok((r.stdout, r.stderr, r.returncode) == (b"[]\n", b"", 4), "where it is denied the command runs without it, and nothing is mixed into it", r)
    out, code = talk(["ssh", "-F", config, "-tt", "-A", "closed", "echo [$SSH_AUTH_SOCK]"], [], env={**env, "SSH_AUTH_SOCK": sock})
    ok(code == 0 and "[]" in out and "no agent forwarding" in out and "keep your keys at home" in out, "on a terminal a line says so", out)
    r = lend("two", "id -un; echo [$SSH_AUTH_SOCK]")
    ok(r.stdout == b"root\n[]\n", "what another login may have is not lent to this one", r)
    r = lend("agent", f"ssh-add -T {b.dir}/lent.pub && ssh-add -l; stat -c '%a %U' $(dirname $SSH_AUTH_SOCK); echo $SSH_AUTH_SOCK")
    where = r.stdout.decode().split()[-1]
    ok(print_.encode() in r.stdout and b"\n700 root\n" in r.stdout, "a staragent takes it, in a place that is its account's alone", r)
    b.wait(lambda: not os.path.exists(os.path.dirname(where)))
    ok(where.startswith("/tmp/ssh-"), "which goes with the connection", where)

    # The display.
    if not shutil.which("xauth"):
        without(True, "X11", "no xauth")
    else:
        x = Display()
        show = lambda *args: ssh("-o", "ForwardX11Trusted=yes", "-X", *args, more={"DISPLAY": f"127.0.0.1:{x.number}", "HOME": b.dir, "XAUTHORITY": f"{b.dir}/xa"})
        r = show("box", f"/usr/bin/python3 {b.dir}/client.py")
        ok(b"nope" in r.stdout and len(x.seen) == 1 and b"MIT-MAGIC-COOKIE-1" in x.seen[0], "-X: the host's program reaches the user's display", r, x.seen)
        b.wait(lambda: all(s["state"] == "closed" for s in sessions("x11")))
        rows = sessions("x11")
        text = b.ctl("session", "print", rows[0]["id"]) if rows else ""
        ok(len(rows) == 1 and "from 127.0.0.1 port" in text and "bytes in" in text and "bytes out" in text and "COOKIE" not in text,
           "a row with its bytes counted, none of them kept", rows, text)
        r = show("-o", "LogLevel=INFO", "closed", "echo [$DISPLAY]; exit 4")
        ok(r.stdout == b"[]\n" and r.returncode == 4 and b"X11 forwarding request failed" in r.stderr, "where it is denied the client is told", r)
        r = show("bastion", "box", f"/usr/bin/python3 {b.dir}/client.py")
        ok(b"nope" in r.stdout, "when the command names the host", r)
        r = show("bastion", "closed", "echo [$DISPLAY]")
        ok(r.stdout == b"[]\n", "and it is denied there too", r)
        r = show("two", "id -un; echo [$DISPLAY]")
        ok(r.stdout == b"root\n[]\n", "nor is it shown what another login may show", r)
        r = show("agent", "echo [$DISPLAY]; exit 4")
        ok(r.stdout == b"[]\n" and r.returncode == 4, "a host that does not forward it: the session goes on", r)

    e = b.events()
    denied = [x["detail"] for x in e if x["class"] == 3003 and not x["ok"]]
    verbs = [(json.loads(d) if isinstance(d, str) else d)["verb"] for d in denied]
    ok(verbs.count("agent-forward") == 3 and verbs.count("x11") >= (3 if shutil.which("xauth") else 0), "each refusal is on the record", verbs)
    ok(any(f"box asked the agent of bench for 1 signatures" in x["text"] for x in e), "and each use", [x["text"] for x in e][-10:])
finally:
    b.stop()
end()
