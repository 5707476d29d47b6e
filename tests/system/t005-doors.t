#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Every door and every obligation: each door is tried without what the policy requires, and begins only with it.  What the
refusal says to type is typed; a door that can wait waits for the yes and then begins by itself; a yes for one door opens no other.
With the real clients."""
import json, os, re, socket, subprocess, sys, threading

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap
from tap import ok
from bastion import port
from clients import Clients, need, run, serve_line
from terminal import Terminal, until
need("scp", "sftp", "rsync", "git", "ssh-agent")

FREE = "role lead { lena, root }\npermit bench any on env=bench as root id all\n"
b = Clients(build, policy=FREE)
agent = run("ssh-agent", "-s").stdout.decode()
env = dict(os.environ, SSH_AUTH_SOCK=re.search("SSH_AUTH_SOCK=([^;]*)", agent).group(1), GIT_SSH_COMMAND=f"ssh -F {b.config}")
there, made = f"{b.dir}/there", 0
with open(there, "w") as f: f.write("in-42\n")
run("git", "init", "-q", f"{b.dir}/repo")
run("git", "-C", f"{b.dir}/repo", "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "--allow-empty", "-m", "x")

served = serve_line(b"in-42\n")
def reload(*lines): b.reload(FREE + "".join(line + "\n" for line in lines))

class Try:
    """A client at a door: what it says on stderr, and whether it came through."""
    def __init__(self, argv, stdin=b"", came=None, options=()):
        self.came = came or (lambda t: b"in-42" in t.out)
        self.out = self.err = b""
        self.p = subprocess.Popen([*argv[:1], *options, *argv[1:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
        if stdin is not None: self.p.stdin.write(stdin); self.p.stdin.close()
        self.readers = [threading.Thread(target=self.read, args=(name,), daemon=True) for name in ("out", "err")]
        for r in self.readers: r.start()
    def read(self, name):
        stream = self.p.stdout if name == "out" else self.p.stderr
        while chunk := os.read(stream.fileno(), 4096): setattr(self, name, getattr(self, name) + chunk)
    def through(self): return bool(until(lambda: self.came(self) or self.over(), 30) and self.came(self))
    def over(self):
        if self.p.poll() is None: return False
        for r in self.readers: r.join(5)
        return True
    def refused(self):
        """It is told so, and never comes through."""
        return until(lambda: self.over() or REFUSED.search(self.err), 30) and not self.came(self)
    def waits(self, rid): return bool(until(lambda: f"request {rid} waits".encode() in self.err or self.over(), 30)) and not self.over() and not self.came(self)
    def close(self):
        if self.p.poll() is None: self.p.kill()
        self.p.wait()

REFUSED = re.compile(rb"is required|request [0-9a-z]{6} waits")
def fresh():
    global made
    made += 1
    return f"{b.dir}/made-{made}"
def copied(program, *words, stdin=b""):
    at = fresh()
    return lambda options: Try([program, "-F", b.config, *(w.replace("AT", at) for w in words)], stdin.replace(b"AT", at.encode()),
                               lambda t: os.path.exists(at) and open(at).read() == "in-42\n", options)
def rsync(options):
    at = fresh()
    return Try(["rsync", "-e", " ".join(["ssh", "-F", b.config, *options]), f"box:{there}", at], came=lambda t: os.path.exists(at))
def git(options):
    env["GIT_SSH_COMMAND"] = " ".join(["ssh", "-F", b.config, *options])
    return Try(["git", "ls-remote", f"box:{b.dir}/repo"], came=lambda t: b"HEAD" in t.out)
def ssh(*words, stdin=b"", came=None): return lambda options: Try(["ssh", "-F", b.config, *words], stdin, came, options)
def knock(near):
    """Connects, and says whether something came from behind."""
    try:
        with socket.create_connection(("127.0.0.1", near), 5) as s: s.settimeout(60); return s.recv(5) == b"in-42"
    except OSError: return False
def forward(options):
    near, got = port(), []
    t = Try(["ssh", "-v", "-F", b.config, "-o", "LogLevel=DEBUG", "-N", "-L", f"127.0.0.1:{near}:127.0.0.1:{served}", "box"], None, lambda t: True in got, options)
    if until(lambda: socket.socket().connect_ex(("127.0.0.1", near)) == 0 or t.over()):
        threading.Thread(target=lambda: got.append(knock(near)), daemon=True).start()
    return t
def remote(options):
    far = port()
    t = Try(["ssh", "-v", "-F", b.config, "-o", "LogLevel=DEBUG", "-N", "-R", f"127.0.0.1:{remote.far}:127.0.0.1:{served}", "box"], None,
            lambda t: b"remote forward success" in t.err and knock(remote.far), options)
    return t
remote.far = port()
ASK = "echo in-$((40+2))"
AGENT = "ssh-add -l >/dev/null 2>&1; [ $? -lt 2 ] && " + ASK

# name: verbs that are required, does it wait, has it a session that takes an environment, the way
DOORS = {
    "shell": ("shell", True, True, ssh("-T", "box", stdin=ASK.encode() + b"\n")),
    "exec": ("exec", True, True, ssh("box", ASK)),
    "scp -O": ("exec", True, True, lambda o: copied("scp", "-O", f"box:{there}", "AT")(o)),
    "rsync": ("exec", True, True, rsync),
    "git": ("exec", True, True, git),
    "sftp": ("get", True, True, lambda o: copied("sftp", "-b", "-", "box", stdin=f"get {there} AT\n".encode())(o)),
    "scp": ("put", True, True, lambda o: copied("scp", there, "box:AT")(o)),
    "-J": ("jump", True, True, ssh("box.fx", ASK)),
    "-J, inside": ("exec", True, True, ssh("box.fx", ASK)),
    "-J, sftp": ("jump", True, True, lambda o: copied("sftp", "-b", "-", "box.fx", stdin=f"get {there} AT\n".encode())(o)),
    "-L": ("forward", True, False, forward),
    "-R": ("forward", False, False, remote),
    "-A": ("agent-forward", False, True, ssh("-v", "-A", "-o", "LogLevel=DEBUG", "box", AGENT)),
}
def door(name, options=()): return DOORS[name][3](list(options))
def verbs(name): return "get,put" if DOORS[name][0] in ("get", "put") else DOORS[name][0]

SILENT = ("-L", "-R", "-A")                             # these have no channel that ends
def asked(err, verb=""):
    """The command that the words say (for this verb, of several), typed: the request's id."""
    m = re.search(rb"ask for it with ssh bench@bastion (request [^\r\n]*?" + verb.encode() + rb"[^\r\n]*?)(?: \[(?:denied|forward)\])?\r?\n", err)
    if m is None: return None
    words = m.group(1).decode().replace("WHY", "because", 1)
    r = run("sh", "-c", f"ssh -F {b.config} bastion {words}")
    return r.stdout.decode().strip() if r.returncode == 0 else None
def say(word, rid): return run(f"{build}/fortress", "approval", word, rid, env=b.env).returncode == 0
def approve(rid): return say("approve", rid)
def close_all():
    for a in json.loads(b.ctl("--json", "approval", "ls")):
        if a["state"].startswith(("waits", "approved")): say("reject", a["id"])

def opens(name):
    t = door(name)
    try: return not t.refused()
    finally: t.close()

try:
    for name in DOORS:
        t = door(name); ok(t.through(), f"{name}: nothing is required, and it begins", t.err[-300:]); t.close()

    # --- approval: the words, the wait, the yes, once; and no other door ---
    names = list(DOORS)
    for i, name in enumerate(names):
        verb, waits = DOORS[name][:2]
        reload(f"require approval 1 from role lead for bench {verbs(name)} on env=bench id four-eyes")
        t = door(name); no = t.refused() and (name in SILENT or until(t.over)); rid = asked(t.err, verb if verb in ("get", "put") else "")
        ok(no and rid, f"{name}: refused without an approval, and the words make the request", t.err[-400:]); t.close()
        if rid is None: continue
        t = door(name)
        if waits: ok(t.waits(rid), f"{name}: with the request it waits", t.err[-300:])
        else: ok(t.refused() and f"request {rid} waits".encode() in t.err, f"{name}: with the request it says so", t.err[-300:]); t.close()
        approve(rid)
        if not waits: t = door(name)
        ok(t.through(), f"{name}: and begins after the yes", t.err[-400:]); t.close()
        t = door(name); ok(t.refused(), f"{name}: one yes, one time", t.err[-300:]); t.close()

    # --- a yes that nobody has used yet, tried at all other doors ---
    for mine in ("exec", "-L"):
        verb = DOORS[mine][0]
        reload(f"require approval 1 from role lead within 30m for bench any on env=bench id {verb}-yes")
        t = door(mine); rid = asked(t.err) if t.refused() else None; t.close()
        ok(rid and approve(rid), f"a yes for {mine}")
        opened = [name for name in names if name != mine and opens(name)]
        ok(opened == [], f"a yes for {mine} opens no other door", opened)
        t = door(mine); ok(t.through(), "it opens its own", t.err[-300:]); t.close()
        r = b.on("box", "echo in-$((40+3))"); ok(r.returncode == 255 and b"is required" in r.stderr, "and no other command", r)
        close_all()

    # --- the reason without a terminal: the request is made, and waited for ---
    for name in ("exec", "rsync", "sftp", "-J"):
        reload(f"require approval 1 from role lead within 30m for bench {verbs(name)} on env=bench id env-{names.index(name)}")
        t = door(name, ("-o", f"SetEnv=FORTRESS_REASON={names.index(name)}"))
        until(lambda: REFUSED.search(t.err) or t.over(), 30)
        many = 2 if verbs(name) == "get,put" else 1
        until(lambda: len(set(re.findall(rb"request ([0-9a-z]{6}) waits", t.err))) == many)
        ids = sorted(set(re.findall(rb"request ([0-9a-z]{6}) waits", t.err)))
        ok(len(ids) == many and not t.over() and not t.came(t), f"{name}: with a reason by the environment the request is made, and it waits", t.err)
        for rid in ids: approve(rid.decode())
        ok(t.through(), f"{name}: and begins", t.err); t.close()
        close_all()

    # --- files: a no for one of the two, a yes for the other ---
    reload("require approval 1 from role lead for bench get,put on env=bench id files")
    t = door("sftp", ("-o", "SetEnv=LC_FORTRESS_REASON=files"))
    until(lambda: t.err.count(b" waits for ") == 2)
    ids = dict(re.findall(r"([0-9a-z]{6})\tbench\t(get|put)\tbox\troot\t\tfiles", b.on("bastion", "approvals").stdout.decode()))
    for rid, verb in ids.items(): say("approve" if verb == "get" else "reject", rid)
    ok(len(ids) == 2 and t.through(), "sftp: a yes to get and a no to put let it get", ids, t.err); t.close()

    # --- ticket ---
    for name, (verb, waits, session, way) in DOORS.items():
        reload(f"require ticket /^OPS-[0-9]+$/ for bench {verbs(name)} on env=bench id ticket")
        t = door(name); ok(t.refused() and b"is required (ticket)" in t.err, f"{name}: refused without a ticket, in words", t.err[-300:]); t.close()
        if session and name != "-A":
            t = door(name, ("-o", "SetEnv=LC_FORTRESS_TICKET=OPS-7")); ok(t.through(), f"{name}: with one it begins", t.err[-300:]); t.close()

    # --- a moderator: who cannot be watched is refused ---
    for name, (verb, waits, session, way) in DOORS.items():
        if verb in ("shell", "exec"): continue
        reload(f"require moderator role lead for bench {verbs(name)} on env=bench id watched")
        t = door(name); ok(t.refused() and b"is required (watched)" in t.err, f"{name}: nobody can watch it, so it is refused, in words", t.err[-300:]); t.close()

    # --- a second factor, on a connection from before: of a jump it is asked for on the terminal inside ---
    reload()
    mux = ("-o", f"ProxyCommand=ssh -F {b.config} -S {b.dir}/mux -W box:22 bastion")
    m = Terminal(*b.argv("bastion", options=("-MN", "-S", f"{b.dir}/mux"))); until(lambda: os.path.exists(f"{b.dir}/mux"))
    r = run(*b.argv("box.fx", ASK, options=mux)); ok(b"in-42" in r.stdout, "a jump over a connection from before", r)
    reload("require mfa for bench jump on env=bench id twice")
    r = run(*b.argv("box.fx", ASK, options=mux))
    ok(r.returncode == 255 and b"a second factor is required (twice)" in r.stderr, "without a terminal it says what is lacking", r)
    t = Terminal(*b.argv("box.fx", options=("-tt", *mux)))
    ok(t.saw("One-time code: "), "on one it is asked for", t.out); t.close(); m.close()

    r = run(f"{build}/fortress", "audit", "verify", "--db", env=b.env)
    ok(r.returncode == 0, "the record holds", r)
finally:
    os.kill(int(re.search("SSH_AGENT_PID=([0-9]*)", agent).group(1)), 15)
    b.stop()
tap.end()
