#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Keys and users that end: by their time, by a lock, by being taken away; at the login, and what that does to a live connection."""
import os, subprocess, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, needs_bastion, ok
needs_bastion()
from bastion import Bastion

b = Bastion(build, "KernelAudit off\n", "permit bench any on env=bench as root id bench\n")
def sub(args): return subprocess.run(args, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
def ssh(*more): return ["ssh", "-F", "/dev/null", "-i", b.key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o",
                        "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes", "-p", str(b.port), *more, "bench+box@127.0.0.1"]
def login(*more): return sub(ssh(*more) + ["echo in"])
def live(): return login("-o", f"ControlPath={b.dir}/ctl")
def ctl_fails(*args): return subprocess.run([f"{build}/fortress", *args], capture_output=True, text=True, env=b.env)
def master():
    m = subprocess.Popen(ssh("-MN", "-o", f"ControlPath={b.dir}/ctl"), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    b.procs.append(m); b.wait(lambda: os.path.exists(f"{b.dir}/ctl"))
    return m
def over(m):
    """Without our doing, within the 5 s that are promised and some for a busy machine."""
    try: m.wait(8); return True
    except subprocess.TimeoutExpired: return False
def unmaster(m): m.terminate(); m.wait()
def ends(what, try_it, why=None, seconds=10):
    """Until it is refused; it was good before."""
    limit = time.monotonic() + seconds
    while (r := try_it()).stdout == "in\n" and time.monotonic() < limit: time.sleep(0.1)
    ok(r.returncode == 255 and r.stdout == "" and (why is None or why in r.stderr), what, r)

try:
    m = master(); r = live()
    ok(r.stdout == "in\n", "a live connection", r)
    b.ctl("user", "lock", "bench")
    r = login(); ok(r.returncode == 255, "a locked user does not come in", r)
    ok(over(m), "and a live connection ends")
    r = ctl_fails("policy", "explain", "bench", "exec", "box"); ok("this user is locked" in r.stdout, "explain says so", r)
    b.ctl("user", "unlock", "bench")
    m = master(); r = live(); ok(r.stdout == "in\n", "unlocked", r)

    fp = sub(["ssh-keygen", "-lf", f"{b.key}.pub"]).stdout.split()[1]
    b.ctl("key", "del", "bench", fp)
    ok(over(m), "a live connection ends with the key that let it in")
    r = login(); ok(r.returncode == 255, "which opens nothing more", r)
    b.ctl("key", "add", "bench", f"{b.key}.pub", "--expires", "2s")
    m = master(); r = live(); ok(r.stdout == "in\n", "a key for two seconds", r)
    ok(over(m), "it ends, and a live connection with it")
    r = login(); ok(r.returncode == 255, "and lets nobody in", r)
    b.ctl("key", "add", "--expires", "90d", "bench", f"{b.key}.pub")
    r = login(); ok(r.stdout == "in\n", "put again it is good again", r)
    day = time.strftime("%Y-%m-%d", time.localtime(time.time() + 90 * 86400))
    ok(day in b.ctl("key", "list", "bench"), "the list shows when", b.ctl("key", "list", "bench"))

    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/next")
    r = subprocess.run(ssh()[:-1] + ["bench@127.0.0.1", "keys add"], input=open(f"{b.dir}/next.pub").read(), capture_output=True, text=True, timeout=60)
    rows = b.ctl("key", "list", "bench")
    ok(r.returncode == 0 and rows.count(day) == 2, "a key that its user adds ends with the one that logged in", r, rows)
    b.ctl("user", "set", "bench", "--expires", "2s")
    ends("an account ends", login)
    ok(over(m), "and a live connection with it")
    b.ctl("user", "set", "bench", "--expires", "never")
    m = master(); r = live(); ok(r.stdout == "in\n", "unless never", r)
    b.ctl("user", "set", "bench", "--group", "ops", "--expires", "2031-05-06")
    b.ctl("user", "set", "bench", "--display", "Bench")
    rows = b.ctl("user", "list"); ok("2031-05-06" in rows and "ops" in rows, "other changes leave it", rows)
    for bad in ("yesterday", "2001-01-01", "0"):
        r = ctl_fails("user", "set", "bench", "--expires", bad)
        ok(r.returncode == 2 and "to come" in r.stderr, f"--expires {bad} is refused", r)
    unmaster(m)
    m = master(); b.ctl("user", "del", "bench")
    ok(over(m), "the connection of a deleted user ends")
finally:
    b.stop()
end()
