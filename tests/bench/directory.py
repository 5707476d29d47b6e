#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""A large directory: taken in from one file, planned again, loaded at a start, and the list of one user's hosts.

    tests/bench/directory.py [BUILD [HOSTS [USERS]]]

Goals at 100,000 hosts and 5,000 users: 2 s for each of the first three.  The peer is SQLite's own .import of the same rows as
CSV into one table, durable at its end: it keeps no history, no proofs and checks nothing."""
import csv, json, os, resource, shutil, sqlite3, subprocess, sys, time

top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from bastion import Bastion

build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
hosts, users = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000, int(sys.argv[3]) if len(sys.argv) > 3 else 5_000
b = Bastion(build, "KernelAudit off\n")

def cpu(pid):
    f = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(f[11]) + int(f[12])) / os.sysconf("SC_CLK_TCK")
def used():
    c = resource.getrusage(resource.RUSAGE_CHILDREN)
    return c.ru_utime + c.ru_stime + cpu(b.child("gate")) + cpu(b.child("store"))

def timed(*args):
    start = time.monotonic()
    r = subprocess.run([f"{build}/fortress", *args], env=b.env, capture_output=True, text=True)
    if r.returncode != 0: raise SystemExit(r.stderr)
    return time.monotonic() - start, r.stdout

try:
    import base64
    pin = open(f"{b.dir}/hk.pub").read().rsplit(" ", 1)[0]
    def key(i): return "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + i.to_bytes(32, "big")).decode()
    d = json.loads(b.ctl("directory", "export"))
    d["groups"] = [{"name": f"group-{i}"} for i in range(100)]
    d["users"] += [{"name": f"user-{i:05d}", "groups": [f"group-{i % 100}"], "attributes": [f"team=t{i % 40}"]} for i in range(users)]
    d["keys"] += [{"user": f"user-{i:05d}", "key": key(i)} for i in range(users)]
    d["hosts"] += [{"name": f"host-{i:06d}", "address": f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", "logins": ["root"],
                    "labels": [f"env={'bench' if i % 3 else 'prod'}", f"app=a{i % 97}"], "host_keys": [pin]} for i in range(hosts)]
    file = f"{b.dir}/all.json"
    with open(file, "w") as f: json.dump(d, f, indent=1)

    def rows():
        for h in d["hosts"]: yield [h["name"], h["address"], h.get("port", 22), ",".join(h["logins"]), " ".join(h["labels"]), h["host_keys"][0]]
        for u in d["users"]: yield [u["name"], "", 0, ",".join(u["groups"]), " ".join(u["attributes"]), ""]
        for k in d["keys"]: yield [k["user"], "", 0, "", "", k["key"]]
    with open(f"{b.dir}/all.csv", "w") as f: csv.writer(f).writerows(rows())
    peer = None
    if shutil.which("sqlite3"):
        start = time.monotonic()
        subprocess.run(["sqlite3", f"{b.dir}/peer.db"], input=f"""PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
CREATE TABLE row(name TEXT, addr TEXT, port INT, logins TEXT, labels TEXT, pins TEXT); CREATE INDEX by_name ON row(name);
.import --csv {b.dir}/all.csv row
""", text=True, check=True, capture_output=True)
        peer = time.monotonic() - start

    before = used()
    took, out = timed("directory", "apply", file)
    print(f"apply of {hosts} hosts, {users} users and their keys: {took:.2f} s, of which {used() - before:.2f} s CPU of command, gate and store  ({out.strip()})")
    if peer: print(f"SQLite's .import of the same rows: {peer:.2f} s, ratio {took / peer:.1f}")
    took, out = timed("directory", "plan", file)
    print(f"plan of the same file again: {took:.2f} s  ({out.strip()})")
    d["hosts"] = [dict(h, labels=h["labels"] + ["new=1"]) if i % 10 == 0 else h for i, h in enumerate(d["hosts"])]
    with open(file, "w") as f: json.dump(d, f, indent=1)
    took, out = timed("directory", "apply", file)
    print(f"apply of a change to a tenth of the hosts: {took:.2f} s  ({out.strip()})")

    b.bastion.terminate(); b.bastion.wait(10)
    start = time.monotonic()
    b.bastion = subprocess.Popen([f"{build}/fortress", "serve"], env=b.env, stdin=subprocess.DEVNULL, stdout=b.log, stderr=b.log)
    b.procs[0] = b.bastion
    b.wait(lambda: subprocess.run([f"{build}/fortress", "status"], env=b.env, capture_output=True).returncode == 0, 60)
    print(f"start: serving after {time.monotonic() - start:.2f} s")
    times = sorted(timed("hosts", "--user", "bench")[0] for _ in range(5))
    print(f"fortress hosts --user bench: {times[2] * 1000:.0f} ms (median of 5)")
finally:
    b.stop()
