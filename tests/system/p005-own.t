#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""One's own sessions and keys, over SSH: seen, added, removed, on the record, and nobody else's."""
import json, os, shutil, subprocess, sys, tempfile

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")

from tap import ok, needs_bastion, end
needs_bastion()
from bastion import Bastion, talk

POLICY = "permit bench any on env=bench as root id bench\npermit other any on env=bench as root id other\n"
d = tempfile.mkdtemp(prefix="fortress-own-")
subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{d}/lost"], check=True)
os.chmod(f"{d}/lost.pub", 0o644)
b = Bastion(build, f"KernelAudit off\nMaxAuthTries 20\nRevokedKeys {d}/lost.pub\n", POLICY)
def argv(user, *words, key=b.key, more=()):
    return ["ssh", "-F", "/dev/null", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o",
            "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", *more, "-p", str(b.port), "-l", user, "127.0.0.1", *words]
def ssh(user, *words, text=None, **kw):
    return subprocess.run(argv(user, *words, **kw), capture_output=True, text=True, timeout=60,
                          **({"input": text} if text is not None else {"stdin": subprocess.DEVNULL}))
def refused(r, code, *parts):
    return r.returncode == 255 and r.stdout == "" and f"[{code}]" in r.stderr and r.stderr.count("\n") == 1 and all(p in r.stderr for p in parts)
def make(name, kind="ed25519", *more):
    b.run("ssh-keygen", "-q", "-t", kind, "-N", "", "-C", f"bench's {name}", "-f", f"{b.dir}/{name}", *more)
    return open(f"{b.dir}/{name}.pub").read(), b.run("ssh-keygen", "-lf", f"{b.dir}/{name}.pub").split()[1]

try:
    own = b.run("ssh-keygen", "-lf", f"{b.key}.pub").split()[1]
    b.ctl("user", "add", "other"); make("others"); b.ctl("key", "add", "other", f"{b.dir}/others.pub")

    # Sessions.
    ok(ssh("bench", "sessions").stdout == "", "nobody has sessions before the first")
    ssh("bench+box", "echo one; exit 3"); ssh("other+box", "echo secret-of-other", key=f"{b.dir}/others"); ssh("bench+box", "printf '\033]0;x\007'; echo 支付")
    r = ssh("bench", "sessions")
    lines = [l.split("\t") for l in r.stdout.splitlines()]
    ok(len(lines) == 2 and lines[1][3:] == ["root", "box", "exec", "closed", "3", "echo one; exit 3"] and "支付" in lines[0][8], "one's own, newest first", r)
    ok("\033" not in r.stdout and "secret-of-other" not in r.stdout, "escaped, and nobody else's", r.stdout)
    rows = [json.loads(l) for l in ssh("bench", "sessions --json").stdout.splitlines()]
    ok([x["exit"] for x in rows] == [0, 3] and rows[1]["command"] == "echo one; exit 3" and rows[1]["id"] == lines[1][0] and "T" in rows[0]["start"], "as JSON", rows)
    ssh("bench+box", "kill -TERM $$")
    rows = [json.loads(l) for l in ssh("bench", "sessions --json").stdout.splitlines()]
    ok(rows == [x for x in b.sessions() if x["user"] == "bench"] and (rows[0]["exit"], rows[0]["signal"]) == (None, "TERM"),
       "the same words and values as fortress session ls --json has, a killed one too", rows, b.ctl("--json", "session", "ls"))
    ok(b.ctl("session", "print", lines[1][0]).strip() == "one", "the id is the one that replay takes")
    p = subprocess.Popen(argv("bench+box", "cat"), stdin=subprocess.PIPE, stdout=subprocess.PIPE); p.stdin.write(b"x\n"); p.stdin.flush(); p.stdout.readline()
    ok(ssh("bench", "sessions").stdout.splitlines()[0].split("\t")[6] == "open", "one that is open is there, too")
    p.stdin.close(); p.wait(20)

    # Keys.
    r = ssh("bench", "keys")
    ok(r.returncode == 0 and r.stdout.split("\t")[:2] == [own, "ssh-ed25519"] and r.stdout.count("\n") == 1, "one's keys with their fingerprints", r)
    second, print2 = make("second")
    r = ssh("bench", "keys add", text=second)
    ok(r.returncode == 0 and r.stdout == f"added {print2}\n", "a key is added from standard input", r)
    r = ssh("bench+box", "echo in", key=f"{b.dir}/second")
    ok(r.stdout == "in\n", "and lets in at once", r)
    r = ssh("bench", "keys", "--json")
    ok({(k["fingerprint"], k["comment"]) for k in map(json.loads, r.stdout.splitlines())} >= {(print2, "bench's second")}, "with its comment, as JSON", r)
    for kind, more in (("ecdsa", ("-b", "256")), ("rsa", ("-b", "3072"))):
        line, shown = make(kind, kind, *more)
        ok(ssh("bench", "keys add", text=line).stdout == f"added {shown}\n", f"{kind}, too")
    line, shown = make("typed")
    out, rc = talk(argv("bench", "keys add", more=("-tt",)), [("", line)], seconds=20)
    ok(f"added {shown}" in out and rc == 0, "typed at a terminal: a line is enough", out, rc)
    r = ssh("bench", "keys add", text=second)
    ok(refused(r, "denied", "yours already"), "one that is there is not added again", r)
    for text, why in (("", "nothing"), ("hello\n", "no key"), (open(f"{b.dir}/second").read(), "a private key"), (second.replace("AAAA", "AAAB"), "a broken key"),
                      ("x" * 100000, "too much"), ("ssh-ed25519 " + second.split()[1][:-8] + "\n", "a short key"), ("ssh-rsa " + second.split()[1] + "\n", "another type")):
        r = ssh("bench", "keys add", text=text)
        ok(refused(r, "not-a-key"), f"refused in a line: {why}", r)
    r = ssh("bench", "keys", "rm", print2)
    ok(r.returncode == 0 and r.stdout == f"removed {print2}\n", "a key is removed by its fingerprint", r)
    r = ssh("bench+box", "echo in", key=f"{b.dir}/second")
    ok(r.returncode == 255 and r.stdout == "", "and lets in no more", r)
    r = ssh("bench", "keys", "rm", print2)
    ok(refused(r, "no-key", "keys lists them"), "one that is not there", r)
    others = b.run("ssh-keygen", "-lf", f"{b.dir}/others.pub").split()[1]
    r = ssh("bench", "keys", "rm", others)
    ok(refused(r, "no-key") and ssh("other+box", "echo mine", key=f"{b.dir}/others").stdout == "mine\n", "another's key cannot be removed", r)
    r = ssh("other", "keys", "rm", others, key=f"{b.dir}/others")
    ok(refused(r, "denied", "your last key"), "the last key stays", r)
    make("over"); b.ctl("key", "add", "other", f"{b.dir}/over.pub", "--expires", "1s")
    b.wait(lambda: ssh("other", "keys", key=f"{b.dir}/over").returncode == 255)
    r = ssh("other", "keys", "rm", others, key=f"{b.dir}/others")
    ok(refused(r, "denied", "your last key"), "one that has expired does not count", r)
    r = ssh("bench", "keys add", text=open(f"{d}/lost.pub").read())
    ok(refused(r, "denied", "revoked"), "nor is a revoked key added", r)
    ok(refused(ssh("bench", "keys", "rm"), "usage") and refused(ssh("bench", "keys", "list"), "usage"), "what keys does not know")

    # A key that ends makes none that lasts.
    make("brief"); b.ctl("key", "add", "bench", f"{b.dir}/brief.pub", "--expires", "7d")
    made, shown = make("made")
    r = ssh("bench", "keys add", text=made, key=f"{b.dir}/brief")
    ends = {k["fingerprint"]: k["expires"] for k in json.loads(b.ctl("--json", "key", "list", "bench"))}
    brief = b.run("ssh-keygen", "-lf", f"{b.dir}/brief.pub").split()[1]
    shows = {k["fingerprint"]: k["expires"] for k in map(json.loads, ssh("bench", "keys --json").stdout.splitlines())}
    line = [l for l in ssh("bench", "keys").stdout.splitlines() if l.startswith(shown)]
    ok(shows[own] is None and shows[shown][:10] == ends[shown][:10] and line and line[0].split("\t")[3][:10] == shows[shown][:10], "its owner sees when", shows, line)
    ok(r.returncode == 0 and ends[shown] and ends[shown] == ends[brief] and not ends[own], "one added by a key that ends, ends with it", r, ends)

    b.ctl("audit", "export", "-o", f"{b.dir}/pack")
    events = [json.loads(l) for l in open(f"{b.dir}/pack/events.jsonl")]
    mine = [e for e in events if e["actor"] == "bench" and "key" in e["text"]]
    ok(any("bench added a key of user bench" in e["text"] for e in mine) and any("bench removed a key of user bench" in e["text"] for e in mine), "the directory's changes are on the record", mine[:5])
    ok(any(print2 in e["text"] and "has added" in e["text"] and e["src"] == "127.0.0.1" for e in mine) and any("could not" in e["text"] for e in events if e["actor"] == "other"),
       "and by fingerprint, from where, refused ones too", mine[:5])
finally:
    b.stop(); shutil.rmtree(d)

# Where an administrator keeps the keys.
b = Bastion(build, "KernelAudit off\nOwnKeys no\n", POLICY)
try:
    third, print3 = make("third")
    r = ssh("bench", "keys add", text=third, key=b.key)
    ok(refused(r, "denied", "only an administrator"), "OwnKeys no: none is added", r)
    r = ssh("bench", "keys", key=b.key)
    ok(r.stdout.count("\n") == 1, "but one's own are shown", r)
finally:
    b.stop()
end()
