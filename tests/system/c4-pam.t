#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""PAM that talks too much, dies, or hangs: the login is answered, in time, and nothing of it is left."""
import os, subprocess, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, needs_bastion, end
needs_bastion()
from bastion import Bastion
from pam import PERMIT, Service

pam = Service()
b = None
try:
    b = Bastion(build, f"{pam.keywords}KernelAudit off\nLoginGraceTime 10s\n",
                "permit any exec on env=bench as root id all\n")
    def script(name, text):
        open(f"{b.dir}/{name}", "w").write("#!/bin/sh\n" + text); os.chmod(f"{b.dir}/{name}", 0o755)
        return f"{b.dir}/{name}"
    def login(*more):
        return subprocess.Popen(b.ssh("fortress", *more) + ["echo in"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    def result(p):
        start = time.monotonic()
        try: return p.communicate(timeout=60) + (p.returncode, time.monotonic() - start)
        except subprocess.TimeoutExpired: p.kill(); p.communicate(); return ("", "hangs", None, 30)
    def ours(word):
        """Processes of this machine with word in their command line."""
        found = []
        for p in filter(str.isdigit, os.listdir("/proc")):
            try:
                if word in open(f"/proc/{p}/cmdline").read(): found.append(p)
            except OSError: pass
        return found
    three = len(b.children())

    for size in (5000, 60000):
        open(f"{b.dir}/motd", "w").write(("welcome ä " * 7 + "\n") * (size // 71))
        pam.has(PERMIT + f"session optional pam_echo.so file={b.dir}/motd\n")
        out, err, rc, took = result(login())
        ok(out == "in\n" and took < 50, f"a session module that says {size} bytes", out, err, rc, took)

    pam.has(PERMIT + f"session required pam_exec.so {script('dies', 'kill -KILL $PPID')}\n")
    out, err, rc, took = result(login())
    ok(rc == 255 and took < 9 and "ermission denied" in err, "a PAM child that dies in the session phase refuses the login at once", out, err, rc, took)
    pam.has(PERMIT)
    ok(result(login())[0] == "in\n", "the next login is as before")

    # Two that hang at once, in different phases.
    pam.has(PERMIT + f"session required pam_exec.so {script('hangs', 'while :; do sleep 1; done')}\n")
    session = login()
    b.wait(lambda: ours(f"{b.dir}/hangs"))
    pam.has(f"auth required pam_exec.so {script('deaf', 'trap : TERM; while :; do sleep 1; done')}\n" + PERMIT)
    auth = login("-o", "PreferredAuthentications=keyboard-interactive")
    b.wait(lambda: ours(f"{b.dir}/deaf"))
    pam.has(PERMIT)
    for p, what in ((session, "session"), (auth, "authentication")):
        out, err, rc, took = result(p)
        ok(rc == 255 and took < 50, f"LoginGraceTime ends a login whose {what} hangs", out, err, rc, took)
    ok(result(login())[0] == "in\n", "others log in meanwhile")
    try: b.wait(lambda: len(b.children()) == three, 20); good = True
    except SystemExit: good = False
    ok(good, "and no child of the monitor is left", b.children(), open(f"{b.dir}/fortress.log").read())
finally:
    if b:
        for p in ours(f"{b.dir}/deaf") + ours(f"{b.dir}/hangs"): os.kill(int(p), 9)      # pam_exec gives its helpers a session of their own
        b.stop()
    pam.end()
end()
