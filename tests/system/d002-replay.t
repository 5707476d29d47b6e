#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""A hostile host's output, recorded through the bastion and replayed: the viewer's terminal is never made to answer,
and what draws it has given up what it does not need."""
import os, re, select, shutil, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, may_look, needs_bastion, ok, skip
needs_bastion()
if not may_look(): skip("may not look into other processes")
from bastion import Bastion, talk
from terminal import on_pty

HOSTILE = [b"\x1b]52;c;ZXZpbA==\x07", b"\x1b]0;title <b>x</b>\x07", b"\x1b[21t", b"\x1b[6n", b"\x1b[5n", b"\x1b[c", b"\x1b[>c", b"\x1b[=c",
           b"\x1bP$qm\x1b\\", b"\x1bP+q544e\x1b\\", b"\x1bP0;1;0q#0;2;0;0;0~-\x1b\\", b"\x1b]8;;http://evil/\x1b\\link\x1b]8;;\x1b\\", b"\x1b[?1049h",
           b"\x1b[?1000h\x1b[?1006h", b"\x1b[?2004h", b"\x05", b"\x1b[18t", b"\x1b]10;?\x07", b"\x1b]4;1;?\x07", b"\x1b[?69$p", b"\x9b6n", b"\x1bZ",
           b"\x1b[99999b", b"\x1b_Gi=1,a=q;\x1b\\", b"\x1b^pm\x1b\\", b"\x1b[5i", b"\x1b[4i", b"\xe2\x80\xae\xe2\x81\xa6bidi", b"\x1b#8", b"\x1bc"]
# What may come out: moves, colours, erasing, modes of ncurses' own; no strings (OSC, DCS, APC, PM), no reports, no 8-bit controls.
ASKS = re.compile(rb"\x1b\]|\x1bP|\x1b_|\x1b\^|\x1bX|\x1b\[[0-9;?>=]*[cn]|\x1b\[[0-9;]*(?:1[1-9]|2[01])t|\x1b\[[0-9;?]*\$p|\x1bZ|\x05|\x1b\[[0-9;?]*i|\xe2\x80\xae|\xe2\x81\xa6|(?<![\xc2-\xf4\x80-\xbf])[\x80-\x9f]")

b = Bastion(build, "KernelAudit off\n")
def look_at(pid):
    """What a process has given up, and what it still holds."""
    out = dict(l.split(":\t", 1) for l in open(f"/proc/{pid}/status").read().splitlines() if ":\t" in l)
    out["fds"] = sorted(os.readlink(f"/proc/{pid}/fd/{f}") for f in os.listdir(f"/proc/{pid}/fd"))
    out["root"] = os.listdir(f"/proc/{pid}/root")
    return out
def screen(argv, keys, until):
    """Runs on a pty, sends keys when `until` shows; the bytes that the terminal got, the process while it ran."""
    pid, fd = on_pty(argv, b.env | {"TERM": "xterm-256color"})
    out, status, keys = b"", {}, list(keys)
    while select.select([fd], [], [], 15)[0]:
        try: data = os.read(fd, 65536)
        except OSError: break
        if not data: break
        out += data
        if keys and keys[0][0] in out:
            if not status: status = look_at(pid); status["reader"] = [look_at(c) for c, name in b.children(pid).items() if name.endswith("fortress-replay")]
            key = keys.pop(0)[1]
            if callable(key): key()
            else: os.write(fd, key)
    os.close(fd)
    return out, status, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

try:
    bad = f"{b.dir}/bad"; open(bad, "wb").write(b"before\r\n" + b"".join(HOSTILE) + b"\x1bc\r\nafter-it-all\r\n")
    out, rc = talk(b.ssh("fortress", "-tt") + [f"cat {bad}; exit 4"], [])
    ok(rc == 4, "the hostile output went through a session", rc)
    session = b.sessions()[0]["id"]
    out, status, rc = screen([f"{build}/fortress", "replay", session], [(b"? help", b"G"), (b"after-it-all", b"q")], b"")
    ok(rc == 0 and b"after-it-all" in out, "it can be replayed", out[-500:])
    ok(ASKS.search(out) is None, "nothing that the viewer's terminal gets makes it answer", ASKS.search(out), out)
    ok(status.get("Seccomp", "").strip() == "2" and status.get("NoNewPrivs", "").strip() == "1", "the player runs under its filter", status.get("Seccomp"))
    ok(status["Uid"].split()[0] != "0", "and not as root, whose command it was", status["Uid"])
    ok(not any(f.startswith(b.dir) for f in status["fds"]) and status["root"] == [], "it holds nothing of the database, and sits in an empty root", status["fds"], status["root"])
    reader = status["reader"]
    ok(len(reader) == 1 and reader[0]["Seccomp"].strip() == "2" and reader[0]["Uid"].split()[0] != "0" and any("fortress.db" in f for f in reader[0]["fds"]),
       "the database is in another process, under a filter too", reader)
    ok(not any("/dev/pts" in f for f in reader[0]["fds"]), "which does not hold the terminal", reader[0]["fds"])
    keys = subprocess.run([f"{build}/fortress-replay", "--keys"], capture_output=True, text=True).stdout.splitlines()
    page = re.sub(r"\s+", " ", subprocess.run(["mandoc", "-T", "utf8", f"{top}/ui/fortress-replay.1"], capture_output=True, text=True).stdout.replace("\b", "")) if shutil.which("mandoc") else None
    missing = [k for k in keys if page is not None and " ".join(k.split("\t")) not in page]
    ok(len(keys) > 15 and missing == [], "every key stands in the manual" + (" # SKIP no mandoc" if page is None else ""), missing)
    def refused(*args):
        r = subprocess.run([f"{build}/fortress", "replay", *args], env=b.env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        first, rest = r.stderr.split("\n", 1)
        return (r.returncode, first + "\n") if rest == "" or rest.startswith("usage: fortress replay") else (r.returncode, "lines", r.stderr)
    for args, status, said in ((("--speed", "99", session), 2, "--speed 99: write a number from 0.25 to 16"),
                               (("--idle", "x", session), 2, "--idle x: write a number from 0 to 86400"),
                               ((session, "--at", "1:x"), 2, "--at 1:x: write seconds"),
                               ((session, "--at", "9:99"), 2, "--at 9:99: write seconds"), ((session, "--at", "1:0:0:0"), 2, "--at 1:0:0:0: write seconds"),
                               ((session, "--foo"), 2, "--foo: no such option"),
                               ((session,), 1, "this terminal cannot be drawn on")):
        got = refused(*args)
        ok(got[0] == status and got[1].startswith(f"fortress replay: {said}"), f"replay {' '.join(args).replace(session, 'ID')}: one line, {status}", got)
    ok(refused(session, "--speed")[0] == 2 and refused(session, "--speed")[1] == "fortress replay: --speed: needs a value\n", "nor does an option's value come from elsewhere")
    out, status, rc = screen([f"{build}/fortress", "replay", session, session], [(b"? help", b"G"), (b"after-it-all", b"q")], b"")
    ok(rc == 0 and out.count(b"bench: root@box") >= 2 and ASKS.search(out) is None, "two side by side", rc, out[-800:])
    # One that goes on: what comes is shown, and its end.
    live = subprocess.Popen(b.ssh("fortress") + ["echo one; read x; echo two-$x; read y"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    ok(live.stdout.readline() == "one\n", "a session that is open")
    def say(): live.stdin.write("z\n"); live.stdin.flush()
    opened = next(s["id"] for s in b.sessions() if s["state"] == "open")
    out, status, rc = screen([f"{build}/fortress", "replay", "--follow", opened], [(b"live", say), (b"two-z", live.stdin.close), (b"the end", b"q")], b"")
    ok(rc == 0 and out.find(b"live") < out.find(b"two-z") < out.find(b"the end"), "is followed to its end", rc, out[-800:])
    live.wait()
    # A long one: while it plays, keyframes are made beside the database, and go on no longer than it.
    subprocess.run(b.ssh("fortress") + ["seq 300000"], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    long = b.sessions()[0]["id"]
    def keys(): return int(subprocess.run(["sqlite3", f"{b.dir}/state/index/text.db", "PRAGMA busy_timeout=5000; SELECT count(*) FROM key"], capture_output=True, text=True).stdout.split()[-1])
    out, status, rc = screen([f"{build}/fortress", "replay", long], [(b"? help", lambda: b.wait(lambda: keys() > 3, 60)), (b"? help", b"G"), (b"the end", b"q")], b"")
    ok(rc == 0 and b"the end" in out and keys() > 3, "of a long one keyframes are made while it plays", rc, out[-500:])
    text = subprocess.run([f"{build}/fortress", "session", "print", session], env=b.env, capture_output=True).stdout
    ok(b"after-it-all" in text and b"\x1b" not in text and ASKS.search(text) is None, "nor the text of the session", text)
    text = subprocess.run([f"{build}/fortress", "replay", "--text", session], env=b.env, capture_output=True).stdout
    ok(b"after-it-all" in text and b"\x1b" not in text, "nor the last screen as text", text)
finally:
    b.stop()
end()
