#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""A whole bastion, an sshd and a staragent in a temporary directory on 127.0.0.1, for tests and benches.
They run as root; everything is ended by stop()."""
import codecs, json, os, random, re, select, shutil, socket, subprocess, sys, tempfile, time
import tap
from terminal import on_pty, resize

taken = []
def take(what):
    """While this test runs no other on this machine takes what has this name; None if one has."""
    mine = socket.socket(socket.AF_UNIX)
    try: mine.bind(f"\0fortress-test-{what}")
    except OSError: mine.close(); return None
    taken.append(mine)
    return what

def alone(what):
    """Waits until this test is the only one that has what a machine has but one of."""
    while not take(what): time.sleep(0.1)

def port():
    """A free one, below those that the kernel gives to clients: a bastion that is started again finds it free again.  While
    this test runs no other is given it, though nothing may listen there yet."""
    while True:
        p = random.randrange(10000, 30000)
        with socket.socket() as s:
            try: s.bind(("127.0.0.1", p))
            except OSError: continue
        if take(f"port-{p}"): return p

def ipv6():
    """Has this machine a ::1?  A container often has none."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6): return True
    except OSError: return False

def talk(argv, script, seconds=60, env=None, size=(24, 80)):
    """Runs argv on a pty.  script: pairs of a text to wait for and an answer: what is typed, or a new size (rows, columns).
    All output as text, and the exit status (that of a SIGKILL if it did not end in time)."""
    pid, fd = on_pty(argv, env, size)
    out, seen, steps, end = "", 0, list(script), time.monotonic() + seconds
    text = codecs.getincrementaldecoder("utf-8")("replace")   # a read may end inside a character
    while time.monotonic() < end:
        if steps and steps[0][0] in out[seen:]:
            seen = len(out); answer = steps.pop(0)[1]
            if isinstance(answer, tuple): resize(fd, *answer)
            else: os.write(fd, answer.encode())
            continue
        if not select.select([fd], [], [], 0.2)[0]: continue
        try: data = os.read(fd, 4096)
        except OSError: data = b""
        if not data: break
        out += text.decode(data)
    else:
        os.kill(pid, 9)
    status = os.waitpid(pid, 0)[1]                       # before the close, which would hang it up
    os.close(fd)
    return out, os.waitstatus_to_exitcode(status)

def factor_key(shown):
    """A second factor's secret, which is shown in groups of four; None if it is not there."""
    m = re.search(r"this key into it:((?: [A-Z2-7]{4}){8})\r?\n", shown)
    return m.group(1).replace(" ", "") if m else None

def under(pid):
    """The processes under pid, and no others."""
    below = {}
    for p in filter(str.isdigit, os.listdir("/proc")):
        try: below.setdefault(int(open(f"/proc/{p}/stat").read().rsplit(")", 1)[1].split()[1]), []).append(int(p))
        except OSError: pass
    out = list(below.get(pid, []))
    for p in out: out += below.get(p, [])
    return out

def holders(*ends):
    """The pids that have a TCP socket of IPv4 with these ends, ":PORT" as /proc/net/tcp has it, and a state if one is given."""
    rows = [l.split() for l in open("/proc/net/tcp").read().splitlines()[1:]]
    sockets = {f"socket:[{r[9]}]" for r in rows if all(map(str.endswith, r[1:], ends))}
    def files(pid):
        try: return {os.readlink(f"/proc/{pid}/fd/{f}") for f in os.listdir(f"/proc/{pid}/fd")}
        except OSError: return set()
    return [p for p in map(int, filter(str.isdigit, os.listdir("/proc"))) if sockets & files(p)]

def memory_peak(pids):
    """The most memory that one of these processes has ever had, in MB."""
    return max((tap.memory(p, "VmHWM") for p in pids), default=0) // 1024

def pss(pids):
    """The memory that these processes have together, in kB: of what they share each has its part."""
    def of(pid):
        try: return int(re.search(r"^Pss:\s+(\d+)", open(f"/proc/{pid}/smaps_rollup").read(), re.M).group(1))
        except (OSError, AttributeError): return 0
    return sum(map(of, pids))

class Bastion:
    def __init__(self, build, conf="", policy="permit bench any on env=bench as root id bench\n", sshd=""):
        self.build, self.conf, self.policy, self.sshd = build, conf, policy, sshd
        self.dir = tempfile.mkdtemp(prefix="fortress-")
        os.chmod(self.dir, 0o755)
        self.procs, self.sshd_port, self.port = [], port(), port()
        self.key, self.log = f"{self.dir}/id", open(f"{self.dir}/fortress.log", "w")
        try: self.start()
        except BaseException: self.stop(); raise

    def start(self):
        self.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key)
        self.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{self.dir}/hk")
        self.start_bastion(); self.start_sshd()
        self.ctl("host", "add", "box", "127.0.0.1", "--port", str(self.sshd_port), "--login", "root", "--label", "env=bench",
                 "--hostkey", f"{self.dir}/hk.pub")
        self.start_agent()
        self.ctl("user", "add", "bench"); self.ctl("key", "add", "bench", f"{self.key}.pub")

    def sessions(self, *more):
        """The list of sessions, the newest first."""
        return json.loads(self.ctl("--json", "session", "ls", *more))

    def wait_closed(self):
        """Until all of them have ended as they should."""
        self.wait(lambda: all(s["state"] == "closed" for s in self.sessions()))

    def run(self, *args, **kw):
        return subprocess.run(args, check=True, capture_output=True, text=True, **kw).stdout

    def ctl(self, *args):
        return self.run(f"{self.build}/fortress", *args, env=self.env)

    def start_bastion(self):
        st = f"{self.dir}/state"; os.makedirs(f"{st}/keys"); os.chmod(f"{st}/keys", 0o700); os.chmod(st, 0o711)
        for t in ("ed25519", "ecdsa", "rsa"):
            self.run("ssh-keygen", "-q", "-t", t, "-N", "", "-f", f"{st}/keys/host_{t}")
        many = "".join(f"{word} 1000\n" for word in ("MaxStartups", "MaxStartupsPerSource") if f"{word} " not in self.conf)
        if "PerSourcePenalty" not in self.conf: many += "PerSourcePenaltyExemptList 127.0.0.0/8\n"
        if "RecordTimeout" not in self.conf: many += "RecordTimeout 2m\n"             # a disk that others write to stands still for seconds
        open(f"{st}/fortress.conf", "w").write(f"ListenAddress 127.0.0.1:{self.port}\n{many}{self.conf}")
        open(f"{st}/policy.conf", "w").write(self.policy)
        self.env = dict(os.environ, FORTRESS_STATE=st, FORTRESS_LIBEXEC=self.build)
        self.serve()

    def reload(self, text):
        """Another policy, and it is in force."""
        with open(f"{self.dir}/state/policy.conf", "w") as f: f.write(text)
        self.ctl("reload")

    def serve(self):
        self.bastion = subprocess.Popen([f"{self.build}/fortress", "serve"], env=self.env, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        self.procs.append(self.bastion)
        self.wait(lambda: subprocess.run([f"{self.build}/fortress", "status"], env=self.env, capture_output=True).returncode == 0)

    def restart(self):
        """The same bastion in another life."""
        self.bastion.terminate(); self.bastion.wait(60)
        self.procs.remove(self.bastion)
        self.serve()

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
SetEnv SHLVL=1
Subsystem sftp internal-sftp
{self.sshd}""")                                             # SHLVL: bash then reads no start-up file of this machine's root
        os.makedirs("/run/sshd", exist_ok=True)
        self.procs.append(subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", f"{self.dir}/sshd_config"],
                                           stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log))
        self.wait(lambda: socket.socket().connect_ex(("127.0.0.1", self.sshd_port)) == 0)

    def start_agent(self):
        sock, key = f"{self.dir}/agent.sock", f"{self.dir}/agent_hk"
        shown = self.run(f"{self.build}/staragent", "--host-key", key, "--print-host-key").strip()
        self.agent = subprocess.Popen([f"{self.build}/staragent", "--listen", f"unix:{sock}", "--host-key", key, "--authorized",
                                       f"{self.dir}/state/keys/target_ed25519.pub", "--login", "root", "--max-connections", "1000"],
                                      stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.procs.append(self.agent)
        self.ctl("host", "add", "agent", f"unix:{sock}", "--agent", "--login", "root", "--label", "env=bench", "--hostkey", shown)

    def wait(self, ready, seconds=60):
        end = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > end:
                at = sys._getframe(1)
                raise SystemExit(f"# {at.f_code.co_filename}:{at.f_lineno}: not within {seconds} s; the bastion's log ends:\n" + open(f"{self.dir}/fortress.log").read()[-3000:])
            time.sleep(0.02)

    def children(self, of=None):
        """{pid: name} of the processes under this bastion's monitor (or under pid `of`), and of no other's."""
        out = {}
        for p in filter(str.isdigit, os.listdir("/proc")):
            try:
                if int(open(f"/proc/{p}/stat").read().rsplit(")", 1)[1].split()[1]) == (of or self.bastion.pid):
                    out[int(p)] = open(f"/proc/{p}/cmdline").read().split("\0")[0]
            except (OSError, IndexError): pass
        return out

    def child(self, name):
        """The pid of the store, the gate or the acceptor."""
        return next(p for p, n in self.children().items() if n.startswith(name))

    def fronts(self):
        """The processes of connections.  One whose acceptor was killed is not among them."""
        return self.children(self.child("acceptor"))

    def events(self):
        """The audit's events, oldest first."""
        pack = tempfile.mkdtemp(dir=self.dir)
        self.ctl("audit", "export", "-o", f"{pack}/p")
        with open(f"{pack}/p/events.jsonl") as f: return [json.loads(l) for l in f]

    def stop(self):
        for p in reversed(self.procs):
            p.terminate()
        for p in self.procs:
            try: p.wait(60)
            except subprocess.TimeoutExpired:
                if p is self.bastion: tap.ok(False, "the bastion ends when it is asked to", self.children())
                p.kill()
        tap.no_report(f"{self.dir}/fortress.log")
        shutil.rmtree(self.dir, ignore_errors=True)

    def ssh(self, way, *more):
        # One key exchange and one cipher for all: what OpenSSH's two ends would choose, sntrup761, costs them 70 ms more.
        base = ["ssh", "-F", "/dev/null", "-i", self.key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no",
                "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
                "-o", "KexAlgorithms=curve25519-sha256", "-c", "aes256-gcm@openssh.com"]
        if way == "fortress":
            return base + ["-p", str(self.port), *more, "bench+box@127.0.0.1"]
        if way == "agent":
            return base + ["-p", str(self.port), *more, "bench+agent@127.0.0.1"]
        if way == "jump":
            proxy = " ".join(base + ["-p", str(self.sshd_port), "-W", "%h:%p", "root@127.0.0.1"])
            return base + ["-o", f"ProxyCommand={proxy}", "-p", str(self.sshd_port), *more, "root@127.0.0.1"]
        return base + ["-p", str(self.sshd_port), *more, "root@127.0.0.1"]
