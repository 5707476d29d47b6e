#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Commands in the evidence, each with its source; and what was typed without being shown is nowhere: real programs that ask for a password,
a record in full, and all that is made of it."""
import csv, glob, json, os, re, shutil, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, may_look, needs_bastion, ok
needs_bastion()
from bastion import Bastion
from terminal import Terminal, until

POLICY = "permit bench any on env=bench as root id bench\nrequire record full for bench shell,exec on env=bench id whole\n"
b = Bastion(build, "KernelAudit off\n", POLICY)
def ctl(*args, env=None):
    return subprocess.run([f"{build}/fortress", *args], env=env or b.env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
def rows(pack, sheet): return [json.loads(l) for l in open(f"{pack}/{sheet}.jsonl")]
def commands(id):
    r = ctl("--json", "session", "commands", id); return json.loads(r.stdout) if r.returncode == 0 else r
def export(name, *more):
    r = ctl("audit", "export", "-o", f"{b.dir}/{name}", *more); return r

def newest():
    """The id of the session that has just ended, once it is on the record to its end."""
    b.wait_closed(); return b.sessions()[0]["id"]

class Shell(Terminal):
    """A shell on the host, at its prompt."""
    def __init__(self, *options):
        super().__init__(*b.ssh("fortress", "-tt"), *options, size=(24, 240))      # no line is broken
        self.saw("# ") or self.saw("$ ")
    def leave(self): self.send("exit\r"); until(self.ended); self.close(); return newest()
    def typed(self, text):
        self.send(text); self.saw(text[-8:]); self.send("\r")
    def secret(self, word, asked, got):
        """At a prompt that shows nothing: key by key, then at once."""
        ok(self.saw(asked), f"asked: {asked}", self.out[-200:])
        for letter in word: self.send(letter)
        self.send("\r"); ok(self.saw(got), f"and answered: {got.strip()}", self.out[-200:])

# Made up anew, and never a word on any command line: what is looked for afterwards.
SECRETS = {n: f"zq{n}-" + os.urandom(6).hex() + "W" for n in ("read", "keygen", "getpass", "stars", "pasted", "ahead", "noise")}

try:
    # --- by marks, by the screen ---
    t = Shell()
    t.typed("PS1=me'$ '"); t.saw("me$ ")
    t.typed("echo one"); t.saw("\rone"); t.saw("me$ ")
    t.send("echo twoo"); t.saw("twoo"); t.send("\x7f\r"); t.saw("\rtwo"); t.saw("me$ ")
    ctl("audit", "index")                                # in the middle of it
    t.typed("cd /etc && pwd"); t.saw("\r/etc"); t.saw("me$ ")
    t.send("rm -rf nothing"); t.saw("nothing"); t.send("\x03"); t.saw("me$ ")
    screen = t.leave()
    found = commands(screen); said = [c["command"] for c in found]
    ok(said[-4:] == ["echo one", "echo two", "cd /etc && pwd", "exit"], "read off the screen: as they were run, not those given up", found)
    ok(all(c["source"] == "screen" and c["confidence"] in ("low", "medium", "high") and c["exit"] is None for c in found), "as a guess", found)
    ok(any(c["confidence"] == "high" for c in found if c["command"] == "echo one"), "a surer one where the record has what was typed", found)
    at = next(c["at"] for c in found if c["command"] == "echo two")
    ok("me$ echo two" in ctl("replay", "--text", "--at", at, screen).stdout, "replay --at goes there", at)
    before = commands(screen); shutil.rmtree(f"{b.dir}/state/index")
    ok(commands(screen) == before, "made again at once, the same as in parts", before, commands(screen))

    t = Shell()
    t.typed(r"PS1='\[\e]133;A\a\]m> \[\e]133;B\a\]' PS0='\e]133;C\a' PROMPT_COMMAND='printf \"\e]133;D;%s\a\" $?'".replace('\\"', '"')); t.saw("\x1b]133;B")
    for line in ("true", "false", "echo mark"): t.typed(line); t.saw("\x1b]133;C"); t.saw("\x1b]133;B")
    marks = t.leave()
    found = [(c["command"], c["exit"]) for c in commands(marks) if c["source"] == "osc133"]
    ok(("true", 0) in found and ("false", 1) in found and ("echo mark", 0) in found, "told by the shell's marks, with how they ended", commands(marks))
    r = subprocess.run(b.ssh("fortress") + ["exit 7"], capture_output=True, stdin=subprocess.DEVNULL); ran = newest()
    ok([(c["command"], c["source"], c["confidence"]) for c in commands(ran)] == [("exit 7", "exec", "sure")], "an exec's is sure")

    # --- secrets ---
    t = Shell()
    t.typed("bind 'set enable-bracketed-paste off'; PS1=me'$ '"); t.saw("me$ ")
    t.typed("read -s -p word-$((1+1))'> ' x; echo got-${#x}"); t.secret(SECRETS["read"], "word-2> ", f"got-{len(SECRETS['read'])}"); t.saw("me$ ")
    t.typed(f"ssh-keygen -q -t ed25519 -f {b.dir}/made"); t.secret(SECRETS["keygen"], "(empty for no passphrase): ", "again: "); [t.send(x) for x in SECRETS["keygen"]]; t.send("\r"); ok(t.saw("me$ "), "ssh-keygen twice")
    t.typed("python3 -c 'import getpass; print(len(getpass.getpass(\"Enter %s: \" % \"password\")))'"); t.secret(SECRETS["getpass"], "Enter password: ", f"\n{len(SECRETS['getpass'])}"); t.saw("me$ ")
    t.typed("s=; printf 'pin-%d: ' $((1+1)); while IFS= read -r -s -n1 c && [ -n \"$c\" ]; do s=$s$c; printf '*'; done; echo; echo stars-${#s}"); t.secret(SECRETS["stars"], "pin-2: ", f"stars-{len(SECRETS['stars'])}"); t.saw("me$ ")
    t.typed("stty -echo; echo off; read x; stty echo; echo paste-${#x}"); ok(t.saw("\noff"), "echo is off"); t.send(SECRETS["pasted"] + "\r"); ok(t.saw(f"paste-{len(SECRETS['pasted'])}"), "pasted at once", t.out[-200:]); t.saw("me$ ")
    t.typed("stty -echo; echo off; sleep 0.3; read x; read y; stty echo; echo ahead-${#x}-${#y}"); ok(t.saw("\noff"), "echo is off"); t.send(SECRETS["ahead"] + "\r" + SECRETS["ahead"] + "\r"); ok(t.saw(f"ahead-{len(SECRETS['ahead'])}-"), "typed before it was asked for", t.out[-200:]); t.saw("me$ ")
    t.typed("stty -echo; (while :; do echo zqzqnoise-0123456789abcdefW; sleep 0.02; done) & read -r x; kill %1; stty echo; echo noise-${#x}"); ok(t.saw("zqzqnoise"), "a host that writes all the time")
    for letter in SECRETS["noise"]: t.send(letter); t.saw("zqzqnoise")
    t.send("\r"); ok(t.saw(f"noise-{len(SECRETS['noise'])}"), "and its answer", t.out[-200:]); t.saw("me$ ")
    t.typed("echo typed-$((40+2))"); t.saw("typed-42")
    running = [p for p in b.children() if os.path.exists(f"/proc/{p}")]
    shown = b"".join(open(f"/proc/{p}/{f}", "rb").read() for p in running for f in ("cmdline", *["environ"] * may_look()))
    cores = [open(f"/proc/{p}/limits").read() for p in running]
    secret = t.leave()

    r = export("pack.early"); early = rows(f"{b.dir}/pack.early", "commands-missing")
    ok(r.returncode == 0 and [m["session"] for m in early] == [secret] and "not in the index" in early[0]["why"] and "the commands of 1 session are not all known" in r.stderr, "an export says of which sessions it does not know the commands", early, r.stderr)
    found = commands(secret); said = [c["command"] for c in found]
    ok("echo typed-$((40+2))" in said and any(c.startswith("ssh-keygen") for c in said), "the commands around them are there", said)
    raw = ctl("session", "print", "--raw=in", secret).stdout; ok("echo typed-$((40+2))" in raw, "and in the full record of what was typed", raw)

    # --- all that is made of it ---
    r = export("pack"); ok(r.returncode == 0 and "commands" not in r.stderr, "an export with all of them", r.stderr)
    sheet = rows(f"{b.dir}/pack", "commands"); mine = {s: [(c["command"], c["source"], c["proof"]) for c in sheet if c["session"] == s] for s in (screen, marks, ran, secret)}
    ok(("exit 7", "exec", "session") in mine[ran] and ("echo two", "screen", "derived") in mine[screen] and ("false", "osc133", "derived") in mine[marks], "the sheet of commands: source and proof beside each", mine)
    ok(next(c for c in sheet if c["command"] == "exit 7")["exit"] == "7" and next(c for c in sheet if c["command"] == "false")["exit"] == 1, "how they ended, where that is known")
    ok(rows(f"{b.dir}/pack", "commands-missing") == [], "nothing is missing", rows(f"{b.dir}/pack", "commands-missing"))
    ok(len(list(csv.DictReader(open(f"{b.dir}/pack/commands.csv", newline="")))) == len(sheet), "as CSV too")
    for s in (screen, secret): ctl("replay", "--export", "json", "-o", f"{b.dir}/pack/{s}.json", s); ctl("replay", "--export", "html", "-o", f"{b.dir}/pack/{s}.html", s)
    timeline = json.load(open(f"{b.dir}/pack/{screen}.json"))["timeline"]
    ok([e["text"] for e in timeline if e["kind"] == "command"][-4:] == ["echo one", "echo two", "cd /etc && pwd", "exit"], "an export of the recording has the same", timeline)
    ok(any(h["text"] == "cd /etc && pwd" for h in json.loads(ctl("--json", "audit", "grep", "--class", "command", "/etc &&").stdout)), "audit grep --class command too")
    b.bastion.terminate(); b.bastion.wait()
    for f in ("one", "two"): export(f"{f}.zip", "--offline")
    ok(open(f"{b.dir}/one.zip", "rb").read() == open(f"{b.dir}/two.zip", "rb").read(), "the same bytes each time")

    everything = {f: open(f, "rb").read() for f in glob.glob(f"{b.dir}/**/*", recursive=True) if os.path.isfile(f) and not f.endswith("/made")}
    ok(any(f.endswith(".frames") for f in everything) and any(f.endswith("text.db") for f in everything), "looked at: database, segments, index, logs, exports", list(everything)[:20])
    for name, word in SECRETS.items():
        hits = [f for f, data in everything.items() if word.encode() in data]
        ok(not hits and word.encode() not in shown and word not in raw, f"{name}: what was not shown is nowhere", hits)
    ok(cores and all(re.search(r"Max core file size +0 ", c) for c in cores), "and no process of the bastion leaves a core", [c.splitlines()[5] for c in cores])
finally:
    b.stop()
end()
