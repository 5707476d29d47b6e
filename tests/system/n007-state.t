#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""A state that somebody else made first, where all may write: root does not serve by it."""
import os, pwd, shutil, subprocess, sys, tempfile

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap
from tap import ok

if os.geteuid() != 0: tap.skip("needs root")
try: other = pwd.getpwnam("_fortress-demo")
except KeyError: tap.skip("no account _fortress-demo")
dir = tempfile.mkdtemp(prefix="fortress-n"); os.chmod(dir, 0o1777)
state, victim = f"{dir}/demo", f"{dir}/victim"
env = {k: v for k, v in os.environ.items() if not k.startswith(("FORTRESS_", "SUDO_"))}
env.update(FORTRESS_BUILD=build, FORTRESS_LIBEXEC=build, PATH=f"{build}:{env['PATH']}", HOME=dir)

def run(*argv, **more):
    return subprocess.run(argv, capture_output=True, text=True, env=dict(env, **more), timeout=60, stdin=subprocess.DEVNULL)
def owners(): return {os.lstat(os.path.join(d, f)).st_uid for d, _, files in os.walk(state) for f in (".", *files)}

try:
    open(victim, "w").close()
    for name in ("keys", "run", "log"): os.makedirs(f"{state}/{name}")
    open(f"{state}/policy.conf", "w").write("permit mallory any on any id mallory\n")
    for link in ("env", "log/agent-demo.log"): os.symlink(victim, f"{state}/{link}")
    for d, _, files in os.walk(state):
        for f in (".", *files): os.lchown(os.path.join(d, f), other.pw_uid, other.pw_gid)
    for what in (["fortress", "--state", state, "setup"], [f"{top}/contrib/quickstart", "--state", state, "--background"]):
        r = run(*what)
        ok(r.returncode == 1 and f"belongs to {other.pw_name}" in r.stderr, f"{os.path.basename(what[0])}: refused, with whose it is", r.stdout, r.stderr)
        ok(owners() == {other.pw_uid} and os.path.getsize(victim) == 0, "and nothing in it is touched, nor what its links lead to", owners())
    os.unlink(f"{state}/env"); os.unlink(f"{state}/log/agent-demo.log")
    os.lchown(state, 0, 0); r = run("fortress", "--state", state, "setup")
    ok(r.returncode == 1 and f"{state}/keys: belongs to" in r.stderr, "nor a part of it that is another's", r.stderr)
    os.lchown(state, other.pw_uid, other.pw_gid); r = run("fortress", "--state", state, "setup", SUDO_UID=str(other.pw_uid))
    ok(r.returncode == 0 and os.stat(state).st_uid == os.stat(f"{state}/keys").st_uid == 0, "of who called sudo it is taken over", r.stderr)
finally:
    run(f"{top}/contrib/quickstart", "--state", state, "--stop")
    shutil.rmtree(dir, ignore_errors=True)
tap.end()
