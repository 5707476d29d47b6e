#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""rsync and git: through the host's name and through a jump, each copy on the record."""
import os, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from clients import alike, Clients, ok, need, end, run, without

need("ssh")
b = Clients(build)
ssh = f"ssh -F {b.config}"
env = dict(os.environ, GIT_SSH_COMMAND=ssh, GIT_CONFIG_GLOBAL=f"{b.dir}/gitconfig", GIT_CONFIG_NOSYSTEM="1", HOME=b.dir)
data = os.urandom(5_000_000); local = f"{b.dir}/local"; open(local, "wb").write(data)
def same(path): return open(path, "rb").read() == data

try:
    tree = b.tree(data)
    if not without("rsync", "rsync"):
        for host in ("box", "agent", "box.fx", "agent.fx"):
            there, back = f"{b.dir}/there-{host}", f"{b.dir}/back-{host}"
            b.mark(); sync = lambda *a: run("rsync", "-a", "--delete", "-e", ssh, *a)
            r = sync(f"{tree}/", f"{host}:{there}/")
            ok(r.returncode == 0 and alike(tree, there), f"{host}: rsync up", r)
            os.unlink(f"{there}/f 0"); open(f"{there}/extra", "w").write("x"); open(f"{there}/f 2", "ab").write(b"more")
            r = sync(f"{tree}/", f"{host}:{there}/")
            ok(r.returncode == 0 and alike(tree, there), f"{host}: and again, with what is to be deleted and what differs", r)
            r = sync(f"{host}:{there}/", f"{back}/"); r2 = run("rsync", "-a", "-e", ssh, f"{host}:{there}/none", f"{back}/")
            ok(r.returncode == 0 and alike(tree, back) and r2.returncode == 23, f"{host}: rsync down; a file that is not there is told", r, r2)
            got = b.copies("rsync", 4)
            ok(got == [("put", f"{there}/", "exit 0"), ("put", f"{there}/", "exit 0"), ("get", f"{there}/", "exit 0"), ("get", f"{there}/none", "exit 23")], f"{host}: four copies on the record", got)
        open(f"{b.dir}/half", "wb").write(data[:2_000_000])
        r = run("rsync", "--append", "-e", ssh, local, f"box:{b.dir}/half")
        ok(r.returncode == 0 and same(f"{b.dir}/half"), "rsync --append: only the rest", r)
        b.mark(); r = run("rsync", "-s", "-e", ssh, local, f"box:{b.dir}/a name")
        ok(r.returncode == 0 and same(f"{b.dir}/a name") and b.copies("rsync") == [("put", "", "exit 0")], "rsync with its paths in the stream", r, b.copies("rsync"))
    if not without("git", "git"):
        bare, work = f"{b.dir}/r.git", f"{b.dir}/work"
        git = lambda *a, cwd=None: run("git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "protocol.version=2", *a, env=env, cwd=cwd, timeout=120)
        git("init", "-q", "--bare", "-b", "main", bare); open(env["GIT_CONFIG_GLOBAL"], "w").write("[core]\n\tcompression = 0\n")
        for i, host in enumerate(("box", "agent.fx", "agent", "box.fx")):
            b.mark()
            r = git("clone", "-q", f"{host}:{bare}", f"{work}{i}")
            with open(f"{work}{i}/big{i}", "wb") as f: f.write(os.urandom(50_000_000 if host in ("agent", "box.fx") else 1_000_000))
            git("add", ".", cwd=f"{work}{i}"); git("commit", "-qm", "big", cwd=f"{work}{i}")
            r2 = git("push", "-q", "origin", "HEAD:main", cwd=f"{work}{i}")
            ok(r.returncode == r2.returncode == 0 and git("rev-parse", "main", cwd=bare).stdout == git("rev-parse", "HEAD", cwd=f"{work}{i}").stdout, f"{host}: git clone, and a push of {'50' if host in ('box', 'agent.fx') else '1'} MB", r, r2)
            got = b.copies("git", 2)
            ok(got == [("get", bare, "exit 0"), ("put", bare, "exit 0")], f"{host}: both on the record", got)
        r = b.on("agent", "echo $GIT_PROTOCOL", options=("-o", "SetEnv=GIT_PROTOCOL=version=2"))
        ok(r.stdout == b"version=2\n", "an agent is told git's version", r)
        ok(run("git", "fsck", "--full", env=env, cwd=bare).returncode == 0, "the repository is sound")
finally:
    b.stop()
end()
