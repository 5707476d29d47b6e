#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""What the policy watches for in a session: alert, freeze and kill, by the lines of its screen; and that nothing outruns it."""
import os, shutil, signal, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap
from tap import ok, end
from clients import Clients, need
from screens import Screen
need("ssh")

POLICY = """permit bench shell,exec on env=bench as root id all
permit dora admin on env=bench id admins
watch bench on env=bench match /(^|[^a-z])passw0rd/ then alert id secret
watch bench on env=bench match /rm -rf .data/ then freeze id wipe
watch bench on name ~ "box" match /shutdown -h now/ then kill id down
"""
b = Clients(build, policy=POLICY)

def session(host="box"):
    s = Screen(b.argv(host, options=["-tt"]))
    s.type(b"PS1='$ '; echo be''gun\r")
    return s if s.until(b"begun") and s.until(b"$ ") else None

def alarms(n=1, **want):
    return [e for e in b.audit(4007, n, activity=99, ok=0, **want) if e["text"].startswith("ALARM")]
def seen(line):
    """Is there an alarm for it, or does it come?  (A line that stands for a while before it goes on can be two.)"""
    return b.until(lambda: [e["line"] for e in alarms()], lambda lines: any(line in x for x in lines))
def wrapped(program=None, script=""):
    """The same bastion, where script runs before one of its programs."""
    wrap = f"{b.dir}/programs"; shutil.rmtree(wrap, ignore_errors=True); os.mkdir(wrap)
    for name in os.listdir(build):
        if name.startswith(("fortress", "staragent")) and not os.path.isdir(f"{build}/{name}"): os.symlink(f"{os.path.abspath(build)}/{name}", f"{wrap}/{name}")
    if program:
        os.unlink(f"{wrap}/{program}")
        with open(f"{wrap}/{program}", "w", opener=lambda p, f: os.open(p, f, 0o755)) as f: f.write(f"""#!/bin/sh\n{script}\nexec {os.path.abspath(build)}/{program} "$@"\n""")
    b.env["FORTRESS_LIBEXEC"] = wrap; b.restart(); b.mark()
def sentries():
    return [p for p, n in b.children().items() if n.startswith("sentry")]

try:
    s = session()
    ok(s is not None and len(sentries()) == 1, "a session in which something is watched for has a process that looks", b.children())
    b.mark()
    s.type(b"echo my passw0rd is 'hun''ter2'")
    a = alarms(1)
    ok(a and a[0]["watch"] == "secret" and "passw0rd" in a[0]["line"] and a[0]["actor"] == "bench" and a[0]["host"] == "box",
       "what is typed is seen before Enter", a)
    ok(a and "passw0rd" in a[0]["text"] and a[0].get("advisory") is True and a[0]["match"] == "(^|[^a-z])passw0rd", "with the line, the pattern, and that it is advisory", a)
    rows = b.sessions("--live"); ok(rows[0]["held"] == "ALARM secret", "the list of sessions has it", rows)
    s.type(b"\r"); ok(s.until(b"hunter2"), "an alert lets the session go on", s.out)
    a = seen("my passw0rd is hunter2"); ok("my passw0rd is hunter2" in a and any("'hun''ter2'" in x for x in a), "the line that was typed is one alarm, the one that was printed another", a)
    s.type(b"printf 'pass\\033[31mw0rd here\\033[0m\\n'\r")
    a = seen("passw0rd here"); ok("passw0rd here" in a, "what colours cut in two is one word on the screen", a)
    s.type(b"printf '\\033[2J\\033[5;1Hpass'; printf '\\033[5;5Hw0rd moved\\n'\r")
    a = seen("passw0rd moved"); ok("passw0rd moved" in a, "and what the cursor puts together", a)

    b.mark()
    s.type(b"# rm -rf /data")
    ok(s.until(b"the policy (watch wipe) has paused this session"), "freeze stops it at once", s.out)
    a = alarms(1, watch="wipe"); ok(a and "it is frozen" in a[0]["text"], "with an alarm", a)
    id = [r["id"] for r in b.sessions("--live")][0]
    s.type(b"\recho mo''re\r")
    ok(b.sessions("--live")[0]["held"] == "ALARM wipe, paused" and b"more" not in s.out, "nothing more comes in", s.out)
    b.ctl("session", "resume", id); ok(s.shows(b"lets this session go on") and s.shows(b"more"), "until somebody lets it go on", s.out)

    b.mark()
    s.type(b"echo shut''down -h now\r")
    ok(s.over() and b"the policy ended this session (watch down)" in s.out, "kill ends it", s.out[-400:])
    a = alarms(1, watch="down"); ok(a and a[0]["session"] == id, "with an alarm", a)
    row = b.until(lambda: [r for r in b.sessions() if r["id"] == id and r["state"] == "closed"], bool)
    ok(row and "watch down" in row[0]["reason"], "and the record says why", row)
    s.close()
    ok(b.until(lambda: sentries(), lambda p: p == []) == [], "what looked has ended with it", b.children())

    # ---- a command without a terminal, over before anybody could look ----
    b.mark()
    r = b.on("box", "echo a passw0rd"); a = alarms(1)
    ok(r.returncode == 0 and len(a) == 1 and a[0]["line"] == "a passw0rd", "a short command's output is looked at too, when it has ended", r, a)
    r = b.on("agent", "echo passw0rd"); a = alarms(2)
    ok(r.returncode == 0 and len(a) == 2, "behind a staragent as well", r, a)

    # ---- nothing outruns it ----
    b.mark()
    r = b.on("box", "yes 0123456789 | head -c 3000000; echo passw0rd at the end", timeout=60)
    ok(r.returncode == 0 and len(r.stdout) == 3000000 + len("passw0rd at the end\n"), "a flood arrives whole", r.returncode, len(r.stdout))
    a = alarms(1); ok([x["line"] for x in a] == ["passw0rd at the end"] or any("passw0rd at the end" in x["line"] for x in a), "and what was said at its end is seen", a)
    ok(not [x for x in a if x["watch"] == "watch"], "the watch was never lost", a)

    # ---- however late what looks begins ----
    wrapped("fortress-gate", f"export LD_PRELOAD={tap.preload(build, 'slow')} SLOW_PAIRS=700")
    r = b.on("box", "echo a passw0rd"); a = alarms(1)
    ok(r.returncode == 0 and [x["line"] for x in a] == ["a passw0rd"], "a command does not begin before the gate has said who looks", r, a)
    wrapped("fortress-sentry", "sleep 1")
    r = b.on("box", "echo a passw0rd"); a = alarms(1)
    ok(r.returncode == 0 and [x["line"] for x in a] == ["a passw0rd"] and "alert" in a[0]["text"], "nor end before all of it has been looked at", r, a)
    wrapped("fortress-sentry", "exit 1")
    s = Screen(b.argv("agent", options=["-tt"])); a = alarms(1)
    ok(a and a[0]["watch"] == "watch" and "what looks has ended: it is frozen" in a[0]["text"] and s.until(b"has paused this session"), "where nothing can look, what would have been frozen is", s.out, a)
    s.close()
    b.env["FORTRESS_LIBEXEC"] = build; b.restart()

    # ---- what looks dies, or stands still: as if the strictest had been seen ----
    s = session(); b.mark()
    os.kill(sentries()[0], signal.SIGKILL)
    a = alarms(1, watch="watch"); ok(len(a) == 1 and "nothing is watched for in it any more, since what looks has ended: it is ended" in a[0]["text"], "that what looks has died is an alarm", a)
    ok(s.over() and b"the policy ended this session (watch down)" in s.out, "where a line can end the session, that does", s.out); s.close()
    s = session("agent"); b.mark(); stopped = sentries()[0]
    os.kill(stopped, signal.SIGSTOP)
    s.type(b"echo un''seen\r"); a = alarms(1, watch="watch"); ok(a and "did not keep up: it is frozen" in a[0]["text"], "that it stands still as well: where a line can freeze the session, it is frozen", a)
    ok(s.until(b"the policy (watch wipe) has paused this session"), "of which the user is told", s.out); os.kill(stopped, signal.SIGKILL); s.close()
    open(f"{b.dir}/state/policy.conf", "w").write("\n".join(POLICY.split("\n")[:3])); b.ctl("reload")
    s = session(); b.mark()
    os.kill(sentries()[0], signal.SIGKILL); alarms(1, watch="watch")
    s.type(b"echo st''ill\r"); ok(s.until(b"still"), "where it only alerts the session goes on", s.out); s.close()

    # ---- the policy changes ----
    open(f"{b.dir}/state/policy.conf", "w").write(POLICY.split("watch")[0])
    b.ctl("reload")
    s = session(); ok(sentries() == [], "nothing to watch for: no process", b.children())
    open(f"{b.dir}/state/policy.conf", "w").write(POLICY.replace("passw0rd", "geheim"))
    b.ctl("reload"); b.mark()
    ok(b.until(sentries, bool), "a policy that watches for something begins in sessions that run")
    s.type(b"echo ge''heim\r"); a = alarms(1); ok(a and a[0]["watch"] == "secret", "and sees it", a)
    s.close()
    open(f"{b.dir}/state/policy.conf", "w").write(POLICY.split("watch")[0] + "watch :odd on any match /geheim/ then alert id grouped\n")
    b.ctl("reload"); s = session(); ok(b.until(sentries, lambda p: p == []) == [], "what is watched for in a group's sessions alone", b.children())
    b.mark(); b.ctl("user", "set", "bench", "--group", "odd"); ok(b.until(sentries, bool), "begins when the user joins it")
    s.type(b"echo ge''heim\r"); a = alarms(1); ok(a and a[0]["watch"] == "grouped", "and sees it, too", a)
    s.close()
finally:
    b.stop()
end()
