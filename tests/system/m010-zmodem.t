#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""rz and sz in a terminal: files arrive, and each is on the record with its name, size and hash."""
import hashlib, os, select, signal, subprocess, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from clients import Clients, ok, need, end

need("ssh", "sz", "rz")
b = Clients(build)
data = os.urandom(4_000_000) + bytes(range(256)) * 1000; sha = hashlib.sha256(data).hexdigest()
local, there = f"{b.dir}/local", f"{b.dir}/there"; os.makedirs(local); os.makedirs(there)
def transfer(host, typed, program, cwd):
    """A login shell in which a command is typed; then program talks to it, as a terminal that knows ZMODEM would."""
    p = subprocess.Popen(b.argv(host, options=("-tt", "-e", "none")), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    def until(text):
        seen, limit = b"", time.monotonic() + 20
        while text not in seen and time.monotonic() < limit:
            if select.select([p.stdout], [], [], 0.2)[0]: seen += os.read(p.stdout.fileno(), 1)    # one by one: the rest is program's
    os.write(p.stdin.fileno(), b"PS1=; stty -echo; echo 're''ady'\n"); until(b"ready")
    os.write(p.stdin.fileno(), typed.encode() + b"\n")
    z = subprocess.Popen(program, cwd=cwd, stdin=p.stdout.fileno(), stdout=p.stdin.fileno(), stderr=subprocess.PIPE)
    said = z.communicate(timeout=60)[1]
    if program[0] == "sz": until(b"over")            # the host's rz reads on for a while: what is typed before it ends is its own
    os.write(p.stdin.fileno(), b"stty sane; exit 3\n")
    try: p.communicate(timeout=60)
    except subprocess.TimeoutExpired: p.kill(); p.wait()
    return z.returncode, p.returncode, said

try:
    for host in ("box", "agent", "box.fx"):
        d = f"{there}/{host}"; os.makedirs(d); name = "文件.bin"
        open(f"{local}/{name}", "wb").write(data); open(f"{local}/leer", "wb").close()
        b.mark()
        got = transfer(host, f"cd {d}; rz -q -b; echo 'ov''er'", ["sz", "-q", "-b", f"{local}/{name}", f"{local}/leer"], local)
        e = b.audit(1001, 2)
        ok(got[:2] == (0, 3) and open(f"{d}/{name}", "rb").read() == data and os.path.getsize(f"{d}/leer") == 0, f"{host}: two files up by rz", got)
        ok([(x["tool"], x["op"], x["path"], x["bytes"], x.get("sha256"), x["result"]) for x in e] ==
           [("zmodem", "put", name, len(data), sha, "ok"), ("zmodem", "put", "leer", 0, hashlib.sha256().hexdigest(), "ok")], f"{host}: both on the record", e)
        back = f"{b.dir}/back-{host}"; os.makedirs(back); b.mark()
        got = transfer(host, f"sz -q -b {d}/{name}", ["rz", "-q", "-b"], back)
        e, rows = b.audit(1001, 1), b.rows(channel="shell")
        ok(got[:2] == (0, 3) and open(f"{back}/{name}", "rb").read() == data, f"{host}: a file down by sz", got)
        ok([(x["tool"], x["op"], x["path"], x["bytes"], x.get("sha256"), x["session"]) for x in e] == [("zmodem", "get", name, len(data), sha, rows[0]["id"])], f"{host}: on the record, with its session", e)
        ok("[zmodem get" in b.ctl("session", "print", rows[0]["id"]), f"{host}: and in the recording")
    # Cut off in the middle: its receiver stops, and more is on its way than anybody holds.
    with open(f"{there}/long", "wb") as f: f.truncate(60 << 20)
    b.mark()
    p = subprocess.Popen(b.argv("box", f"stty raw -echo; sz -q -b {there}/long", options=("-tt", "-e", "none")), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    z = subprocess.Popen(["rz", "-q", "-b"], cwd=b.dir, stdin=p.stdout, stdout=p.stdin, stderr=subprocess.DEVNULL)
    b.wait(lambda: os.path.exists(f"{b.dir}/long") and os.path.getsize(f"{b.dir}/long") > 0)
    z.send_signal(signal.SIGSTOP); p.terminate(); p.wait(20); z.kill(); z.wait(20)
    e = b.audit(1001, 1)
    ok([(x["op"], x["path"], x["result"], "sha256" in x, x["ok"]) for x in e] == [("get", "long", "interrupted", False, 0)], "one that is cut off is a row too", e)
finally:
    b.stop()
end()
