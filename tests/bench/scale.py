#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Many recorded sessions at once, each typing one key every five seconds (--every MS).

    tests/bench/scale.py [--build DIR] [--sessions N] [--seconds S] [--rate N] [--idle S] [--every MS] [--peers N]

Starts a bastion in a temporary directory, one process that is the host of all sessions (scale_echo: thousands of sshds do not
fit) and one that is all users (scale_load), all on 127.0.0.1, and ends them.  Needs root, and of a build also
`make tests/bench/scale_echo tests/bench/scale_load`.  --rate is logins a second, while all come in and while all go; then
nobody types for --idle seconds, then all do for --seconds.  --peers N first holds N sessions through OpenSSH's sshd (ProxyJump)
to the same host, and as many through the bastion.  README's figures: --sessions 2000 --seconds 40 --rate 60; half an hour
of five thousand: --sessions 5000 --seconds 1800.

Memory is the PSS of all processes of the bastion with all sessions open, less what it was with none, a session.  Afterwards each
recording is read: it must hold every key that was echoed, in order.  Exit status 1 if a session was refused, lost or has a gap."""
import argparse, json, os, re, struct, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from bastion import Bastion, port, pss, under

def cpu(pids):
    """Seconds of each; the clock ticks of /proc/PID/stat are too coarse for processes that do little."""
    def one(pid):
        try: return int(open(f"/proc/{pid}/schedstat").read().split()[0]) / 1e9
        except OSError: return 0.0
    return {p: one(p) for p in pids}

def available():
    """KiB that the machine could still give."""
    return int(re.search(r"^MemAvailable:\s+(\d+)", open("/proc/meminfo").read(), re.M).group(1))

class Load:
    """One run of scale_load, and what the processes below `root` took meanwhile; `parts` are those of them that have a name."""
    def __init__(self, b, root, parts, sessions, seconds, *more):
        self.sessions, before, free = sessions, pss([root, *under(root)]), available()
        self.p = subprocess.Popen([f"{b.build}/tests/bench/scale_load", "--key", b.key, "--sessions", str(sessions), "--seconds", str(seconds),
                                   "--rate", str(b.a.rate), "--every", str(b.a.every), *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        up = self.until("up")
        print(f"  {up['up']} sessions in {up['seconds']:.0f} s, {up['refused']} refused", flush=True)
        pids = [root, *under(root)]; idle_kb = pss(pids)
        first, start = cpu(pids), time.monotonic(); time.sleep(b.a.idle)
        self.idle = (sum(cpu(pids).values()) - sum(first.values())) / (time.monotonic() - start)
        first, start = cpu(pids), time.monotonic()
        self.go(); self.said = self.until("typed")
        last, self.wall = cpu(pids), time.monotonic() - start
        self.cpu = {p: max(last[p] - first[p], 0) for p in pids}; self.total = sum(self.cpu.values())
        kb = pss(pids); self.kb, self.grown, self.machine = (kb - before) / sessions, (kb - idle_kb) / sessions, (free - available()) / sessions
        self.files = {p: len(os.listdir(f"/proc/{p}/fd")) for p in parts.values()}
        self.go(); self.end = self.until("ended")
        self.go(); self.p.wait()
        if self.end["why"]: print(f"  the first that was refused or lost: {self.end['why']}", flush=True)

    def until(self, stage):
        for line in self.p.stdout:
            said = json.loads(line)
            if said["at"] == stage: return said
            print(f"  {said['seconds']:6.0f} s: {said['up']} sessions, {said['keys']} keys, {said['lost']} lost, echo of this minute "
                  f"p50 {said['p50_ms']} ms, p99 {said['p99_ms']} ms", flush=True)
        raise SystemExit(f"scale_load ended early, with status {self.p.wait()}")

    def go(self):
        self.p.stdin.write("\n"); self.p.stdin.flush()

def recording(path):
    """Is the output all keys in order, and nothing marked as not kept?  And how many keys."""
    data, at, out, gap = open(path, "rb").read(), 0, [], False
    while at < len(data):
        kind, _, n = struct.unpack_from("<BQI", data, at); at += 13
        if kind == ord("o"): out.append(data[at:at + n])
        gap |= kind == ord("g"); at += n
    _, ready, keys = b"".join(out).partition(b"ready\r\n")
    return bool(ready) and not gap and keys == (b"abcdefghijklmnopqrstuvwxyz" * (len(keys) // 26 + 1))[:len(keys)], len(keys)

class Bench(Bastion):
    def __init__(self, a):
        many, self.a, self.seen = max(a.sessions, a.peers) + 200, a, set()
        super().__init__(a.build, "KernelAudit off\n" + "".join(f"{w} {many}\n" for w in ("MaxConnections", "MaxStartups", "MaxStartupsPerSource")))
        try: self.start_echo(many)
        except BaseException: self.stop(); raise

    def start_echo(self, many):
        self.echo_port = port()
        echo = subprocess.Popen([f"{self.build}/tests/bench/scale_echo", "--port", str(self.echo_port), "--key", f"{self.dir}/hk", "--sessions", str(many),
                                 "--admit", f"{self.dir}/state/keys/target_ed25519.pub", "--admit", f"{self.key}.pub"], stdout=subprocess.PIPE, text=True)
        self.procs.append(echo)
        if echo.stdout.readline() != "listening\n": raise SystemExit("scale_echo does not listen")
        self.ctl("host", "add", "echo", "127.0.0.1", "--port", str(self.echo_port), "--login", "root", "--label", "env=bench", "--hostkey", f"{self.dir}/hk.pub")

    def load(self, sessions, seconds):
        self.parts = {n: self.child(n) for n in ("store", "gate", "acceptor")} | {"monitor": self.bastion.pid}
        return Load(self, self.bastion.pid, self.parts, sessions, seconds, "--port", str(self.port), "--user", "bench+echo")

    def load_of_sshd(self, sessions, seconds):
        jump = self.ssh("sshd"); proxy = " ".join(["exec", *jump[:-1], "-W", f"127.0.0.1:{self.echo_port}", jump[-1]])
        return Load(self, self.procs[1].pid, {}, sessions, seconds, "--port", str(self.echo_port), "--user", "root", "--proxy", proxy)

    def recorded(self):
        """Of the sessions since it was asked last: how many there are, are closed with status 0, have no gap; and their keys."""
        def ls(*more): return json.loads(self.ctl("--json", "session", "ls", "--limit", "1000000", *more) or "[]")
        self.wait(lambda: ls("--state-is", "open") == [], 120)
        rows = [r for r in ls() if r["host"] == "echo" and r["id"] not in self.seen]
        pack = f"{self.dir}/pack"; self.ctl("audit", "export", "-o", pack)
        read = [recording(f"{pack}/recordings/{r['id']}.frames") for r in rows]
        self.run("rm", "-r", pack); self.seen |= {r["id"] for r in rows}
        return len(rows), sum(r["state"] == "closed" and r["exit"] == 0 for r in rows), sum(good for good, _ in read), sum(n for _, n in read)

def peers(b, a):
    """The same sessions through sshd and through the bastion."""
    seconds, loads = min(a.seconds, 30), {}
    for name, load in (("sshd, ProxyJump", b.load_of_sshd), ("fortress, recorded", b.load)):
        print(f"{name}: {a.peers} sessions for {seconds} s"); loads[name] = load(a.peers, seconds)
        if loads[name].end["ended"] != a.peers: raise SystemExit("not all of them came in and ended well")
    y, x = loads.values(); b.recorded()
    print(f"\n  {a.peers} sessions {'':20} fortress    sshd   ratio")
    for name, what in (("memory a session, KiB", lambda l: l.kb), ("CPU a key and its echo, ms", lambda l: l.total * 1e3 / l.said["keys"]),
                       ("CPU an idle session, us a second", lambda l: l.idle * 1e6 / l.sessions), ("echo p50, ms", lambda l: l.said["p50_ms"]),
                       ("echo p99, ms", lambda l: l.said["p99_ms"])):
        print(f"  {name:33} {what(x):8.2f} {what(y):8.2f} {what(x) / what(y) if what(y) else float('nan'):8.2f}")
    print(flush=True)

def soak(b, a):
    print(f"{a.sessions} sessions, {a.rate} logins a second, then {a.seconds} s")
    load = b.load(a.sessions, a.seconds); said, end = load.said, load.end
    n, closed, whole, keys = b.recorded()
    verified = subprocess.run([f"{a.build}/fortress", "audit", "verify", "--db"], env=b.env, capture_output=True, text=True)
    refused = open(f"{b.dir}/fortress.log").read().count("connection refused")
    share = {name: load.cpu[p] / load.wall * 100 for name, p in b.parts.items()}
    share["fronts"] = load.total / load.wall * 100 - sum(share.values())
    strict = [
        ("sessions that came in", a.sessions, end["ended"] + end["lost"], end["refused"] + refused == 0),
        ("sessions lost", 0, end["lost"], end["lost"] == 0),
        ("echoes lost, wrong or held up", 0, said["keys"] - said["echoed"] + said["wrong"] + said["stalled"], said["keys"] == said["echoed"] and said["wrong"] + said["stalled"] == 0),
        ("recordings, closed with status 0", a.sessions, closed, n == closed == a.sessions),
        ("recordings without a gap", a.sessions, whole, whole == a.sessions),
        ("keys in recordings", said["echoed"], keys, keys == said["echoed"]),
        ("audit verify --db, exit status", 0, verified.returncode, verified.returncode == 0),
    ]
    goals = [
        ("echo p99, ms", 50, f"{said['p99_ms']:.2f}", said["p99_ms"] <= 50),
        ("memory a session (PSS), KiB", 614, f"{load.kb:.0f}", load.kb <= 614),
        ("store, % of a core", 25, f"{share['store']:.1f}", share["store"] <= 25),
    ]
    print(f"\n  {said['keys']} keys in {a.seconds} s {'':20} goal   measured")
    for name, goal, got, good in strict + goals: print(f"  {name:32} {goal!s:>10} {got!s:>10} {'' if good else '   NOT MET'}")
    for name, got in (
        ("echo p50, p99.9, max, ms", f"{said['p50_ms']:.2f}  {said['p999_ms']:.2f}  {said['max_ms']:.1f}"),
        ("memory a session: grown since all are in, KiB", f"{load.grown:.1f}"),
        ("  of the whole machine, both ends too, KiB", f"{load.machine:.0f}"),
        ("CPU, % of a core", "  ".join(f"{n} {v:.1f}" for n, v in share.items())),
        ("  of a key and its echo, ms", f"{load.total * 1e3 / max(said['keys'], 1):.3f}"),
        ("  while nobody types, % of a core", f"{load.idle * 100:.1f}"),
        ("descriptors", "  ".join(f"{n} {load.files[p]}" for n, p in b.parts.items())),
    ): print(f"  {name:46} {got}")
    if verified.returncode: print(verified.stdout + verified.stderr)
    return all(good for *_, good in strict)

def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", type=os.path.abspath, default="build")
    for name, default in (("sessions", 200), ("seconds", 30), ("rate", 40), ("idle", 5), ("every", 5000), ("peers", 0)): ap.add_argument(f"--{name}", type=int, default=default)
    a = ap.parse_args(); b = Bench(a)
    try:
        if a.peers: peers(b, a)
        good = soak(b, a)
    finally: b.stop()
    sys.exit(0 if good else 1)

if __name__ == "__main__": main()
