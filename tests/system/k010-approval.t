#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Attacks on what takes a second person: one person behind two accounts, a yes whose ground is gone, a no that comes while its
request is being used, words that aim at a terminal, and what was approved used for something else."""
import os, re, signal, socket, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap
from tap import ok
from clients import Clients, need, run
from terminal import Terminal, until
need()

POLICY = """role lead { lena, leo, lena2, twin, :leads }
permit bench,other shell,exec,forward,jump,get,put on env=bench as root id work
permit twin,leo watch on env=bench id watchers
require approval 1 from role lead within 30m for any shell on host box id shell
require approval 2 from role lead for any exec on host box cmd { /usr/bin/two ** } id two
require approval 1 from role lead for any exec on host box cmd { /usr/bin/echo ** } id once
require approval 1 from role lead within 30m for any jump on host box id hop
require moderator role lead for any exec on host agent id watched
"""
b = Clients(build, policy=POLICY)

def account(name, key=None):
    if key is None: b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/{name}")
    key = key or f"{b.dir}/{name}"
    b.ctl("user", "add", name); b.ctl("key", "add", name, f"{key}.pub")
    with open(f"{b.dir}/config-{name}", "w") as f: f.write(open(b.config).read().replace("User bench", f"User {name}").replace(b.key, key))
def ssh(name, host, *words, options=()):
    return ["ssh", "-F", b.config if name == "bench" else f"{b.dir}/config-{name}", *options, host, *words]
def verb(name, *words): return run(*ssh(name, "bastion", *words))
def request(name, *words): return verb(name, "request", *words).stdout.decode().strip()
def shell(name="bench", host="box", options=()): return Terminal(*ssh(name, host, options=("-tt", *options)))
def state(rid): return b.query("select state from approval where id=?", rid)[0]["state"]
def refused(r, words): return r.returncode == 255 and words in r.stderr

try:
    account("lena"); account("leo"); account("other")
    account("twin", b.key); account("lena2", f"{b.dir}/lena")

    # --- one person, two accounts ---
    rid = request("bench", "box", "--reason", "x")
    r = verb("twin", "approve", rid)
    ok(refused(r, b"you share a key with who asked"), "a second account with the same key does not approve", r)
    ok(b'"may":false' in verb("twin", "approvals", "--json").stdout, "nor is it said that it may")
    two = request("bench", "box", "--", "two", "x")
    verb("lena", "approve", two); r = verb("lena2", "approve", two)
    ok(refused(r, b"somebody with a key of yours has"), "two accounts with one key are not two people", r)
    r = verb("leo", "approve", two); ok(r.returncode == 0 and b.on("box", "two x").returncode == 127, "two people are", r)
    p = subprocess.Popen(ssh("bench", "agent", "echo", "seen"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    id = until(lambda: b.sessions("--live"))[0]["id"]
    w = Terminal(*ssh("twin", "bastion", "watch", id, options=("-tt",)))
    ok(w.saw("twin watches this session") and p.poll() is None, "one's own second account is no moderator", w.out[-600:], p.poll()); w.close()
    p.kill(); p.communicate()

    # --- a yes whose ground is gone ---
    def approved(by):
        rid = request("bench", "box", "--reason", "y"); verb(by, "approve", rid)
        t = shell(); return rid, t if t.alive("echo in-$((40+2))\n", "in-42") else None
    rid, t = approved("leo"); b.ctl("user", "lock", "leo")
    ok(t and until(t.ended) and "what was approved has ended" in t.out, "what rests on somebody who was locked ends", t and t.out)
    t.close(); b.ctl("user", "unlock", "leo"); verb("leo", "reject", rid)
    b.ctl("user", "set", "lena", "--group", "leads"); open(f"{b.dir}/state/policy.conf", "w").write(POLICY.replace("lena, ", "")); b.ctl("reload")
    rid, t = approved("lena"); b.ctl("group", "leave", "leads", "lena")
    ok(t and until(t.ended), "and on somebody who has left the group", t and t.out); t.close()
    open(f"{b.dir}/state/policy.conf", "w").write(POLICY); b.ctl("reload"); verb("lena", "reject", rid)
    rid, t = approved("leo"); b.ctl("user", "del", "leo"); ok(t and until(t.ended), "and on somebody who was deleted", t and t.out); t.close()
    b.ctl("user", "add", "leo"); b.ctl("key", "add", "leo", f"{b.dir}/leo.pub")
    t = shell(); ok(t.saw("0 of 1 said yes") and not t.ended(), "who comes later under the same name has not said it", t.out)
    verb("leo", "reject", rid); until(t.ended); t.close()

    # --- a no that comes while its request is used ---
    rid = request("bench", "box", "--", "echo", "race"); verb("lena", "approve", rid)
    store = b.child("store"); os.kill(store, signal.SIGSTOP)
    no = subprocess.Popen(ssh("leo", "bastion", "reject", rid), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        busy = until(lambda: b"being decided this moment" in verb("lena", "approve", rid).stderr)
        r = b.on("box", "echo race")
    finally: os.kill(store, signal.SIGCONT)
    no.communicate(timeout=60)
    ok(busy and no.returncode == 0 and refused(r, b"this moment: try again") and state(rid) == "rejected", "a no is not overtaken by the session that it is about", busy, no.returncode, r, state(rid))
    r = b.on("box", "echo race"); ok(refused(r, b"is required (once)"), "and holds", r)

    # --- what was approved, for something else ---
    rid = request("bench", "box", "--", "echo", "one"); verb("leo", "approve", rid)
    for other in ("echo  one", "echo one ", "echo one;id", "echo one\nid", " echo one", "echo 'one'", "/usr/bin/echo one", "echo one two"):
        r = b.on("box", other); ok(refused(r, b"fortress: ") and r.stdout == b"", f"not for {other!r}", r)
    ok(state(rid) == "open", "none of them uses it", state(rid))
    runs = [subprocess.Popen(ssh("bench", "box", "echo one"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(8)]
    outs = [p.communicate(timeout=60)[0] for p in runs]
    ok(outs.count(b"one\n") == 1 and state(rid) == "used", "eight at once: it is good one time", outs)
    b.restart(); r = b.on("box", "echo one"); ok(refused(r, b"is required (once)"), "nor after a restart", r)

    # --- a jump that nobody has approved yet is let in, and nothing goes by it ---
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = f"127.0.0.1:{server.getsockname()[1]}"
        for what, argv in (("a command", b.argv("box.fx", "uptime")), ("a transfer", ["sftp", "-F", b.config, "-b", "/dev/null", "box.fx"]), ("a shell", b.argv("box.fx", options=("-T",)))):
            r = run(*argv); ok(r.returncode == 255 and r.stdout == b"" and b"is required (hop)" in r.stderr, f"{what} through it is told what is lacking", r)
        r = run(*b.argv("box.fx", options=("-W", near))); server.setblocking(False)
        try: server.accept(); came = True
        except BlockingIOError: came = False
        ok(r.returncode == 255 and not came, "a forward through it goes nowhere", r)

    # --- words that aim at a terminal, or are too much ---
    for name, word in (("escapes", "a\x1b]0;x\x07\x1b[2J"), ("lines", "a\nb\rc"), ("turned around", "a\u202eb"), ("not UTF-8", b"a\xff")):
        r = verb("bench", "request", "box", "--verb", "exec", "--reason", word, "--", "two", name.replace(" ", "-"))
        seen = verb("leo", "approvals").stdout + run(f"{build}/fortress", "approval", "ls", env=b.env).stdout + verb("leo", "approvals", "--json").stdout
        ok(not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80\xae", seen), f"a reason with {name} reaches no terminal as it is", r, seen[-300:])
    for args in (("box", "--reason", "x" * 65000), ("h" * 2000,), ("box", "--verb", "v" * 500), ("box", "--to", "x" * 500 + ":1", "--verb", "forward"), ("l" * 500 + "@box",), ("box", "--", "two " + "y" * 20000),
                 ("box", "--ticket", "t" * 300), ("box", "--verb", "v" * 700), ("box", "--to", "x" * 700), ("--reason", "x"), ("",), ("box", "--nonsense", "x"), ("box", "--verb", "admin"), ("box", "--verb", "approve")):
        r = verb("bench", "request", *args); ok(r.returncode == 255 and b"fortress:" in r.stderr, f"request {' '.join(args)[:40]}", r)
    for args in (("approve", "x" * 5000), ("approve", "%s%n"), ("approve", "' or 1=1"), ("approve", ""), ("approve", rid, "--", "x"), ("reject", "*"), ("withdraw", rid)):
        r = verb("leo", *args); ok(refused(r, b"fortress: "), f"{' '.join(args)[:30]}", r)
    r = run(f"{build}/fortress", "audit", "verify", "--db", env=b.env); ok(r.returncode == 0, "the record holds", r)
    ok(len(b.children()) >= 3 and b.bastion.poll() is None, "and all its processes live")
finally:
    b.stop()
tap.end()
