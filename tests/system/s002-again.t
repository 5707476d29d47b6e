#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""What was permitted is asked again when policy, role, group, label, time, account, key or revocation change: whatever the
change takes away ends within five seconds with a sentence and an event, through every door; all else goes on."""
import os, select, signal, socket, socketserver, subprocess, sys, threading, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap, terminal
from tap import ok
from bastion import port
from clients import Clients, need
from terminal import on_pty
need("sftp", "ssh-agent")

ENDS_S = 5                     # what is promised; a busy machine gets as much again
VERBS = "shell,exec,put,get,jump,forward,agent-forward"
ALL = f"permit role staff {VERBS} on env=bench as root id work\n"
def policy(rules, role="bench, other, :ops"): return f"role staff {{ {role} }}\n{rules}permit other {VERBS} on any as root id other\n"

b = Clients(build, policy=policy(ALL))
env = dict(os.environ)

class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(4096): self.request.sendall(data)
server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo); server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()

def until(what, seconds=2 * ENDS_S): return terminal.until(what, seconds)

class Door:
    """A client on a terminal or on pipes.  Its output comes by itself; alive() sends words and waits for what they bring."""
    def __init__(self, *argv, terminal=False):
        self.out = b""
        if terminal:
            self.pid, self.fd = on_pty(argv, env)
            self.send = lambda data: os.write(self.fd, data)
        else:
            self.p = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)
            self.pid, self.fd = self.p.pid, self.p.stdout.fileno()
            self.send = lambda data: (self.p.stdin.write(data), self.p.stdin.flush())
        self.status = None
        self.reader = threading.Thread(target=self.read, daemon=True); self.reader.start()
    def read(self):
        while True:
            try: data = os.read(self.fd, 4096)
            except OSError: data = b""
            if not data: break
            self.out += data
    def alive(self, words, brings, seconds=20):
        at = len(self.out)
        try: self.send(words)
        except OSError: return False
        return until(lambda: brings in self.out[at:], seconds)
    def ended(self):
        """And its last words are here (a connection that others share may hold its output open)."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid: self.status = os.waitstatus_to_exitcode(status); self.reader.join(2)
        return self.status is not None
    def close(self):
        if not self.ended(): os.kill(self.pid, signal.SIGKILL); until(self.ended)

class Forward:
    """A client without a session, and a connection through it."""
    def __init__(self):
        self.near = port()
        self.p = Door(*b.argv("box", options=("-N", "-v", "-L", f"127.0.0.1:{self.near}:127.0.0.1:{server.server_address[1]}")))
        until(lambda: socket.socket().connect_ex(("127.0.0.1", self.near)) == 0, 20)
        self.s = socket.create_connection(("127.0.0.1", self.near)); self.s.settimeout(60)
    @property
    def out(self): return self.p.out
    def works(self):
        try: self.s.sendall(b"there"); return self.s.recv(100) == b"there"
        except OSError: return False
    def ended(self):
        if not select.select([self.s], [], [], 0)[0]: return False
        try: return self.s.recv(100) == b""
        except OSError: return True
    def close(self): self.s.close(); self.p.close()

class Line(Door):
    words = lambda self: self.alive(b"echo there-$((40+2))\n", b"there-42")
    works = words

def shell(): return Line(*b.argv("box", options=("-tt",)), terminal=True)
def lent():
    d = Line(*b.argv("box", options=("-A", "-tt")), terminal=True)
    hold = "import socket,os; s=socket.socket(1); s.connect(os.environ['SSH_AUTH_SOCK']); print('agent-'+'open', flush=True); s.recv(1); print('agent-'+'gone', flush=True)"
    d.works = lambda: d.alive(f'python3 -c "{hold}" &\n'.encode(), b"agent-open")
    return d
class Cat(Door):
    def works(self): return self.alive(b"there\n", b"there\n")
def command(): return Cat(*b.argv("box", "cat"))
def jump(): return Cat(*b.argv("box.fx", "cat"))
class Files(Door):
    def works(self): return self.alive(b"pwd\n", b"Remote working directory")
    def ended(self): return b"fortress: " in self.out or super().ended()     # the client itself waits for its next command
    def close(self): os.kill(self.pid, signal.SIGKILL); os.waitpid(self.pid, 0)
def sftp():
    return Files(*b.argv("box", program="sftp", options=("-q",)))
DOORS = {"shell": shell, "exec": command, "sftp": sftp, "-L forward": Forward, "-J inner": jump, "-A": lent}
VERB_OF = {"shell": "shell", "exec": "exec", "sftp": "get", "-L forward": "forward", "-J inner": "exec", "-A": "shell"}

def write(text):
    with open(f"{b.dir}/state/policy.conf", "w") as f: f.write(text)
def reload(text): write(text); b.ctl("reload")
def hup(): b.bastion.send_signal(signal.SIGHUP)

agent = subprocess.run(["ssh-agent", "-s"], capture_output=True, text=True).stdout
env["SSH_AUTH_SOCK"] = agent.split("SSH_AUTH_SOCK=")[1].split(";")[0]
agent_pid = int(agent.split("SSH_AGENT_PID=")[1].split(";")[0])
subprocess.run(["ssh-add", "-q", b.key], env=env, check=True)

def witness():
    """Somebody else, on the same host, who must notice nothing."""
    config = open(b.config).read().replace("User bench+box", "User other+box").replace(b.key, f"{b.dir}/other")
    with open(f"{b.dir}/config-other", "w") as f: f.write(config)
    return Cat("ssh", "-F", f"{b.dir}/config-other", "box", "cat")

def revoked(verb): return [e for e in b.audit(3003, activity=99) if e["verb"] == verb]

def through_all(cause, change, undo, says, account=False):
    """Opens every door, makes the change, and looks."""
    doors = {name: make() for name, make in DOORS.items()}
    other = witness()
    good = [name for name, d in doors.items() if not d.works()] + ([] if other.works() else ["other"])
    ok(not good, f"{cause}: every door is open", good, [getattr(doors.get(g), "out", b"")[-400:] for g in good])
    b.mark()
    change(); start = time.monotonic(); took = {}
    def look():
        for name, d in doors.items():
            if name not in took and d.ended(): took[name] = time.monotonic() - start
        return len(took) == len(doors)
    until(look)
    for name, d in doors.items():
        ok(name in took, f"{cause}: {name} ends", took, d.out[-600:])
        if name != "-L forward":
            ok(until(lambda: says in d.out), f"{cause}: {name} says why", d.out[-600:])
    if not account:
        for verb in sorted(set(VERB_OF.values())):
            ok(until(lambda: any("no longer" in e["text"] and e["host"] == "box" and e["permitted_by"] == "work" for e in revoked(verb))),
               f"{cause}: an event about {verb} names the rule", b.audit(3003))
    else:
        ok(until(lambda: any("the connection of bench ends" in e["text"] for e in b.audit(3002, activity=2))), f"{cause}: an event says so", b.audit(3002))
    ok(other.works() and not other.ended(), f"{cause}: somebody else goes on", other.out[-400:])
    for d in doors.values(): d.close()
    other.close()
    undo()

try:
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/other")
    b.ctl("user", "add", "other"); b.ctl("key", "add", "other", f"{b.dir}/other.pub")
    full = policy(ALL)
    reload(full)
    fp = b.run("ssh-keygen", "-lf", f"{b.key}.pub").split()[1]
    def key_back(): b.ctl("key", "add", "bench", f"{b.key}.pub")

    through_all("policy", lambda: reload(policy("")), lambda: reload(full), b"no longer allowed: DENY")
    through_all("policy by SIGHUP", lambda: (write(policy("deny bench any on any reason \"freeze\" id frozen\n" + ALL)), hup()), lambda: reload(full), b"freeze")
    through_all("role", lambda: reload(policy(ALL, "other")), lambda: reload(full), b"no longer allowed: DENY")
    reload(policy(ALL, "other, :ops")); b.ctl("user", "set", "bench", "--group", "ops")
    through_all("group", lambda: b.ctl("group", "leave", "ops", "bench"), lambda: reload(full), b"no longer allowed: DENY")
    b.ctl("user", "attr", "bench", "zone=bench"); reload(policy(ALL.replace("env=bench", "env=$zone")))
    through_all("attribute", lambda: b.ctl("user", "attr", "bench", "zone=hz"), lambda: reload(full), b"no longer allowed: DENY")
    through_all("label", lambda: b.ctl("host", "label", "box", "env=prod"), lambda: b.ctl("host", "label", "box", "env=bench"), b"no longer allowed: DENY")
    through_all("lock", lambda: b.ctl("user", "lock", "bench"), lambda: b.ctl("user", "unlock", "bench"), b"this user is locked", account=True)
    through_all("expiry", lambda: b.ctl("user", "set", "bench", "--expires", "1s"), lambda: b.ctl("user", "set", "bench", "--expires", "never"), b"has expired", account=True)
    through_all("key", lambda: b.ctl("key", "del", "bench", fp), key_back, b"not bound", account=True)
    through_all("key's end", lambda: b.ctl("key", "add", "bench", f"{b.key}.pub", "--expires", "1s"), lambda: b.ctl("key", "add", "bench", f"{b.key}.pub", "--expires", "never"), b"key has expired", account=True)
    b.run("ssh-keygen", "-q", "-k", "-f", f"{b.dir}/krl")
    os.chmod(f"{b.dir}/krl", 0o644)
    with open(f"{b.dir}/state/fortress.conf", "a") as f: f.write(f"RevokedKeys {b.dir}/krl\n")
    hup()
    def revoke(): b.run("ssh-keygen", "-q", "-k", "-u", "-f", f"{b.dir}/krl", f"{b.key}.pub"); hup()
    def unrevoke(): b.run("ssh-keygen", "-q", "-k", "-f", f"{b.dir}/krl"); hup(); until(lambda: b.on("box", "true").returncode == 0, 20)
    through_all("revocation", revoke, unrevoke, b"revoked", account=True)

    # --- a window that closes: the minute that begins next, or the one after ---
    def window():
        at = int(time.time()); left = 60 - at % 60; end = at + left + (60 if left < 25 else 0)
        day = lambda t: time.strftime("%H:%M", time.gmtime(t))
        return f"time now Mon-Sun {day(at - 3600)}-{day(end)} +00:00\n{ALL.rstrip().replace(' id work', ' when now id work')}\n", end
    text, end = window(); reload(policy(text))
    through_all("time", lambda: time.sleep(max(0, end - time.time())), lambda: reload(full), b'it is not "now" now')

    # --- one thing of several ---
    def without(verb): return full.replace(f"permit role staff {VERBS}", "permit role staff " + ",".join(v for v in VERBS.split(",") if v != verb))
    master = Door(*b.argv("box", options=("-MN", "-S", f"{b.dir}/m")))
    until(lambda: os.path.exists(f"{b.dir}/m"), 20)
    one = Cat(*b.argv("box", "cat", options=("-S", f"{b.dir}/m"))); two = Line(*b.argv("box", options=("-S", f"{b.dir}/m", "-tt")), terminal=True)
    ok(one.works() and two.works(), "two sessions on one connection")
    reload(without("exec"))
    ok(until(one.ended) and b"no longer allowed" in one.out, "the one that is permitted no more ends", one.out)
    ok(two.works() and not master.ended(), "the other one and the connection go on", two.out[-300:])
    reload(full); two.close(); master.close()

    f = Forward(); s = shell(); ok(f.works() and s.works(), "a forward, a shell")
    reload(without("forward"))
    ok(until(f.ended) and until(lambda: b"no longer allowed" in f.out), "the forward ends, and its client hears why", f.out[-600:])
    ok(s.works(), "the shell goes on"); reload(full); f.close()
    a = lent(); ok(a.works(), "an agent that is lent, in use")
    reload(without("agent-forward"))
    ok(until(lambda: b"agent-gone" in a.out), "what has the agent open loses it", a.out[-600:])
    ok(b"no agent forwarding: no longer allowed" in a.out and a.words(), "the session is told, and goes on", a.out[-600:])
    ok(a.alive(b"ssh-add -l; echo rc-$?\n", b"rc-") and b"ED25519" not in a.out.split(b"ssh-add -l")[-1], "and gets it no more", a.out[-600:])
    reload(full); a.close(); s.close()
    j = jump(); s = command(); ok(j.works() and s.works(), "a jump, a command")
    reload(without("jump")); ok(until(j.ended), "the jump ends", j.out); ok(s.works(), "the command goes on"); reload(full)
    for d in (j, s): d.close()

    s = shell(); c = command(); ok(s.works() and c.works(), "a shell, a command")
    reload(full + "require mfa for any shell on any id second\n")
    ok(until(s.ended) and b"a second factor is required" in s.out, "a second factor that is asked for from now on ends what had none", s.out[-400:])
    ok(c.works(), "and nothing else"); reload(full); s.close(); c.close()
    s = Line(*b.argv("agent", options=("-tt",)), terminal=True)
    ok(s.works() and s.alive(b"sleep 12345 & echo child-$!-\n", b"child-") and until(lambda: s.out.count(b"child-") > 1), "a child of a session behind an agent", s.out[-300:])
    child = int(s.out.rsplit(b"child-", 1)[1].split(b"-")[0])
    reload(without("shell"))
    ok(until(s.ended) and until(lambda: not os.path.exists(f"/proc/{child}")), "ends with it", s.out[-300:]); s.close(); reload(full)

    # A host that takes the connection and says nothing: what is on its way ends, too.
    mute = socket.create_server(("127.0.0.1", 0)); at = mute.getsockname()[1]
    b.ctl("host", "add", "mute", "127.0.0.1", "--port", str(at), "--login", "root", "--label", "env=bench", "--hostkey", f"{b.dir}/hk.pub")
    w = Door("ssh", "-F", b.config, "-o", "HostName=127.0.0.1", "-o", f"Port={b.port}", "-l", "bench+mute", "mute", "true")
    held, _ = mute.accept()
    reload(without("exec")); ok(until(w.ended) and b"no longer allowed" in w.out, "a session that is on its way ends as well", w.out)
    w.close(); held.close(); mute.close(); reload(full)

    listens = port()
    r = Door(*b.argv("box", options=("-N", "-v", "-R", f"{listens}:127.0.0.1:{server.server_address[1]}")))
    far = lambda: socket.socket().connect_ex(("127.0.0.1", listens)) == 0
    ok(until(far, 20), "a remote forward", r.out[-400:])
    reload(without("forward")); ok(until(lambda: not far()), "the host listens no more", r.out[-400:]); reload(full); r.close()

    # --- files: put goes, get stays, in the middle of a file ---
    try: import paramiko
    except ImportError: tap.without(True, "an open file", "no python3-paramiko")
    else:
        t = paramiko.Transport(("127.0.0.1", b.port)); t.connect(username="bench+box", pkey=paramiko.Ed25519Key.from_private_key_file(b.key))
        files = paramiko.SFTPClient.from_transport(t)
        out = files.open(f"{b.dir}/written", "w"); out.write(b"first"); out.flush()
        with open(f"{b.dir}/read", "w") as f: f.write("content")
        into = files.open(f"{b.dir}/read"); into.read(1)
        reload(without("put"))
        def write_fails():
            try: out.write(b"more"); out.flush(); return False
            except OSError: return True
        ok(until(write_fails), "a file that is open is written no more")
        ok(into.read() == b"ontent" and "read" in files.listdir(b.dir), "what is read is read on")
        try: files.open(f"{b.dir}/new", "w"); bad = True
        except OSError: bad = False
        ok(not bad, "and none is opened for writing")
        reload(full); t.close()

    # --- a host that goes, and one that is named alike ---
    b.ctl("host", "add", "box2", "127.0.0.1", "--port", str(b.sshd_port), "--login", "root", "--label", "env=bench", "--hostkey", f"{b.dir}/hk.pub")
    s = command(); ok(s.works(), "a command")
    b.ctl("host", "del", "box")
    ok(until(s.ended) and b"no host box any more" in s.out, "a session on a host that is deleted ends, though another begins alike", s.out)
    s.close()
finally:
    os.kill(agent_pid, signal.SIGTERM)
    b.stop()
tap.end()
