#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Sessions while they run: watched, joined, paused, locked, handed over and ended, from the bastion and over ssh."""
import json, os, signal, subprocess, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, end
from clients import Clients, need
from screens import Screen
need("ssh")

POLICY = """permit bench shell,exec on env=bench as root id all
permit bob watch on env=bench id watchers
permit carol watch,join on env=bench id joiners
permit dora watch,admin on env=bench id admins
permit erin shell on env=bench as root id others
"""
b = Clients(build, policy=POLICY)
keys = {}

def person(name):
    keys[name] = f"{b.dir}/id_{name}"
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys[name])
    b.ctl("user", "add", name); b.ctl("key", "add", name, f"{keys[name]}.pub")

def argv(name, *words, tty=True):
    return ["ssh", "-F", b.config, "-o", f"IdentityFile={keys[name]}", "-o", "UserKnownHostsFile=" + b.known, *(["-tt"] if tty else []),
            "-p", str(b.port), f"{name}@127.0.0.1", *words]

def asks(name, *words):
    return subprocess.run(argv(name, *words, tty=False), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

def session():
    s = Screen(b.argv("box", options=["-tt"]))
    s.type(b"PS1='$ '; stty -echo; echo be''gun\r")
    return s if s.until(b"begun") else None

def live(): return b.sessions("--live")
def thrown(id): return b.ctl("replay", "--export", "json", id).count("typed, not delivered")
def events(cls, text): return b.until(lambda: [e for e in b.audit(cls) if text in e["text"]], bool)

try:
    config = open(b.config).read()
    open(b.config, "w").write(config.replace(f"\tIdentityFile {b.key}\n", ""))      # each says its own
    for name in ("bob", "carol", "dora", "erin"): person(name)
    keys["bench"] = b.key
    open(b.config, "a").write(f"\nHost *\n\tIdentityFile {b.key}\n")

    ok(live() == [], "nobody is in")
    s = session()
    ok(s is not None, "a session in a terminal")
    rows = live()
    ok(len(rows) == 1 and (rows[0]["user"], rows[0]["login"], rows[0]["host"], rows[0]["channel"]) == ("bench", "root", "box", "shell") and
       rows[0]["watchers"] == 0 and rows[0]["bytes"] > 0 and rows[0]["idle"] < 60 and rows[0]["held"] == "", "is listed", rows)
    id = rows[0]["id"]

    # ---- over ssh, by policy ----
    r = asks("bob", "sessions", "--live", "--json")
    ok(r.returncode == 0 and json.loads(r.stdout)["id"] == id, "who may watch sees it in the list", r)
    r = asks("erin", "sessions", "--live")
    ok(r.returncode == 0 and r.stdout == "", "who may not does not", r)
    r = asks("bob", "watch", id); ok(r.returncode == 255 and "ssh -t" in r.stderr, "without a terminal it says how", r)
    w = Screen(argv("erin", "watch", id)); ok(w.over() and w.code == 255 and b"[denied]" in w.out, "who may not watch is refused", w.out); w.close()
    ok(events(1008, "erin may not watch the session of bench"), "and that is on the record")
    w = Screen(argv("bob", "watch", "01ARZ3NDEKTSV4RRFFQ69G5FAV")); ok(w.over() and b"no session of that id is open" in w.out, "an id that nobody has", w.out); w.close()

    b.mark()
    w = Screen(argv("bob", "watch", id[:20].lower(), "look", "into", "it"))
    ok(w.shows(b"begun"), "who watches sees what was on the screen before", w.out)
    ok(s.until(b"bob watches this session: look into it"), "and the one who is watched is told, with the reason", s.out)
    s.type(b"echo al''pha\r"); ok(w.shows(b"alpha"), "then what comes", w.out)
    ok(events(1008, "bob watches the session of bench on box: look into it"), "the record says who watches, and why")
    rows = live(); ok(rows[0]["watchers"] == 1, "the list counts", rows)
    w.type(b"echo not me\r"); w.type(b"?"); ok(w.until(b"leave"), "keys of the watcher are the watcher's own", w.out)
    w.type(b"x")
    s.type(b"printf '\\033]0;title\\007\\033[6n\\033P+q544e\\033\\\\ra''w'\r"); ok(w.shows(b"raw"), "what the host writes", w.out)
    ok(b"\x1b]0;" not in w.out and b"\x1b[6n" not in w.out and b"+q544e" not in w.out, "does not reach the watcher as it is", w.out)
    w.type(b"q"); ok(w.over() and w.code == 0, "q leaves", w.code); w.close()
    ok(s.until(b"bob looks at this session no more"), "which is told too", s.out)
    ok(b.until(lambda: live()[0]["watchers"], lambda n: n == 0) == 0, "and counted")
    ok(b"not me" not in s.out, "nothing of what the watcher typed came in", s.out)

    # ---- joined ----
    w = Screen(argv("bob", "join", id)); ok(w.over() and b"[denied]" in w.out, "watch is not join", w.out); w.close()
    j = Screen(argv("carol", "join", id))
    ok(s.until(b"carol has joined this session and may type"), "carol joins", s.out)
    j.type(b"echo from car''ol\r"); ok(s.until(b"from carol") and j.shows(b"from carol"), "what she types goes in, and both see it", s.out, j.out)
    s.type(b"echo from ben''ch\r"); ok(j.shows(b"from bench"), "and what the other types")
    r = asks("dora", "session", "hand", id, "bob"); ok(r.returncode == 255 and "has not joined" in r.stderr, "to nobody who is not there", r)
    r = asks("dora", "session", "hand", id, "carol"); ok(r.returncode == 0 and r.stdout == "handed over\n", "handed over to her", r)
    ok(s.until(b"dora has handed this session to carol"), "the user is told", s.out)
    s.type(b"echo lo''st\r"); j.type(b"echo ke''pt\r"); got = s.upto(b"kept"); ok(got is not None and j.shows(b"kept") and b"lost" not in got, "her input counts and his does not", j.out)
    ok(live()[0]["held"] == "typed by carol", "the list says who types", live())
    j2 = Screen(argv("carol", "join", id)); ok(s.until(b"carol has joined this session"), "she joins once more", s.out)
    j2.close(); ok(s.until(b"carol has left this session"), "and that client dies", s.out)
    s.type(b"echo lo''st\r"); j.type(b"echo st''ays\r"); got = s.upto(b"stays")
    ok(got is not None and b"lost" not in got and b"goes to the session again" not in got and live()[0]["held"] == "typed by carol", "which takes the keyboard from nobody", got, live())
    j.type(b"\x1d?"); ok(j.until(b"one Ctrl-] for the session"), "Ctrl-] ? helps", j.out)
    j.type(b" "); j.type(b"\x1dq"); ok(j.over() and j.code == 0, "Ctrl-] q leaves", j.code); j.close()
    ok(s.until(b"carol has left this session") and s.until(b"what you type goes to the session again"), "then it is his again", s.out)
    s.type(b"echo mi''ne\r"); ok(s.until(b"mine"), "and works")

    # ---- held up ----
    go, gone = f"{b.dir}/go", f"{b.dir}/gone"
    s.type(f"until [ -e {go} ]; do sleep 0.05; done; echo held''-out; touch {gone}\r".encode())
    r = asks("bob", "session", "pause", id); ok(r.returncode == 255 and "[denied]" in r.stderr, "watch is not admin", r)
    r = asks("dora", "session", "pause", id, "wait", "a", "moment"); ok(r.returncode == 0, "dora pauses it", r)
    ok(s.until(b"dora has paused this session: wait a moment"), "the user is told", s.out)
    ok(live()[0]["held"] == "paused", "the list says so", live())
    s.type(b"echo held''-up\r"); open(go, "w").close(); b.wait(lambda: os.path.exists(gone))      # the host has said what it has to say …
    w = Screen(argv("bob", "watch", id)); ok(w.shows(b"dora has paused this session"), "and so is who watches", w.out)
    got = s.upto(b"bob watches this session")                # … and this comes after it
    ok(got is not None and b"held" not in got and b"held-" not in w.out, "nothing is delivered, neither way", got, w.out)
    b.ctl("session", "resume", id, "--reason", "enough")
    # What the bastion says comes as stderr, and a client may show stdout before it: in either order.
    ok(s.shows(b"lets this session go on: enough") and s.shows(b"held-out") and s.shows(b"held-up") and w.shows(b"held-up"), "until it goes on", s.out, w.out)
    b.ctl("session", "lock", id); ok(s.until(b"has locked this session"), "locked", s.out)
    gaps = thrown(id); s.type(b"echo ref''used\r")
    ok(b.until(lambda: thrown(id), lambda n: n > gaps) > gaps and live()[0]["held"] == "locked", "what is typed is counted, and the list says so", live())
    b.ctl("session", "unlock", id); ok(s.until(b"has unlocked this session"), "unlocked", s.out)
    s.type(b"echo aga''in\r"); got = s.upto(b"again"); ok(got is not None and b"refused" not in got, "what was typed meanwhile never came in", got)
    b.ctl("session", "pause", id); b.ctl("session", "lock", id); ok(s.until(b"has locked this session"), "paused and locked", s.out)
    gaps = thrown(id); s.type(b"echo fro''zen\r"); b.until(lambda: thrown(id), lambda n: n > gaps)
    b.ctl("session", "unlock", id); b.ctl("session", "resume", id); ok(s.until(b"lets this session go on"), "and let go on", s.out)
    s.type(b"echo tha''wed\r"); got = s.upto(b"thawed"); ok(got is not None and b"frozen" not in got, "what was typed into the lock never came in, though it was paused as well", got)

    # ---- its reader dies ----
    def watchers(): return {p for p, n in b.children().items() if n.startswith("watch: ")}
    before = watchers(); x = Screen(argv("bob", "watch", id)); ok(x.shows(b"again"), "another watcher", x.out)
    os.kill(next(iter(b.children((watchers() - before).pop()))), signal.SIGKILL)
    ok(x.over() and b"cannot be read further: its reader has ended" in x.out, "that what reads the record has died is told", x.code, x.out[-200:]); x.close()

    # ---- from the bastion ----
    env = dict(b.env, TERM="xterm")
    m = Screen([f"{build}/fortress", "session", "watch", id], env=env)
    ok(m.shows(b"again"), "fortress session watch", m.out)
    s.type(b"echo be''ta\r"); ok(m.shows(b"beta"), "sees what comes", m.out)
    m.type(b"q"); ok(m.over() and m.code == 0, "and leaves", m.code); m.close()
    m = Screen([f"{build}/fortress", "session", "join", id], env=env)
    ok(s.until(b"has joined this session"), "fortress session join", s.out)
    m.type(b"echo ro''ot\r"); ok(s.until(b"root"), "types", s.out)

    # ---- a watcher that does not read ----
    v = Screen([f"{build}/fortress", "session", "watch", id], env=env); ok(v.shows(b"root"), "another watcher", v.out)
    os.kill(v.pid, signal.SIGSTOP)
    start = time.monotonic()
    s.type(b"head -c 20000000 /dev/zero | tr '\\0' 'x'; echo; echo th''rough\r")
    ok(s.until_last(b"through"), "who does not read slows nobody", time.monotonic() - start)
    os.kill(v.pid, signal.SIGCONT)
    ok(v.until_last(b"through"), "and sees the end later, from the record", v.out[-500:])
    v.close()

    # ---- its end ----
    r = asks("dora", "session", "end", id, "that", "is", "all"); ok(r.returncode == 0, "dora ends it", r)
    ok(s.over() and b"dora ended this session: that is all" in s.out, "the user is told", s.out)
    ok(w.until(b"has ended", 30) and w.over(), "who watches too", w.out)
    ok(m.until(b"has ended", 30) and m.over(), "and who has joined", m.out)
    for x in (s, w, m): x.close()
    row = b.until(lambda: [r for r in b.sessions() if r["id"] == id and r["state"] != "open"], bool)
    ok(row and row[0]["state"] == "closed" and "that is all" in row[0]["reason"], "it is closed, with the reason", row)
    raw = b.ctl("replay", "--export", "json", id)
    for mark in ("bob watches this session", "typed by carol", "typed by bench", "dora has paused", "bytes typed, not delivered"):
        ok(mark in raw, f"the record has: {mark}")
    cast = [json.loads(l) for l in b.ctl("replay", "--export", "cast2", id).splitlines()[1:]]
    said = "\r\ncarol has joined this session and may type\r\n"
    ok(any(said in e[2] for e in cast if e[1] == "o"), "what the bastion says stands on a line of its own in replays, as it did", [e for e in cast if "joined" in e[2]])
    ok(live() == [], "nobody is in any more")

    # ---- by policy, and while it lasts ----
    s = session(); id = live()[0]["id"]
    w = Screen(argv("bob", "watch", id)); ok(w.shows(b"begun"), "bob watches another", w.out)
    open(f"{b.dir}/state/policy.conf", "w").write(POLICY.replace("permit bob watch", "permit bob exec"))
    b.ctl("reload")
    ok(w.over() and b"no longer allowed" in w.out, "when that is not allowed any more it ends", w.out); w.close()
    s.type(b"echo go''es\r"); ok(s.until(b"goes"), "and the session goes on")
    # ---- from the picker ----
    b.mark()
    p = Screen(argv("dora"))
    ok(p.until(b"quit"), "dora's picker", p.out)
    p.type(b"\x14"); ok(p.until(b"bench") and p.until(b"root@box"), "Ctrl-T shows the sessions that run", p.out)
    p.type(b"p"); ok(s.until(b"dora has paused this session"), "p pauses", s.out)
    ok(p.until(b"paused"), "and says so", p.out)
    p.type(b"p"); ok(s.until(b"lets this session go on"), "and lets it go on", s.out)
    ok(p.until(b"resumed"), "and says that", p.out)
    p.type(b"l"); ok(s.until(b"dora has locked this session"), "l locks", s.out)
    ok(p.until(b"locked"), "and shows it", p.out)
    p.type(b"l"); ok(s.until(b"dora has unlocked this session"), "and unlocks", s.out)
    p.type(b"j"); ok(p.until(b"DENY"), "j joins, if one may: the picker says why not", p.out)
    ok(p.until(b"root@box"), "in the list again", p.out)
    p.type(b"w"); ok(s.until(b"dora watches this session") and p.until(b"goes"), "w watches", p.out)
    s.type(b"echo see''n\r"); ok(p.until(b"seen"), "what comes", p.out)
    p.type(b"q"); ok(p.until(b"sessions that run") and p.until(b"root@box"), "q leads back to the list", p.out)
    p.type(b"t"); ok(p.until(b"y ends the session of bench on root@box"), "t asks", p.out)
    p.type(b"y"); ok(s.over() and b"dora ended this session" in s.out, "and ends it", s.out[-300:])
    p.close(); s.close()
finally:
    b.stop()
end()
