#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""What happened, for operators: failed logins in the log, fortress audit ls; and what they can do: end a session, and with a
user who is none any more all of the user's connections."""
import csv, io, json, os, re, signal, subprocess, sys, threading, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap
from tap import ok
tap.needs_bastion()
from bastion import Bastion, talk
from terminal import until
from wire import Wire, private_key

b = Bastion(build, "KernelAudit off\n", "permit any any on env=bench as root id all\n")
def fortress(*args):
    return subprocess.run([f"{build}/fortress", *args], env=b.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
def ls(*args): return json.loads(b.ctl("--json", "audit", "ls", *args))
for name in ("alice", "carol"):
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/{name}")
    b.ctl("user", "add", name); b.ctl("key", "add", name, f"{b.dir}/{name}.pub")
def ssh(name, host, *more):
    return ["ssh", "-F", "/dev/null", "-i", f"{b.dir}/{name}", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-p", str(b.port), *more, f"{name}{'+' if host else ''}{host}@127.0.0.1"]
def staying(name, host, *more):
    """A session that stays, and its id."""
    before = {s["id"] for s in b.sessions("--state-is", "open")}
    p = subprocess.Popen(ssh(name, host, *more) + ["echo here; exec sleep 60"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    p.stdout.readline(); new = set()
    def opened():
        new.update({s["id"] for s in b.sessions("--state-is", "open")} - before)
        return new
    b.wait(opened)
    return p, new.pop()
def shown(id): return json.loads(b.ctl("--json", "session", "show", id))

others = []
try:
    # --- failed logins ---
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/stranger")
    subprocess.run(ssh("stranger", "box", "-l", "alice+box") + ["true"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    log = lambda: open(f"{b.dir}/fortress.log").read()
    line = r"login failed: alice: this key is not bound to this user: from 127\.0\.0\.1 method=publickey conn=\d+"
    ok(until(lambda: re.search(line, log())), "a failed login is a line of the log", log()[-600:])
    with Wire.dial(("127.0.0.1", b.port)) as w:
        w.hello(); w.kex(); w.service(); w.send(w.offer("al\x1bice", private_key(f"{b.dir}/stranger"))); w.recv()
    ok(until(lambda: "login failed: al\\x1bice:" in log()) and "\x1b" not in log(), "whose name does not reach the terminal as it is", log()[-600:])
    rows = ls("--failed", "--class", "login", "--user", "alice")
    ok(len(rows) == 1 and not rows[0]["ok"] and rows[0]["actor"] == "alice" and rows[0]["source"] == "127.0.0.1" and "key" in rows[0]["text"] and
       rows[0]["detail"]["method"] == "publickey", "audit ls --failed lists it", rows)

    # --- the list ---
    subprocess.run(ssh("alice", "box") + ["true"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    all = ls("--limit", "1000")
    ok([r["id"] for r in all] == sorted(r["id"] for r in all) and {"login", "decision", "session", "admin", "service"} <= {r["class"] for r in all},
       "all of it, in order, by class", {r["class"] for r in all})
    ok([r["id"] for r in ls("--limit", "3")] == [r["id"] for r in all][-3:], "--limit: the newest")
    ok(all and {r["host"] for r in ls("--host", "box")} == {"box"} and {r["actor"] for r in ls("--user", "alice")} == {"alice"}, "by host, by user")
    ok(ls("--from", "1h") and ls("--to", "1h") == [], "by time")
    text = b.ctl("audit", "ls", "--user", "alice")
    ok(text.splitlines()[0].split()[:3] == ["time", "class", "ok"] and "alice logged in" in text, "as a table", text)
    table = list(csv.DictReader(io.StringIO(b.ctl("--csv", "audit", "ls", "--class", "login", "--user", "alice"))))
    ok(table and all[0].keys() == table[0].keys() and table[-1]["class"] == "login", "as CSV", table[:1])
    for args, part in ((("--class", "nothing"), "one of login"), (("--from", "x"), "write 2026"), (("--limit", "0"), "1 to"), (("x",), "not understood")):
        r = fortress("audit", "ls", *args); ok(r.returncode == 2 and part in r.stderr, f"refused: {' '.join(args)}", r.stderr)
    r = fortress("audit", "ls", "--user", "nobody"); ok(r.returncode == 1 and "no user nobody" in r.stderr, "a user that nobody is", r.stderr)

    # --- follow ---
    for form in ("--json", "--csv", None):
        f = subprocess.Popen([f"{build}/fortress", *([form] if form else []), "audit", "ls", "--follow", "--class", "admin"], env=b.env,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, bufsize=1)
        others.append(f); lines = []
        t = threading.Thread(target=lambda: lines.extend(f.stdout)); t.start()
        b.wait(lambda: len(lines) > 0 or f.poll() is not None)
        name = f"z{form or 'text'}".replace("--", ""); b.ctl("user", "add", name)
        ok(until(lambda: any(f"added user {name}" in l for l in list(lines))), f"--follow {form or ''} shows what comes", lines[-3:])
        if form == "--json": ok(json.loads(lines[-1])["text"].endswith(name), "an object a line")
        f.send_signal(signal.SIGINT); f.wait(60); t.join(60)

    # --- ending a session ---
    p, id = staying("alice", "box"); q, other = staying("carol", "agent")
    r = fortress("session", "end", id, "--reason", "the \x1b[31mhost goes down")
    out, err = p.communicate(timeout=60)
    ok(r.returncode == 0 and "ended: alice" in r.stdout, "session end", r.stdout, r.stderr)
    ok("fortress: root ended this session: the \\x1b[31mhost goes down" in err and p.returncode != 0, "its user is told, safely", err, p.returncode)
    s = shown(id)
    ok(s["state"] == "closed" and s["reason"].startswith("root ended this session: the"), "the recording is closed with the reason", s)
    ok(any(e["class"] == "session" and "root ends a session of alice" in e["text"] and e["session"] == id for e in ls("--user", "root")), "and who did it is on the record")
    ok(q.poll() is None and shown(other)["state"] == "open", "another session goes on")
    r = fortress("session", "end", id); ok(r.returncode == 1 and "over already" in r.stderr, "twice is refused", r.stderr)
    r = fortress("session", "end", "01ABC"); ok(r.returncode == 1 and "no session" in r.stderr, "one that is none", r.stderr)
    q.kill(); q.wait()
    # two sessions on one connection
    control = f"{b.dir}/ctl-%C"
    p, id = staying("alice", "box", "-o", f"ControlPath={control}", "-o", "ControlMaster=yes")
    q, other = staying("alice", "box", "-o", f"ControlPath={control}")
    r = fortress("session", "end", other); q.communicate(timeout=60)
    ok(r.returncode == 0 and shown(other)["state"] == "closed", "one of two sessions of a connection", r.stderr)
    ok(p.poll() is None and shown(id)["state"] == "open", "the other goes on")
    p.kill(); p.wait()

    # --- users who are none any more ---
    def logins(): return sum(e["ok"] for e in ls("--class", "login", "--user", "alice", "--limit", "1000"))
    for how in ("disable", "del"):
        before = logins(); other, other_id = staying("carol", "box")
        p, id = staying("alice", "box"); q, second = staying("alice", "agent")
        picker = {}
        t = threading.Thread(target=lambda: picker.update(zip(("text", "rc"), talk(ssh("alice", "", "-tt"), [("box", "")], env=dict(os.environ, TERM="xterm")))))
        t.start(); b.wait(lambda: len(b.fronts()) >= 4)
        b.wait(lambda: logins() >= before + 3)
        begin = time.monotonic()
        b.ctl("user", how, "alice")
        said = [x.communicate(timeout=60)[1] for x in (p, q)]; t.join(60)
        took = time.monotonic() - begin
        word = "this user is locked" if how == "disable" else "this user was deleted"
        ok(took < 30 and word in said[0] and word in said[1], f"user {how}: her sessions end in seconds, with a sentence", took, said)
        ok(not t.is_alive() and word in picker["text"], "and her picker", picker)
        ok(until(lambda: {shown(i)["state"] for i in (id, second)} == {"closed"}) and word in shown(id)["reason"], "their recordings say why", shown(id))
        ok(other.poll() is None and shown(other_id)["state"] == "open", "others go on")
        other.kill(); other.wait()
        if how == "disable": b.ctl("user", "enable", "alice")
    # a front that does not listen
    p, id = staying("carol", "box")
    front = next(iter(b.fronts())); os.kill(front, signal.SIGSTOP)
    begin = time.monotonic(); b.ctl("user", "disable", "carol")
    ok(until(lambda: front not in b.fronts(), 30), "a connection that does not end is killed", time.monotonic() - begin, log()[-600:])
    p.kill(); p.wait()
finally:
    for o in others:
        if o.poll() is None: o.kill()
    b.stop()
tap.end()
