#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""scp's own protocol, curl (libssh2) and sshfs, each copy on the record."""
import hashlib, os, shutil, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from clients import alike, Clients, ok, need, end, run, skip, without

need("ssh", "scp")
b = Clients(build)
data = os.urandom(5_000_000); local = f"{b.dir}/local"; open(local, "wb").write(data)
def same(path): return open(path, "rb").read() == data

try:
    tree = b.tree(data)
    for host in ("box", "agent", "box.fx"):
        b.mark()
        r = run("scp", "-q", "-O", "-F", b.config, local, f"{host}:{b.dir}/scp-{host}"); r2 = run("scp", "-q", "-O", "-r", "-p", "-F", b.config, f"{host}:{tree}", f"{b.dir}/got-{host}")
        r3 = run("scp", "-q", "-O", "-F", b.config, f"{host}:{b.dir}/loc*", f"{b.dir}/glob-{host}")
        ok(r.returncode == r2.returncode == r3.returncode == 0 and same(f"{b.dir}/scp-{host}") and alike(tree, f"{b.dir}/got-{host}") and same(f"{b.dir}/glob-{host}"), f"{host}: scp -O, a tree, a pattern", r, r2, r3)
        e = b.copies("scp", 3); rows = b.audit(1001, 0, tool="scp")
        ok(e == [("put", f"{b.dir}/scp-{host}", "exit 0"), ("get", tree, "exit 0"), ("get", f"{b.dir}/loc*", "exit 0")] and [bool(x.get("patterns")) for x in rows] == [False, False, True] and
           rows[0]["bytes"] > len(data) and rows[0]["coverage"] == "stream", f"{host}: three copies on the record", e, rows)
    b.mark()
    r = b.on("box", f"scp -t {b.dir}/x; echo done", stdin=b""); r2 = b.on("box", "echo scp -t /tmp/x")
    ok(len(b.rows(2)) == 2 and not b.audit(1001), "a command that only looks like one is none", r, b.audit(1001))
    if not without("curl", "curl"):
        def curl(*a):
            for t in ("ed25519", "ecdsa", "rsa"):                # which key is shown is libssh2's choice
                shown = run("ssh-keygen", "-lf", f"{b.dir}/state/keys/host_{t}.pub").stdout.split()[1].decode().split(":")[1]
                r = run("curl", "-s", "-S", "--key", b.key, "--pubkey", b.key + ".pub", "--hostpubsha256", shown, *a)
                if r.returncode != 60: break
            return r
        if b"sftp" not in run("curl", "-V").stdout: skip("curl's sftp", "its curl has none")
        else:
            for host in ("box", "agent"):
                b.mark(); base = f"sftp://bench+{host}@127.0.0.1:{b.port}"
                r = curl(f"{base}{local}", "-o", f"{b.dir}/curl-{host}"); r2 = curl("-T", local, f"{base}{b.dir}/up-{host}"); r3 = curl(f"scp://bench+{host}@127.0.0.1:{b.port}{local}", "-o", f"{b.dir}/cs-{host}")
                ok(r.returncode == r2.returncode == r3.returncode == 0 and same(f"{b.dir}/curl-{host}") and same(f"{b.dir}/up-{host}") and same(f"{b.dir}/cs-{host}"), f"{host}: curl's sftp:// and scp://", r, r2, r3)
                e = b.audit(1001, 3)
                ok({(x["tool"], x["op"]) for x in e if x["op"] in ("get", "put")} == {("sftp", "get"), ("sftp", "put"), ("scp", "get")} and
                   [x.get("sha256") for x in e if x["tool"] == "sftp" and x["op"] in ("get", "put")] == [hashlib.sha256(data).hexdigest()] * 2, f"{host}: on the record", e)
    if not without("sshfs", "sshfs"):
        mnt = f"{b.dir}/mnt"; os.makedirs(mnt); os.makedirs(f"{b.dir}/far")
        b.mark()
        r = run("sshfs", f"box:{b.dir}/far", mnt, "-F", b.config)
        if r.returncode != 0: skip("sshfs", "no fuse here")
        else:
            try:
                run("cp", "-r", tree, f"{mnt}/tree"); shutil.copy(local, f"{mnt}/big")
                with open(f"{mnt}/big", "r+b") as f: f.seek(1000); f.write(b"in the middle"); f.truncate(2_000_000)
                os.rename(f"{mnt}/big", f"{mnt}/文"); os.chmod(f"{mnt}/文", 0o600)
                want = (data[:1000] + b"in the middle" + data[1013:])[:2_000_000]
                ok(alike(tree, f"{b.dir}/far/tree") and open(f"{b.dir}/far/文", "rb").read() == want == open(f"{mnt}/文", "rb").read(), "sshfs: a tree, a write in the middle, rename, chmod")
                shutil.rmtree(f"{mnt}/tree"); ok(os.listdir(f"{b.dir}/far") == ["文"], "and removed")
            finally: run("fusermount3", "-u", mnt)
            e = b.audit(1001, 100)
            ok({"put", "rename", "setstat", "remove", "rmdir", "mkdir", "symlink", "list"} <= {x["op"] for x in e} and b.rows(channel="sftp"), "all of it on the record", {x["op"] for x in e})
finally:
    b.stop()
end()
