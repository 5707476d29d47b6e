#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The whole path against `ssh -J` through OpenSSH's sshd, in the same run, in turns.

    tests/bench/path.py [--build DIR] [--pairs N] [--mb N] [--sessions N] [--hosts N] [--tasks N]
                        [echo|bulk|files|sftp|ansible|login|half|picker|memory]...

Starts an sshd of its own (target and jump host) and a bastion in a temporary directory, all on
127.0.0.1, and ends them.  Needs root (sshd runs as it).  Prints medians and their ratio.  What is copied lies in memory, at both
ends: the recordings alone go to the disk, and wait for nobody else's pages there.
"""
import argparse, hashlib, os, pty, resource, select, shlex, shutil, socket, statistics, subprocess, sys, tempfile, time, tty

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from bastion import Bastion, pss, under

class Bench(Bastion):
    def __init__(self, a):
        super().__init__(a.build, "KernelAudit off\nMaxStartups 1100\nMaxStartupsPerSource 1100\nLoginGraceTime 300s\n")
        self.a = a
        self.files_dir = tempfile.mkdtemp(prefix="fortress-", dir="/dev/shm" if os.path.ismount("/dev/shm") else None)

    def stop(self):
        shutil.rmtree(self.files_dir)
        super().stop()

    def pair(self, name, a, b, unit, better):
        for way, xs in (("fortress", a), (b[0], b[1])):
            print(f"  {way:9} median {statistics.median(xs):10.3f} {unit}   min {min(xs):.3f} max {max(xs):.3f}")
        ratio = statistics.median([x / y for x, y in zip(a, b[1])])
        print(f"  {name}: fortress / {b[0]} = {ratio:.2f} ({better})\n", flush=True)

    def turns(self):
        """Who is next; each is as often the first of a pair, since what one leaves behind the next one may have to wait for."""
        for i in range(self.a.pairs): yield from ("fortress", "jump") if i % 2 == 0 else ("jump", "fortress")

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
        n = self.a.mb; src, dst = f"{self.files_dir}/data", f"{self.files_dir}/copy"
        with open("/dev/urandom", "rb") as r, open(src, "wb") as w:
            block = r.read(1 << 20)
            for i in range(n): w.write(block[i % 997:] + block[:i % 997])
        want = hashlib.md5(open(src, "rb").read()).hexdigest()
        for direction in ("down", "up"):
            rates = {"fortress": [], "jump": []}
            for way in self.turns():
                t = time.perf_counter()
                if direction == "down":
                    p = subprocess.run(self.ssh(way) + [f"cat {src}"], stdin=subprocess.DEVNULL, stdout=open(dst, "wb"))
                    rates[way].append(n / (time.perf_counter() - t))
                    got = hashlib.md5(open(dst, "rb").read()).hexdigest()
                else:
                    p = subprocess.run(self.ssh(way) + [f"cat > {dst}; md5sum < {dst}"], stdin=open(src, "rb"), capture_output=True, text=True)
                    rates[way].append(n / (time.perf_counter() - t)); got = p.stdout.split()[0]
                if p.returncode != 0 or got != want: raise SystemExit(f"{way} {direction}: bytes differ or ssh failed")
            print(f"bulk {direction}: {n} MB, md5 equal"); self.pair(f"bulk {direction}", rates["fortress"], ("jump", rates["jump"]), "MB/s", "goal >= 0.9")

    # scp and sftp: every operation understood and on the record, the contents hashed
    def copies(self, name, copy):
        n = self.a.mb; src, dst = f"{self.files_dir}/data", f"{self.files_dir}/copy"
        with open("/dev/urandom", "rb") as r, open(src, "wb") as w:
            for i in range(n): w.write(r.read(1 << 20))
        want = hashlib.md5(open(src, "rb").read()).hexdigest()
        for direction in ("down", "up"):
            rates = {"fortress": [], "jump": []}
            for way in self.turns():
                ssh = self.ssh(way); opts = ["-P" if x == "-p" else x for x in ssh[1:-1]]
                t = time.perf_counter(); copy(direction, opts, ssh[-1], src, dst); rates[way].append(n / (time.perf_counter() - t))
                if hashlib.md5(open(dst, "rb").read()).hexdigest() != want: raise SystemExit(f"{way} {direction}: bytes differ")
                os.unlink(dst)
            print(f"{name} {direction}: {n} MB, md5 equal"); self.pair(f"{name} {direction}", rates["fortress"], ("jump", rates["jump"]), "MB/s", "goal >= 0.9")

    def files(self):
        def scp(direction, opts, host, src, dst):
            ends = [f"{host}:{src}", dst] if direction == "down" else [src, f"{host}:{dst}"]
            subprocess.run(["scp", "-q", *opts, *ends], stdin=subprocess.DEVNULL, check=True)
        self.copies("scp", scp)

    def sftp(self):
        def sftp(direction, opts, host, src, dst):
            subprocess.run(["sftp", "-q", *opts, "-b", "-", host], input=f"{'get' if direction == 'down' else 'put'} {src} {dst}\n".encode(), stdout=subprocess.DEVNULL, check=True)
        self.copies("sftp", sftp)

    # a playbook of many small tasks: a connection for each host, a command for each task; and, as "one", all hosts behind a
    # jump that they share (ControlMaster towards the bastion), which makes the run one login and one connection of the record
    def ansible(self):
        n, tasks = self.a.hosts, self.a.tasks; names = [f"h{i}" for i in range(n)]; seen, conns, times = set(), {}, {"fortress": [], "one": [], "jump": []}
        seen |= {s["connection"] for s in self.sessions("--limit", "1000000")}
        for h in names: self.ctl("host", "add", h, "127.0.0.1", "--port", str(self.sshd_port), "--login", "root", "--label", "env=bench", "--hostkey", f"{self.dir}/hk.pub")
        play, config = f"{self.dir}/play.yml", f"{self.dir}/ansible.cfg"
        open(config, "w").write("[defaults]\n")
        open(play, "w").write("- hosts: all\n  gather_facts: false\n  tasks:\n" + "  - command: 'true'\n" * tasks)
        for way in times:
            with open(f"{self.dir}/hosts-{way}", "w") as f:
                for h in names: f.write(f"{h} ansible_host={h if way == 'one' else '127.0.0.1'} ansible_port={self.port if way == 'fortress' else 22 if way == 'one' else self.sshd_port} "
                                       f"ansible_user={'bench+' + h if way == 'fortress' else 'root'} ansible_control_path={self.dir}/cp-{way}/{h}\n")
                f.write("[all:vars]\nansible_python_interpreter=/usr/bin/python3\n")
        for _ in range(self.a.pairs):
            for way in times:
                cp = f"{self.dir}/cp-{way}"; ssh = self.ssh("fortress" if way == "one" else way); os.makedirs(cp, exist_ok=True)
                if way == "one":
                    door = shlex.join(["ssh", *ssh[1:-3], "-p", str(self.port), "-o", "ControlMaster=auto", "-o", "ControlPersist=300", "-o", f"ControlPath={cp}/door", "-W", "%h:%p", "bench@127.0.0.1"])
                    subprocess.run(shlex.split(door)[:-3] + ["bench@127.0.0.1", "help"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
                    ssh[-3:-3] = ["-o", f"ProxyCommand={door}"]
                args = shlex.join(ssh[1:-3] + ["-o", "ControlMaster=auto", "-o", "ControlPersist=300"])
                env = dict(os.environ, HOME=self.dir, ANSIBLE_CONFIG=config, ANSIBLE_PIPELINING="True", ANSIBLE_SSH_ARGS=args, ANSIBLE_LOCAL_TEMP=f"{self.dir}/lt", ANSIBLE_REMOTE_TEMP=f"{self.dir}/rt")
                t = time.perf_counter()
                r = subprocess.run(["ansible-playbook", "-f", str(n), "-i", f"{self.dir}/hosts-{way}", play], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
                times[way].append(time.perf_counter() - t)
                for s in os.listdir(cp): subprocess.run(["ssh", "-F", "/dev/null", "-S", f"{cp}/{s}", "-O", "exit", "x"], capture_output=True)
                if r.returncode != 0 or r.stdout.count(f"ok={tasks} ") != n: raise SystemExit(f"{way}: {r.stdout[-2000:]}{r.stderr[-500:]}")
                conns[way] = {s["connection"] for s in self.sessions("--limit", "1000000")} - seen; seen |= conns[way]
        print(f"ansible: {n} hosts, {tasks} tasks, {n} forks, pipelined; connections of a run on the record: {len(conns['fortress'])}, with one shared {len(conns['one'])}")
        self.pair("ansible", times["fortress"], ("jump", times["jump"]), "s", "goal <= 1.1")
        self.pair("ansible, one connection to the bastion", times["one"], ("jump", times["jump"]), "s", "goal <= 1.1")

    # from the start of ssh to the picker's first screen, beside a whole `ssh host true` to an sshd
    def picker(self):
        times = {"fortress": [], "sshd": []}
        argv = self.ssh("fortress"); argv[-1] = "bench@127.0.0.1"
        for _ in range(max(self.a.pairs * 4, 20)):
            t = time.perf_counter(); pid, fd = pty.fork()
            if pid == 0: os.execvpe("ssh", argv, dict(os.environ, TERM="xterm-256color"))
            seen = b""
            while b"NAME" not in seen: seen += os.read(fd, 4096)
            times["fortress"].append((time.perf_counter() - t) * 1e3); os.close(fd); os.waitpid(pid, 0)
            t = time.perf_counter(); subprocess.run(self.ssh("sshd") + ["true"], stdin=subprocess.DEVNULL, check=True)
            times["sshd"].append((time.perf_counter() - t) * 1e3)
        print("picker: login to its first screen, beside `ssh HOST true` to an sshd")
        self.pair("picker", times["fortress"], ("sshd", times["sshd"]), "ms", "goal <= 1")

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

    # a good login beside many connections that say nothing, to the bastion and to an sshd
    def half(self):
        n, sshd_n = self.a.half, min(self.a.half, 950)           # its MaxStartups is 1000
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
        def logins(way):
            out = []
            for _ in range(max(20, self.a.pairs * 4)):
                t = time.perf_counter(); subprocess.run(self.ssh(way) + ["true"], stdin=subprocess.DEVNULL, check=True); out.append((time.perf_counter() - t) * 1e3)
            return statistics.median(out)
        more = {}
        for way, port, count in (("agent", self.port, n), ("sshd", self.sshd_port, sshd_n)):
            alone, silent = logins(way), []
            for _ in range(count): s = socket.create_connection(("127.0.0.1", port), 20); s.recv(1); silent.append(s)
            beside = logins(way); more[way] = beside - alone
            for s in silent: s.close()
            print(f"  {'fortress' if way == 'agent' else way:9} a login alone {alone:.1f} ms, beside {count} half-open connections {beside:.1f} ms: {beside - alone:+.1f} ms")
        print(f"  half-open: fortress {more['agent']:+.1f} ms (goal < 100), sshd {more['sshd']:+.1f} ms\n", flush=True)

    def held(self, root, argv, ready):
        """kB a connection, of all processes below root, with so many of them open."""
        n = self.a.sessions; before = pss([root, *under(root)]); clients = []
        for i in range(0, n, 20):
            more = [subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(min(20, n - i))]
            clients += more
            ready(more)
        kb = (pss([root, *under(root)]) - before) / n
        for c in clients: c.stdin.close(); c.terminate()
        for c in clients: c.wait()
        return kb

    def memory(self):
        # One that was refused is not one that costs nothing.
        def up(cs):
            for c in cs:
                if c.stdout.readline() != b"up\n": raise SystemExit(f"a session did not come up:\n{open(f'{self.dir}/fortress.log').read()[-600:]}")
        ours = self.held(self.bastion.pid, self.ssh("agent") + ["echo up; exec cat"], up)
        sshd = self.procs[1].pid
        # A connection of ProxyJump is one to the jump host's sshd that carries a channel and no session.
        def forwarded(cs):
            for c in cs: c.stdout.read(4)
        jump = self.ssh("sshd"); theirs = self.held(sshd, jump[:-1] + ["-W", f"127.0.0.1:{self.sshd_port}", jump[-1]], forwarded)
        print(f"memory: {self.a.sessions} at once, all processes of the bastion (an idle recorded session), of sshd (a ProxyJump through it and the\n"
              f"  target's first process): fortress {ours:.0f} kB (goal 717), sshd {theirs:.0f} kB, ratio {ours / theirs:.2f}\n", flush=True)

def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("what", nargs="*", default=["echo", "bulk", "files", "login", "picker", "memory"])
    ap.add_argument("--build", type=os.path.abspath, default="build"); ap.add_argument("--pairs", type=int, default=5)
    ap.add_argument("--mb", type=int, default=200); ap.add_argument("--keys", type=int, default=1000)
    ap.add_argument("--sessions", type=int, default=100); ap.add_argument("--half", type=int, default=1000)
    ap.add_argument("--hosts", type=int, default=50); ap.add_argument("--tasks", type=int, default=20)
    a = ap.parse_args(); b = Bench(a)
    try:
        for w in a.what: getattr(b, w)()
    finally: b.stop()

if __name__ == "__main__":
    main()
