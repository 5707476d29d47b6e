#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Sessions that take a second person who watches: they begin with that person, and are held up when that person leaves."""
import os, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, end
from clients import Clients, need
from screens import Screen
need("ssh")

POLICY = """role seconds { bob, carol, bench, :mods }
permit bench shell,exec,get,put,jump on env=bench as root id all
permit bob,carol,dora,bench watch on env=bench id watchers
require moderator role seconds for any shell,exec,get,put on host box id two
require moderator role seconds for any jump on host agent id three
watch bench on env=bench match /passw0rd/ then alert id secret
"""
b = Clients(build, policy=POLICY)
keys = {"bench": b.key}

def argv(name, *words):
    return ["ssh", "-F", b.config, "-o", f"IdentityFile={keys[name]}", "-tt", "-p", str(b.port), f"{name}@127.0.0.1", *words]
def live(): return b.sessions("--live")
def waiting(n=1): return b.until(live, lambda rows: len(rows) == n)
def state(id): return next(r for r in b.sessions() if r["id"] == id)

try:
    config = open(b.config).read()
    open(b.config, "w").write(config.replace(f"\tIdentityFile {b.key}\n", "") + f"\nHost box agent bastion *.fx\n\tIdentityFile {b.key}\n")
    for name in ("bob", "carol", "dora"):
        keys[name] = f"{b.dir}/id_{name}"
        b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys[name])
        b.ctl("user", "add", name); b.ctl("key", "add", name, f"{keys[name]}.pub")

    s = Screen(b.argv("box", options=["-tt"]))
    ok(s.until(b"moderator role seconds is required (two): somebody of them has to watch it"), "the session waits, and says for whom", s.out)
    s.type(b"PS1='$ '; echo be''gun\r")
    rows = waiting(); id = rows[0]["id"] if rows else ""
    ok(s.until(f"they watch it with ssh -t USER@bastion watch {id}, or Ctrl-T in the picker".encode()), "and how", s.out)
    ok(len(rows) == 1 and rows[0]["user"] == "bench" and rows[0]["host"] == "box", "it is among those that run", rows)
    ok(b"begun" not in s.out, "nothing of it runs yet", s.out)
    w = Screen(argv("dora", "watch", id)); ok(s.until(b"dora watches this session"), "somebody watches who is none of them", s.out)
    own = Screen(argv("bench", "watch", id)); ok(s.until(b"bench watches this session"), "and its own user", s.out)
    ok(b"begun" not in s.out and state(id)["state"] == "open", "which does not do", s.out)
    own.type(b"q"); own.over(); own.close()
    m = Screen(argv("bob", "watch", id))
    ok(s.until(b"begun"), "with one of them it begins, and has what was typed meanwhile", s.out)
    ok(m.until(b"begun"), "whom it is shown to", m.out)
    c = Screen(argv("carol", "watch", id)); ok(s.until(b"carol watches"), "another comes", s.out)
    m.type(b"q"); m.over(); m.close()
    ok(s.until(b"bob looks at this session no more"), "the first leaves", s.out)
    s.type(b"echo st''ill\r"); ok(s.until(b"still"), "one of them is enough", s.out)
    s.type(b"echo pass''w0rd\r")
    a = b.audit(4007, 1, activity=99, watch="secret"); ok(a and a[0]["session"] == id, "what is watched for is seen in it as in others", a)
    c.type(b"q"); c.over(); c.close()
    ok(s.until(b"the moderator has left: nothing goes in or out"), "without any it is held up", s.out)
    s.type(b"echo aga''in\r"); ok(b"again" not in s.out, "nothing goes in or out")
    m = Screen(argv("bob", "watch", id)); ok(s.until(b"a moderator is here") and s.shows(b"again"), "until one is back", s.out)     # in whatever order ssh writes its two streams

    open(f"{b.dir}/state/policy.conf", "w").write(POLICY.replace("bob, carol,", "carol,")); b.ctl("reload")
    ok(s.until(b"the moderator has left"), "who is none of them any more by the policy does no longer", s.out)
    b.ctl("user", "set", "dora", "--group", "mods"); ok(s.until(b"a moderator is here"), "who becomes one by a group, and watches already, does", s.out)
    b.ctl("group", "leave", "mods", "dora"); ok(s.until(b"the moderator has left"), "until the group is left", s.out)
    open(f"{b.dir}/state/policy.conf", "w").write(POLICY.replace("require", "# require")); b.ctl("reload")
    ok(s.until(b"the session goes on"), "and when the policy asks for nobody any more it goes on alone", s.out)
    s.type(b"exit 3\r"); ok(s.over() and s.code == 3, "it ends as it should", s.code); s.close(); m.close(); w.close()
    open(f"{b.dir}/state/policy.conf", "w").write(POLICY); b.ctl("reload")

    # ---- a command ----
    p = subprocess.Popen(b.argv("box", "echo out; exit 5"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    id = waiting()[0]["id"]
    m = Screen(argv("carol", "watch", id))
    out, err = p.communicate(timeout=60)
    ok(p.returncode == 5 and out == b"out\n" and b"somebody of them has to watch it" in err, "a command waits too; its output is its own", p.returncode, out, err)
    m.close()

    # ---- what does not wait ----
    r = b.on("agent", "echo free"); ok(r.returncode == 0 and r.stdout == b"free\n", "another host asks for nobody", r)
    r = subprocess.run(["sftp", "-F", b.config, "-b", "-", "box"], input=b"ls /\n", capture_output=True, timeout=60)
    ok(r.returncode == 255 and b"is required (" in r.stderr, "files cannot be watched, so they are refused", r)
    s = Screen(b.argv("agent.fx", options=["-tt"]))
    ok(s.over() and b"moderator role seconds is required (three): nobody can watch that [denied]" in s.out and b"Ticket" not in s.out,
       "nor can a jump, and its terminal is asked for nothing", s.out); s.close()
    s = Screen(b.argv("box", options=["-tt"])); id = waiting()[0]["id"]
    s.type(b"\x03"); ok(s.over() and b"cancelled" in s.out, "Ctrl-C gives up", s.out); s.close()
    row = b.until(lambda: state(id), lambda r: r["state"] != "open"); ok(row["state"] == "closed" and "cancelled" in row["reason"], "which the record says", row)
    s = Screen(b.argv("box", options=["-tt"])); id = waiting()[0]["id"]
    s.close(); row = b.until(lambda: state(id), lambda r: r["state"] != "open"); ok(row["state"] == "closed", "who goes away while it waits leaves nothing", row)
    ok(waiting(0) == [], "nothing is left")
finally:
    b.stop()
end()
