#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""What OpenSSH's client asks of a session: commands, terminals, scripts, 200 MB, keepalives, to an sshd and an agent, also in a jump."""
import hashlib, os, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from bastion import talk
from clients import Clients, ok, need, end

need("ssh")
b = Clients(build)
big = os.urandom(1 << 20); wanted = hashlib.sha256()
with open(f"{b.dir}/big", "wb") as f:
    for i in range(200): block = big[i * 997:] + big[:i * 997]; f.write(block); wanted.update(block)
try:
    for host, login in (("box", "box"), ("agent", "agent"), ("box.fx", "box"), ("agent.fx", "agent")):
        b.mark()
        r = b.on(host, "echo hi; echo oops >&2; exit 7")
        s = b.rows(channel="exec")
        ok((r.stdout, r.stderr, r.returncode) == (b"hi\n", b"oops\n", 7), f"{host}: output, stderr apart, status 7", r)
        ok(len(s) == 1 and (s[0]["host"], s[0]["exit"], s[0]["command"]) == (login, "7", "echo hi; echo oops >&2; exit 7") and
           b.audited(s[0], "exec"), f"{host}: and its row and its audit", s)
        ok(b.record(s[0]) == b"hi\n" and b.record(s[0], "--raw=err") == b"oops\n", f"{host}: both streams on the record, apart")
        b.mark()
        r = b.on(host, "kill -TERM $$", options=("-o", "LogLevel=DEBUG1"))
        s = b.rows()
        ok(r.returncode == 255 and b"rtype exit-signal" in r.stderr and [x["exit"] for x in s] == ["signal TERM"], f"{host}: killed by a signal: told as one", r.returncode, s)
        b.mark()
        script = b"#!/bin/bash\n" + b"".join(b"n=%d # \xe6\x96\x87\xe4\xbb\xb6\n" % i for i in range(20000)) + b"echo $n; exit 4\n"
        r = b.on(host, "bash", stdin=script)
        s = b.rows()
        ok((r.stdout, r.returncode) == (b"19999\n", 4), f"{host}: a script of 400 kB on stdin", r.returncode, r.stderr)
        ok(len(s) == 1 and b.record(s[0], "--raw=in") == script, f"{host}: and the script is on the record, byte by byte", s)
        b.mark()
        out, rc = talk(b.argv(host, "trap 'stty size; exit 3' WINCH; echo $TERM; tty; stty size; while :; do read -t 0.1 x; done", options=("-tt",)),
                       [("33 200", (20, 55))], size=(33, 200))
        s = b.rows()
        ok("33 200" in out and "20 55" in out and "/dev/pts/" in out and rc == 3, f"{host}: a terminal of 200 columns, and its new size", out, rc)
        ok([x["exit"] for x in s] == ["3"] and b'"r","55x20"' in b.record(s[0], "--cast"), f"{host}: the new size is on the record", s)
        b.mark()
        r = b.on(host, stdin=b"echo in $0; echo oops >&2; test -t 0 || exit 6\n", options=("-T",)); s = b.rows()
        ok((r.stdout.startswith(b"in "), r.stderr.endswith(b"oops\n"), r.returncode) == (True, True, 6) and [(x["channel"], x["exit"]) for x in s] == [("shell", "6")] and
           b"exit 6" in b.record(s[0], "--raw=in"), f"{host}: a shell without a terminal, and what was asked of it on the record", r, s)
        if login == "agent":
            r = b.on(host, "echo $LC_TEST,$EVIL,$LD_PRELOAD", options=("-o", "SetEnv=LC_TEST=kept EVIL=1 LD_PRELOAD=/x"))
            ok(r.stdout == b"kept,,\n", f"{host}: of the environment what is harmless", r)
        if login != host: continue
        b.mark()
        out, rc = talk(b.argv(host, options=("-tt",)), [("", "PS1=; stty -echo; echo 're''ady'\n"), ("ready", "printf '%s\\n' '中文 ünï 💾'; exit 3\n")])
        s = b.rows(channel="shell")
        ok("中文 ünï 💾" in out and rc == 3, f"{host}: a login shell, UTF-8 both ways", out, rc)
        ok(len(s) == 1 and s[0]["exit"] == "3" and "中文 ünï 💾".encode() in b.record(s[0]) and b.audited(s[0], "shell"), f"{host}: and its row and audit", s)
    for host in ("box", "agent"):
        b.mark()
        r = b.on(host, "sha256sum", stdin=open(f"{b.dir}/big", "rb"))
        s = b.rows()
        ok(r.stdout.split()[:1] == [wanted.hexdigest().encode()], f"{host}: 200 MB up, the same sum", r.stdout, r.stderr)
        ok(len(s) == 1 and hashlib.sha256(b.record(s[0], "--raw=in")).hexdigest() == wanted.hexdigest(), f"{host}: and out of the record, the same sum", s)
        b.mark()
        r = b.on(host, f"head -c 10M {b.dir}/big; head -c 3M {b.dir}/big >&2")
        s = b.rows()
        ok(b.record(s[0]) == r.stdout and len(r.stdout) == 10 << 20 and b.record(s[0], "--raw=err") == r.stderr and len(r.stderr) == 3 << 20,
           f"{host}: 10 MB and 3 MB of stderr are in the record as they were delivered", len(r.stdout), len(r.stderr))
        r = b.on(host, "sleep 3; echo alive", options=("-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=1"))
        ok((r.stdout, r.returncode) == (b"alive\n", 0), f"{host}: keepalives are answered", r)
    b.mark(); inner = " ".join(b.argv("bastion", options=("-W", "box:22")))
    r = b.on("box.fx", "echo by hand; exit 5", options=("-o", "ProxyJump=none", "-o", f"ProxyCommand={inner}")); s = b.rows()
    ok((r.stdout, r.returncode) == (b"by hand\n", 5) and [(x["host"], x["exit"]) for x in s] == [("box", "5")], "ssh -W as a ProxyCommand", r, s)
    r = b.on("box", "sleep 1; echo still", options=("-o", "UpdateHostKeys=yes", "-o", f"UserKnownHostsFile={b.known}"))
    ok((r.stdout, r.returncode) == (b"still\n", 0), "UpdateHostKeys=yes disturbs nothing", r)
    out, rc = talk(b.argv("box", "echo up; read x; echo got $x; read y; echo and $y", options=("-tt", "-e", "~")), [("up", "one\n"), ("got one", "~Btwo\n")])
    ok("and two" in out and rc == 0, "a break goes by and the session goes on", out, rc)
finally:
    b.stop()
end()
