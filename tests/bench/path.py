#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The whole path against `ssh -J` through OpenSSH's sshd, in the same run, in turns.

    tests/bench/path.py [--build DIR] [--pairs N] [--mb N] [--sessions N] [echo|bulk|login|memory]...

Starts an sshd of its own (target and jump host) and a bastion in a temporary directory, all on
127.0.0.1, and ends them.  Needs root (sshd runs as it).  Prints medians and their ratio.
"""
import argparse, hashlib, os, pty, re, select, shutil, socket, statistics, subprocess, sys, tempfile, time, tty

def port():
    s = socket.socket(); s.bind(("127.0.0.1", 0)); p = s.getsockname()[1]; s.close(); return p

class Bench:
    def __init__(self, a):
        self.a, self.dir = a, tempfile.mkdtemp(prefix="fortress-bench-")
        os.chmod(self.dir, 0o755)
        self.procs, self.sshd_port, self.port = [], port(), port()
        self.key = f"{self.dir}/id"
        self.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key)
        self.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{self.dir}/hk")
        self.start_bastion(); self.start_sshd()
        self.ctl("host", "add", "box", "127.0.0.1", "--port", str(self.sshd_port), "--login", "root", "--label", "env=bench",
                 "--hostkey", f"{self.dir}/hk.pub")
        self.start_agent()
        self.ctl("user", "add", "bench"); self.ctl("key", "add", "bench", f"{self.key}.pub")

    def run(self, *args, **kw):
        return subprocess.run(args, check=True, capture_output=True, text=True, **kw).stdout

    def ctl(self, *args):
        return self.run(f"{self.a.build}/fortress", *args, env=self.env)

    def start_bastion(self):
        st = f"{self.dir}/state"; os.makedirs(f"{st}/keys"); os.chmod(f"{st}/keys", 0o700); os.chmod(st, 0o711)
        for t in ("ed25519", "ecdsa", "rsa"):
            self.run("ssh-keygen", "-q", "-t", t, "-N", "", "-f", f"{st}/keys/host_{t}")
        open(f"{st}/fortress.conf", "w").write(
            f"ListenAddress 127.0.0.1:{self.port}\nMaxStartups 1000\nMaxStartupsPerSource 1000\nKernelAudit off\n")
        open(f"{st}/policy.conf", "w").write("permit bench any on env=bench as root id bench\n")
        self.env = dict(os.environ, FORTRESS_STATE=st, FORTRESS_LIBEXEC=self.a.build)
        self.log = open(f"{self.dir}/fortress.log", "w")
        self.bastion = subprocess.Popen([f"{self.a.build}/fortress", "serve"], env=self.env, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        self.procs.append(self.bastion)
        self.wait(lambda: subprocess.run([f"{self.a.build}/fortress", "status"], env=self.env, capture_output=True).returncode == 0)

    def start_sshd(self):
        with open(f"{self.dir}/authorized", "w") as f:
            f.write(open(f"{self.key}.pub").read()); f.write(open(f"{self.dir}/state/keys/target_ed25519.pub").read())
        open(f"{self.dir}/sshd_config", "w").write(f"""Port {self.sshd_port}
ListenAddress 127.0.0.1
HostKey {self.dir}/hk
AuthorizedKeysFile {self.dir}/authorized
PidFile {self.dir}/sshd.pid
StrictModes no
UsePAM no
PermitRootLogin yes
MaxStartups 1000
MaxSessions 1000
Subsystem sftp internal-sftp
""")
        os.makedirs("/run/sshd", exist_ok=True)
        self.procs.append(subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", f"{self.dir}/sshd_config"],
                                           stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log))
        self.wait(lambda: socket.socket().connect_ex(("127.0.0.1", self.sshd_port)) == 0)

    def start_agent(self):
        sock, key = f"{self.dir}/agent.sock", f"{self.dir}/agent_hk"
        shown = self.run(f"{self.a.build}/staragent", "--host-key", key, "--print-host-key").strip()
        self.procs.append(subprocess.Popen([f"{self.a.build}/staragent", "--listen", f"unix:{sock}", "--host-key", key, "--authorized",
                                            f"{self.dir}/state/keys/target_ed25519.pub", "--login", "root"],
                                           stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log))
        self.ctl("host", "add", "agent", f"unix:{sock}", "--agent", "--login", "root", "--label", "env=bench", "--hostkey", shown)

    def wait(self, ready, seconds=10):
        end = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > end: raise SystemExit(f"not started: see {self.dir}")
            time.sleep(0.02)

    def stop(self):
        for p in reversed(self.procs):
            p.terminate()
        for p in self.procs:
            try: p.wait(10)
            except subprocess.TimeoutExpired: p.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    def ssh(self, way, *more):
        base = ["ssh", "-F", "/dev/null", "-i", self.key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no",
                "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-c", "aes256-gcm@openssh.com"]
        if way == "fortress":
            return base + ["-p", str(self.port), *more, "bench+box@127.0.0.1"]
        if way == "agent":
            return base + ["-p", str(self.port), *more, "bench+agent@127.0.0.1"]
        if way == "jump":
            proxy = " ".join(base + ["-p", str(self.sshd_port), "-W", "%h:%p", "root@127.0.0.1"])
            return base + ["-o", f"ProxyCommand={proxy}", "-p", str(self.sshd_port), *more, "root@127.0.0.1"]
        return base + ["-p", str(self.sshd_port), *more, "root@127.0.0.1"]

    def pair(self, name, a, b, unit, better):
        for way, xs in (("fortress", a), (b[0], b[1])):
            print(f"  {way:9} median {statistics.median(xs):10.3f} {unit}   min {min(xs):.3f} max {max(xs):.3f}")
        ratio = statistics.median([x / y for x, y in zip(a, b[1])])
        print(f"  {name}: fortress / {b[0]} = {ratio:.2f} ({better})\n", flush=True)

    # one key, one echo, on ptys; keys of both paths interleaved
    def echo(self):
        print("echo: a key to `cat` on a raw pty and back, keys in turns"); fds = {}
        for way in ("fortress", "jump"):
            pid, fd = pty.fork()
            if pid == 0: os.execvp("ssh", self.ssh(way, "-tt") + ["stty raw -echo; echo ready; exec cat"])
            tty.setraw(fd); fds[way] = fd
        for fd in fds.values():
            seen = b""
            while b"ready" not in seen: seen += os.read(fd, 4096)
        time.sleep(0.5)
        lat = {"fortress": [], "jump": []}
        for i in range(self.a.keys):
            for way, fd in fds.items():
                while select.select([fd], [], [], 0)[0]: os.read(fd, 4096)
                t = time.perf_counter(); os.write(fd, b"x"); os.read(fd, 64); lat[way].append((time.perf_counter() - t) * 1e6)
        for fd in fds.values(): os.close(fd)
        for way, xs in lat.items():
            xs.sort(); print(f"  {way:9} p50 {xs[len(xs)//2]:.0f} us  p99 {xs[len(xs)*99//100]:.0f} us")
        p = lambda w, q: lat[w][int(len(lat[w]) * q)]
        print(f"  ratio p50 {p('fortress', .5)/p('jump', .5):.2f} (goal 1.15)  p99 {p('fortress', .99)/p('jump', .99):.2f} (goal 1.5)\n", flush=True)

    def bulk(self):
        n = self.a.mb; src = f"{self.dir}/data"
        with open("/dev/urandom", "rb") as r, open(src, "wb") as w:
            block = r.read(1 << 20)
            for i in range(n): w.write(block[i % 997:] + block[:i % 997])
        want = hashlib.md5(open(src, "rb").read()).hexdigest()
        for direction in ("down", "up"):
            rates = {"fortress": [], "jump": []}
            for _ in range(self.a.pairs):
                for way in rates:
                    t = time.perf_counter()
                    if direction == "down":
                        p = subprocess.run(self.ssh(way) + [f"cat {src}"], stdin=subprocess.DEVNULL, stdout=open(f"{self.dir}/got", "wb"))
                        rates[way].append(n / (time.perf_counter() - t))
                        got = hashlib.md5(open(f"{self.dir}/got", "rb").read()).hexdigest()
                    else:
                        p = subprocess.run(self.ssh(way) + [f"cat > {self.dir}/got; md5sum < {self.dir}/got"], stdin=open(src, "rb"), capture_output=True, text=True)
                        rates[way].append(n / (time.perf_counter() - t)); got = p.stdout.split()[0]
                    if p.returncode != 0 or got != want: raise SystemExit(f"{way} {direction}: bytes differ or ssh failed")
            print(f"bulk {direction}: {n} MB, md5 equal"); self.pair(f"bulk {direction}", rates["fortress"], ("jump", rates["jump"]), "MB/s", "goal >= 0.9")

    def login(self):
        rates = {"agent": [], "fortress": [], "sshd": []}; n, par = 60, 8
        for _ in range(self.a.pairs):
            for way in rates:
                t = time.perf_counter(); running, left = [], n
                while left or running:
                    while left and len(running) < par:
                        running.append(subprocess.Popen(self.ssh(way) + ["true"], stdin=subprocess.DEVNULL)); left -= 1
                    running.pop(0).wait()
                rates[way].append(n / (time.perf_counter() - t))
        print("login: ssh HOST true, 8 at a time, recorded and audited; the ssh client's own cost is in both")
        self.pair("logins to an agent", rates["agent"], ("sshd", rates["sshd"]), "/s", "goal >= 2")
        self.pair("logins to an sshd behind it", rates["fortress"], ("sshd", rates["sshd"]), "/s", "an sshd's login is part of it")

    def pss(self, pids):
        total = 0
        for pid in pids:
            try: total += int(re.search(r"^Pss:\s+(\d+)", open(f"/proc/{pid}/smaps_rollup").read(), re.M).group(1))
            except (OSError, AttributeError): pass
        return total

    def tree(self, root):
        kids = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try: kids.setdefault(int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1]), []).append(int(pid))
            except OSError: pass
        out, todo = [], [root]
        while todo: p = todo.pop(); out.append(p); todo += kids.get(p, [])
        return out

    def memory(self):
        n = self.a.sessions; before = self.pss(self.tree(self.bastion.pid)); clients = []
        for _ in range(n):
            clients.append(subprocess.Popen(self.ssh("fortress") + ["echo up; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        for c in clients: c.stdout.readline()
        after = self.pss(self.tree(self.bastion.pid))
        print(f"memory: {n} idle recorded sessions, all processes of the bastion\n  {before} kB before, {after} kB after: "
              f"{(after - before) / n:.0f} kB a session (goal 717)\n", flush=True)
        for c in clients: c.stdin.close()
        for c in clients: c.wait()

def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("what", nargs="*", default=["echo", "bulk", "login", "memory"])
    ap.add_argument("--build", default=os.path.join(os.getcwd(), "build")); ap.add_argument("--pairs", type=int, default=5)
    ap.add_argument("--mb", type=int, default=200); ap.add_argument("--keys", type=int, default=1000)
    ap.add_argument("--sessions", type=int, default=100)
    a = ap.parse_args(); b = Bench(a)
    try:
        for w in a.what: getattr(b, w)()
    finally: b.stop()

if __name__ == "__main__":
    main()
