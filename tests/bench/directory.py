#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""A large directory: taken in from one file, planned again, loaded at a start, and the hosts of one user by a policy of 1,000 rules:
those that may be reached, all with the reasons, and the picker's first rows.

    tests/bench/directory.py [BUILD [HOSTS [USERS]]]

Goals at 100,000 hosts and 5,000 users: 2 s for each of the first three, 100 ms of CPU for the hosts that one may reach.  The peer is SQLite's own .import of the same rows as
CSV into one table, durable at its end: it keeps no history, no proofs and checks nothing."""
import csv, json, os, resource, shutil, socket, subprocess, sys, threading, time

top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from bastion import Bastion
from peers import Chan
from terminal import Terminal

build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
hosts, users = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000, int(sys.argv[3]) if len(sys.argv) > 3 else 5_000
RULES, ENVS = 1000, ("bench", "prod", "staging", "dev", "lab")
def policy():
    """Two rules in a hundred are for everybody, one in twenty is a deny, and user-00042 is in two roles."""
    yield "permit bench any on env=bench as root id bench"
    for i in range(100): yield f"role r{i} {{ :group-{i}, user-{i:05d} }}"
    for i in range(RULES - 1):
        yield (f"{'deny' if i % 20 == 7 else 'permit'} {'any' if i % 50 == 7 else f'role r{i % 100}'} shell,exec on env={ENVS[i * 7 % 5]} & app=a{i * 31 % 200}"
               f" as root, ops id rule-{i}")
b = Bastion(build, "KernelAudit off\n", "\n".join(policy()) + "\n")

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
                    "labels": [f"env={ENVS[i // 200 % 5]}", f"app=a{i % 200}", f"tier=t{i % 4}"], "host_keys": [pin]} for i in range(hosts)]
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

    class Meanwhile(threading.Thread):
        """What others do, again and again, and how long they wait for it."""
        def __enter__(self):
            self.waits, self.over = [], False
            self.begin(); self.once(); self.start()
            return self
        def run(self):
            while not self.over:
                time.sleep(0.01); start = time.monotonic(); self.once()
                self.waits.append(time.monotonic() - start)
        def __exit__(self, *why): self.over = True; self.join(); self.end()
        def begin(self): pass
        def end(self): print(f"meanwhile {self.what}: {len(self.waits)}, the longest {max(self.waits) * 1000:.0f} ms, the median {sorted(self.waits)[len(self.waits) // 2] * 1000:.0f} ms")
    class Echoes(Meanwhile):
        """A session that goes on: its echoes, each recorded before it comes."""
        what = "echoes of another session"
        def begin(self): self.p = subprocess.Popen([*b.ssh("fortress"), "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=b.log)
        def once(self):
            self.p.stdin.write(b"x\n"); self.p.stdin.flush()
            if self.p.stdout.readline() != b"x\n": raise SystemExit("no echo")
        def end(self): super().end(); self.p.stdin.close(); self.p.wait()
    class Decisions(Meanwhile):
        what = "decisions"
        def begin(self):
            s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect(f"{b.dir}/state/run/control.sock"); self.chan = Chan(s)
        def once(self):
            self.chan.send("EXPLAIN", req=1, user="bench", verb="shell", host="box")
            if not self.chan.want("EXPLAINED", seconds=60)["permit"]: raise SystemExit("no permit")

    before = used()
    with Echoes(), Decisions(): took, out = timed("directory", "apply", file)
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
    def hosts_of(*options):
        before = used(); took = sorted(timed("hosts", "--user", *options)[0] for _ in range(10))
        print(f"fortress hosts --user {' '.join(options)}: {(used() - before) * 100:.0f} ms of CPU of command and gate, {took[5] * 1000:.0f} ms "
              f"({timed('hosts', '--user', *options)[1].count(chr(10)) - 1} hosts)")
    hosts_of("user-00042", "--allowed"); hosts_of("user-00042"); hosts_of("bench", "--allowed")
    def picker():
        start = time.monotonic()
        t = Terminal("ssh", "-tt", "-i", b.key, "-p", str(b.port), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "bench@127.0.0.1")
        if not t.saw("host-0"): raise SystemExit("no picker: " + t.out)
        took = time.monotonic() - start
        t.send("\x03"); t.close()
        return took
    print(f"ssh to the picker's first rows: {sorted(picker() for _ in range(5))[2] * 1000:.0f} ms, the login among it")
finally:
    b.stop()
