#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The relay and its recorder with real clients and a real sshd: bytes, ends, refusals, and a store that dies."""
import hashlib, os, re, signal, socket, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, needs_bastion, ok
needs_bastion()
from bastion import Bastion, memory_peak, talk

permit = "permit bench shell,exec,put,get on env=bench as root id bench\n"
b = Bastion(build, "KernelAudit off\nRecordTimeout 3s\n", permit)
def run(way, *args, stdin=None, text=True, timeout=60):
    return subprocess.run(b.ssh(way) + list(args), capture_output=True, text=text, timeout=timeout,
                          **({"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}))

try:
    for way in ("fortress", "agent"):
        r = run(way, "echo out; echo err >&2; exit 7")
        ok((r.stdout, r.stderr, r.returncode) == ("out\n", "err\n", 7), f"{way}: stdout, stderr and status arrive apart", r)
        r = run(way, "kill -TERM $$")
        ok(r.returncode in (143, 255), f"{way}: death by a signal is told", r.returncode)
        r = run(way, "cat; echo end", stdin="one\ntwo\n")
        ok(r.stdout == "one\ntwo\nend\n", f"{way}: EOF on stdin ends the reader", r.stdout)
        r = run(way, "bash", stdin="echo from a script\nexit 4\n")
        ok(r.stdout == "from a script\n" and r.returncode == 4, f"{way}: a script on stdin", r)
        data = os.urandom(20 << 20); want = hashlib.md5(data).hexdigest()
        r = subprocess.run(b.ssh(way, "-o", "RekeyLimit=3M") + ["cat"], input=data, capture_output=True, timeout=60)
        ok(hashlib.md5(r.stdout).hexdigest() == want, f"{way}: 20 MB both ways over many rekeys are the same bytes", len(r.stdout))
        text, rc = talk(b.ssh(way, "-tt") + ["stty size; read x; echo got $x; exit 3"], [("24 80", "word\n")])
        ok("got word" in text and rc == 3, f"{way}: a terminal of the right size", text, rc)

    last = b.sessions()[0]
    r = run("fortress", "head -c 300000 /dev/zero | tr '\\0' x; echo done")
    rec = subprocess.run([f"{build}/fortress", "session", "print", b.sessions()[0]["id"], "--raw"], env=b.env, capture_output=True,
                         stdin=subprocess.DEVNULL).stdout
    ok(rec == r.stdout.encode(), "the record holds exactly what was delivered", len(rec), len(r.stdout))

    mux = f"{b.dir}/mux"
    subprocess.run(b.ssh("fortress", "-M", "-S", mux, "-fN"), check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    many = [subprocess.Popen(b.ssh("fortress", "-S", mux) + [f"echo {i}; exit {i}"], stdout=subprocess.PIPE, text=True,
                             stdin=subprocess.DEVNULL) for i in range(10)]
    outs = [(p.communicate(timeout=60)[0], p.returncode) for p in many]
    ok(outs == [(f"{i}\n", i) for i in range(10)], "ten channels at once on one connection", outs)
    subprocess.run(b.ssh("fortress", "-S", mux, "-O", "exit"), capture_output=True)

    b.reload(permit + "deny bench exec on env=bench cmd { /usr/bin/dd ** } reason \"not here\"\n")
    r = run("fortress", "dd if=/dev/null")
    b.reload(permit)
    ok(r.returncode == 255 and re.search(r"^fortress: .*not here.* \[denied\]$", r.stderr, re.M), "a denied command: one line, 255", r)
    r = run("fortress")
    for user, code in (("bench+nohost", "no-host"), ("bench+other+box", "denied")):
        argv = b.ssh("fortress"); argv[-1] = f"{user}@127.0.0.1"
        r = subprocess.run(argv + ["true"], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        ok(r.returncode == 255 and r.stderr.count("\n") == 1 and f"[{code}]" in r.stderr, f"{user}: one line, 255", r.stderr)
    argv = b.ssh("fortress"); argv[-1] = "x" * 10000 + "\x1b[2J@127.0.0.1"
    r = subprocess.run(argv + ["true"], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    ok(r.returncode == 255, "a user name of 10 kB is refused", r.stderr[-200:])

    half = [socket.create_connection(("127.0.0.1", b.port)) for _ in range(30)]
    half[0].sendall(b"GET / HTTP/1.0\r\n\r\n" + b"\0" * 4000)
    ok(run("fortress", "echo in").stdout == "in\n", "half-open connections and garbage keep nobody out")
    for s in half: s.close()

    b.ctl("host", "add", "down", "127.0.0.1", "--port", "1", "--login", "root", "--label", "env=bench", "--hostkey", f"{b.dir}/hk.pub")
    argv = b.ssh("fortress"); argv[-1] = "bench+down@127.0.0.1"
    r = subprocess.run(argv + ["true"], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    ok(r.returncode == 255 and "[target-down]" in r.stderr, "a target that is down: one line, 255", r.stderr)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/hk2"], check=True)
    b.ctl("host", "add", "changed", "127.0.0.1", "--port", str(b.sshd_port), "--login", "root", "--label", "env=bench",
          "--hostkey", f"{b.dir}/hk2.pub")
    argv[-1] = "bench+changed@127.0.0.1"
    r = subprocess.run(argv + ["true"], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    ok(r.returncode == 255 and "[host-key]" in r.stderr and len(set(re.findall(r"SHA256:\S{20,}", r.stderr))) == 2,
       "a changed host key is refused with both fingerprints", r.stderr)

    # libssh's own buffer grows without end behind a reader that takes less than all, and drops bytes at 256 MiB.
    def grown(): return memory_peak([b.agent.pid, *b.children(b.agent.pid), *b.fronts()])
    for way in ("fortress", "agent"):
        p = subprocess.Popen(b.ssh(way) + ["head -c 320M /dev/zero | openssl enc -aes-128-ctr -pass pass:x -nosalt 2>/dev/null"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        count, peak, sha = 0, 0, hashlib.sha256()
        while data := p.stdout.read(65536):                      # a slow reader: hashed four times
            for _ in range(4): sha.update(data)
            count += len(data)
            if count % (64 << 20) < 65536: peak = max(peak, grown())
        ok(p.wait(20) == 0 and count == 320 << 20, f"{way}: 320 MB to a slow reader, all of them", count, p.returncode)
        ok(0 < peak < 125, f"{way}: and nobody grows: {peak} MB", peak)
    for way in ("fortress", "agent"):
        p = subprocess.Popen(b.ssh(way) + ["python3 -c 'import sys, hashlib; n = 0\nwhile d := sys.stdin.buffer.read(65536):\n n += len(d); [hashlib.sha512(d) for _ in range(8)]\nprint(n)'"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        block, peak = os.urandom(1 << 20), 0
        for i in range(320):
            p.stdin.write(block)
            if i % 64 == 63: peak = max(peak, grown())
        p.stdin.close()
        ok(p.wait(60) == 0 and p.stdout.read() == b"%d\n" % (320 << 20), f"{way}: 320 MB to a slow program, all of them")
        ok(0 < peak < 125, f"{way}: and nobody grows: {peak} MB", peak)

    for name in ("store", "gate"):
        p = subprocess.Popen(b.ssh("fortress") + ["echo up; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
        p.stdout.readline(); os.kill(b.child(name), signal.SIGKILL)
        p.wait(20); said = p.stderr.read()
        ok(p.returncode == 255 and "fortress: " in said, f"{name} killed: the session ends and says so", said, p.returncode)
        b.wait(lambda: subprocess.run([f"{build}/fortress", "status"], env=b.env, capture_output=True).returncode == 0)
        b.wait(lambda: run("fortress", "echo back").stdout == "back\n")
        mine = [s for s in b.sessions() if s["command"] == "echo up; exec cat"][0]
        ok(mine["state"] in ("lost", "closed"), f"{name} killed: its session is closed and marked: {mine['state']}", mine)

    p = subprocess.Popen(b.ssh("fortress") + ["echo up; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
    p.stdout.readline(); stopped = b.child("store"); os.kill(stopped, signal.SIGSTOP)
    try:
        p.stdin.write("more\n"); p.stdin.flush(); p.wait(30)
        said = p.stderr.read()
        ok(p.returncode == 255 and "recorder does not answer" in said, "a store that hangs: the session ends within RecordTimeout", said)
    except subprocess.TimeoutExpired:
        ok(False, "a store that hangs: the session ends within RecordTimeout"); p.kill()
    finally:
        os.kill(stopped, signal.SIGCONT)
    r = b.ctl("audit", "verify", "--db")
    ok("yes" in r, "and the database verifies after all this", r)
finally:
    b.stop()
end()
