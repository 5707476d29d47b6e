#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Policy by path, for sftp and scp: what a path leads to on the host is what is judged, whatever it is called."""
import os, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from clients import Clients, ok, need, end, run

need("ssh", "sftp", "scp")
b = Clients(build, policy="permit bench exec on env=bench as root\n")
d = os.path.realpath(f"{b.dir}/srv")
for name in ("in", "out/sub", "secret"): os.makedirs(f"{d}/{name}")
open(f"{d}/out/file", "w").write("public\n"); open(f"{d}/out/sub/deep", "w").write("deep\n"); open(f"{d}/secret/key", "w").write("secret\n")
open(f"{d}/out/not-this", "w").write("not this\n"); open(f"{b.dir}/local", "w").write("mine\n")
os.symlink("../secret/key", f"{d}/out/link"); os.symlink("../secret", f"{d}/out/dir"); os.symlink(f"{d}/out/file", f"{d}/in/good")
def load(text):
    open(f"{b.dir}/state/policy.conf", "w").write(text); b.ctl("reload")
load(f"""permit bench exec,jump on env=bench as root id bench
permit bench get on env=bench as root path {d}/out/**, {d}/in/** id readers
permit bench put on env=bench as root path {d}/in/** id writers
deny bench get on env=bench path {d}/out/not-* id not-this reason "not this one"
""")
def sftp(host, *lines): return run("sftp", "-q", "-F", b.config, "-b", "-", host, stdin="\n".join(lines).encode() + b"\n")
def got(): return open(f"{b.dir}/got").read() if os.path.exists(f"{b.dir}/got") else None
def fresh():
    if os.path.exists(f"{b.dir}/got"): os.unlink(f"{b.dir}/got")

try:
    for host in ("box", "agent", "box.fx"):
        for what, path, text in (("a file", "out/file", "public\n"), ("one further down", "out/sub/deep", "deep\n"), ("by another way", "secret/../out/./file", "public\n"),
                                 ("a link to one", "in/good", "public\n")):
            fresh(); r = sftp(host, f"get {d}/{path} {b.dir}/got")
            ok(r.returncode == 0 and got() == text, f"{host}: {what} that may be read", r)
        for what, path in (("another file", "secret/key"), ("one by dots", "out/../secret/key"), ("a link to it", "out/link"), ("through a link to its directory", "out/dir/key"),
                           ("one that a deny names", "out/not-this")):
            fresh(); b.mark(); r = sftp(host, f"get {d}/{path} {b.dir}/got"); e = b.audit(1001, 1, op="get")
            ok(r.returncode == 1 and not got() and b"ermission denied" in r.stderr, f"{host}: {what} is not", r)
            ok([(x["path"], x["result"]) for x in e] == [(f"{d}/{path}", "permission denied")] and len(b.audit(3003, 1, ok=0)) == 1, f"{host}: which is on the record, with its rule", e, b.audit(3003))
        r = sftp(host, f"cd {d}/out", f"get file {b.dir}/got")
        ok(r.returncode == 0 and got() == "public\n", f"{host}: a path within the client's own directory", r)
        p = f"{d}/in/{host}"
        r = sftp(host, f"put {b.dir}/local {p}", f"rename {p} {p}2", f"chmod 600 {p}2", f"mkdir {p}d", f"ln -s anything {p}l", f"rm {p}l", f"rmdir {p}d")
        ok(r.returncode == 0 and open(f"{p}2").read() == "mine\n" and os.stat(f"{p}2").st_mode & 0o777 == 0o600, f"{host}: what may be written, in all ways", r)
        refused = [f"put {b.dir}/local {d}/out/x", f"rm {d}/out/file", f"rename {p}2 {d}/out/x", f"rename {d}/out/file {p}3", f"mkdir {d}/out/x", f"rmdir {d}/out/sub", f"ln {d}/secret/key {p}3",
                   f"ln -s x {d}/out/x", f"chmod 777 {d}/out/file", f"chmod 777 {d}/out/link", f"put {b.dir}/local {d}/in/good", f"cp {d}/out/file {d}/out/x", f"cp {d}/secret/key {p}3"]
        r = [sftp(host, line) for line in refused]
        ok(all(x.returncode == 1 for x in r) and sorted(os.listdir(f"{d}/out")) == ["dir", "file", "link", "not-this", "sub"] and not os.path.exists(f"{p}3") and
           open(f"{d}/out/file").read() == "public\n" and os.stat(f"{d}/secret/key").st_mode & 0o777 != 0o777, f"{host}: what may not is not, in none",
           [(a, x) for a, x in zip(refused, r) if x.returncode != 1], os.listdir(f"{d}/out"))
        r = sftp(host, f"cp {d}/out/file {p}3")
        ok(r.returncode == 0 and open(f"{p}3").read() == "public\n", f"{host}: copied on the host, from what may be read to what may be written", r)
        r = run("scp", "-q", "-r", "-F", b.config, f"{host}:{d}/out/sub", f"{b.dir}/back-{host}"); r2 = run("scp", "-q", "-F", b.config, f"{host}:{d}/secret/key", f"{b.dir}/got")
        ok(r.returncode == 0 and os.path.exists(f"{b.dir}/back-{host}/deep") and r2.returncode == 1, f"{host}: scp as well", r, r2)
        r = sftp(host, f"get {d}/none/none {b.dir}/none", "ls"); r2 = sftp(host, f"get {d}/out/none {b.dir}/none")
        ok(all(x.returncode == 1 and (b"not found" in x.stderr or b"No such file" in x.stderr) for x in (r, r2)), f"{host}: what is not there is not there", r, r2)
        many = [f"put {b.dir}/local {d}/in/m{i}" for i in range(100)]; b.mark()
        r = sftp(host, *many); e = b.audit(1001, 100, op="put")
        ok(r.returncode == 0 and len(e) == 100 and all(x["coverage"] == "whole" for x in e) and not b.audit(3003, 0, verb="put", path=f"{d}/in/m1"), f"{host}: a hundred files, each a row", r, len(e))
    # A policy that begins to look at paths: a session that does not ask about them ends.
    load("permit bench get,put on env=bench as root id bench\n")
    s = subprocess.Popen(["sftp", "-q", "-F", b.config, "box"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    s.stdin.write(f"get {d}/secret/key {b.dir}/before\n".encode()); s.stdin.flush()
    b.wait(lambda: os.path.exists(f"{b.dir}/before") and os.path.getsize(f"{b.dir}/before"))
    load(f"permit bench get,put on env=bench as root path {d}/in/** id bench\n")
    try: out = s.communicate(timeout=60)[0]; ended = True
    except subprocess.TimeoutExpired: s.kill(); out, ended = s.communicate()[0], False
    ok(ended and b"the policy looks at paths now" in out, "a session from before the policy looked at paths is ended", out)
finally:
    b.stop()
end()
