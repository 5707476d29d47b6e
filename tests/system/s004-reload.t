#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The policy is read again: while many work nobody loses anything; one with an error changes nothing, and administrators see it.
The picker shows what may be reached, and the others, with the reason, on demand."""
import os, signal, subprocess, sys, threading, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, end
from clients import Clients, need
from screens import Screen
from terminal import until
need()

WORKERS, RELOADS = 24, 20
POLICY = """role lead { bench }
permit role lead,other shell,exec on env=bench as root id work
permit role lead admin on any id lead
"""
b = Clients(build, policy=POLICY)
def policy(text): open(f"{b.dir}/state/policy.conf", "w").write(text)
def hup(): b.bastion.send_signal(signal.SIGHUP)
def fortress(*args): return subprocess.run([f"{build}/fortress", *args], env=b.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
def loads(): return len(b.query("select id from event where class=3004 and text like 'the policy was%'"))

def picker(user, key):
    return Screen(["ssh", "-F", "/dev/null", "-tt", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o",
                   "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-p", str(b.port), f"{user}@127.0.0.1"])
def leave(p): p.type(b"\x03"); p.over(); p.close()

try:
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/other")
    b.ctl("user", "add", "other"); b.ctl("key", "add", "other", f"{b.dir}/other.pub")

    # --- under load ---
    class Worker(threading.Thread):
        """Echoes line by line through one session until it is told to stop; what came back otherwise is a failure."""
        def __init__(self, host):
            super().__init__(daemon=True)
            self.p = subprocess.Popen(b.argv(host, "cat"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.lines, self.bad, self.over = 0, None, False
            self.start()
        def run(self):
            while not self.over:
                line = b"line %d\n" % self.lines
                try:
                    self.p.stdin.write(line); self.p.stdin.flush(); got = self.p.stdout.readline()
                except OSError as e: got = repr(e)
                if got != line: self.bad = (got, self.p.stderr.read()); return
                self.lines += 1
                time.sleep(0.01)
    workers = [Worker("box" if i % 2 else "agent") for i in range(WORKERS)]
    ok(until(lambda: all(w.lines > 3 or w.bad for w in workers), 60) and not any(w.bad for w in workers), "many sessions work", [w.bad for w in workers])
    new = []
    for i in range(RELOADS):
        before = loads()
        policy(POLICY + f"# {i}\n" if i % 3 else POLICY + "permit nobody")     # every third one has an error
        hup()
        if i % 4 == 0: new.append(subprocess.Popen(b.argv("box", "echo", "in"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        if not until(lambda: loads() > before): ok(False, "the policy is read at every SIGHUP", i)
    lines = [w.lines for w in workers]
    ok(until(lambda: all(w.lines > n + 3 or w.bad for w, n in zip(workers, lines)), 30) and not any(w.bad for w in workers),
       f"{RELOADS} reloads under load: nobody loses anything", [w.bad for w in workers if w.bad])
    outs = [p.communicate(timeout=60) for p in new]
    ok(all(o[0] == b"in\n" for o in outs), "and all who come meanwhile get in", outs)
    for w in workers: w.over = True
    for w in workers: w.join(5); w.p.stdin.close(); w.p.wait(10)
    ok(all(w.p.returncode == 0 for w in workers), "all end as they should", [w.p.returncode for w in workers])

    # --- an error ---
    before = loads(); policy(POLICY); b.ctl("reload"); until(lambda: loads() > before)
    policy(POLICY + "permit role leed shell on any\n")
    before = loads(); hup(); until(lambda: loads() > before)
    e = b.query("select ok, severity, text from event where class=3004 and text like 'the policy was%' order by id desc limit 1")[0]
    ok(e["ok"] == 0 and "policy.conf:4:8" in e["text"] and "leed" in e["text"], "an error at SIGHUP is an event with its place", e)
    r = b.on("box", "echo in"); ok(r.stdout == b"in\n", "the old policy is in force", r)
    r = fortress("doctor"); ok("policy.conf:4:8" in r.stdout and r.returncode == 1, "doctor says so", r.stdout)
    p = picker("bench", b.key)
    ok(p.until(b"the policy was not loaded, the old one is in force") and p.until(b"policy.conf:4:8"), "an administrator sees it in the picker", p.all[-1500:])
    leave(p)
    p = picker("other", f"{b.dir}/other")
    ok(p.shows(b"box") and not p.shows(b"not loaded", 1), "somebody else does not", p.all[-1500:])
    leave(p)
    policy(POLICY); b.ctl("reload")
    p = picker("bench", b.key)
    ok(p.shows(b"box") and not p.shows(b"not loaded", 1), "nor anybody when it is mended", p.all[-1500:])

    # --- what may be reached, and the others ---
    leave(p)
    b.ctl("host", "add", "vault", "10.0.0.9", "--login", "root", "--label", "env=secret", "--trust-first-key")
    p = picker("other", f"{b.dir}/other")
    ok(p.shows(b"others") and b"vault" not in p.all, "a host that may not be reached is not shown", p.all[-1500:])
    p.type(b"\x0f")
    ok(p.shows(b"vault") and p.shows(b"denied:") and p.shows(b"no permit"), "on demand it is, with the reason", p.all[-1500:])
    leave(p)
finally:
    b.stop()
end()
