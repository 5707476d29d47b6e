#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Texts of all recordings found again: by user, host, time and class; in sessions that go on; after the index was damaged, broken off
or removed; and the search is on the record."""
import json, os, re, shutil, struct, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, needs_bastion, ok
needs_bastion()
from bastion import Bastion, talk

b = Bastion(build, "KernelAudit off\n")
def ctl(*args):
    return subprocess.run([f"{build}/fortress", *args], env=b.env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
def grep(*args):
    r = ctl("--json", "audit", "grep", *args)
    return json.loads(r.stdout) if r.returncode == 0 else r
def sqlite(text):
    return subprocess.run(["sqlite3", f"{b.dir}/state/index/text.db", text], check=True, capture_output=True, text=True).stdout.strip()

try:
    subprocess.run(b.ssh("fortress") + ["echo exec-needle 'quo\"ted' 50% _under; seq 30000"], capture_output=True, stdin=subprocess.DEVNULL)
    long = "long-" + "x" * 90 + "-needle"
    out, rc = talk(b.ssh("fortress", "-tt"), [("# ", "PS1=me'$ '\r"), ("me$ ", f"echo {long}\r"), (f"\r{long}", "echo Grüße 支付\r"), ("\rGrüße", "exit\r")])
    typed, plain = b.sessions()[0]["id"], b.sessions()[1]["id"]

    hits = grep("exec-needle")
    ok([(h["class"], h["session"]) for h in hits] == [("command", plain), ("screen", plain)], "of an exec its command and its output", hits)
    ok(hits[1]["user"] == "bench" and hits[1]["host"] == "box" and hits[1]["text"].startswith("exec-needle quo") and hits[1]["t_ms"] >= 0,
       "a hit says whose, where, when and what", hits)
    hits = grep("x-needle")
    ok({h["session"] for h in hits} == {typed} and any(h["text"] == long for h in hits), "a line that the terminal's width broke is whole", hits)
    ok({h["class"] for h in hits} == {"command", "screen"}, "what was typed is a command too", hits)
    at = next(h["at"] for h in hits if h["text"] == long)
    shown = ctl("replay", "--text", "--at", at, typed).stdout
    ok(long[:60] in shown, "a hit can be opened where it is", at, shown)
    for text, some in (("LONG-XXX", True), ("quo\"ted", True), ("50% _under", True), ("ü", True), ("支", True), ("Grüße 支付", True), ("50_", False), ("needle%", False), ("29999", True),
                       ("' OR 1=1 --", False), ("\"", True), ("NEAR(", False), ("-needle", True), ("a*", False)):
        hits = grep("--", text)
        ok(isinstance(hits, list) and bool(hits) == some and all(text.lower() in h["text"].lower() for h in hits), f"{text}: {'found' if some else 'not there'}", hits)
    ok(grep("--case", "LONG-XXX") == [] and grep("--case", "long-xxx") != [], "--case")
    hits = grep("--class", "command", "needle")
    ok(hits != [] and {h["class"] for h in hits} == {"command"}, "--class command", hits)
    hits = grep("--class", "decision", "may exec")
    ok(len(hits) == 1 and hits[0]["class"] == "decision" and hits[0]["t_ms"] is None, "events are found too, by class", hits)
    ok(grep("--user", "bench", "exec-needle") and grep("--user", "root", "exec-needle") == [], "--user")
    ok(grep("--host", "box", "exec-needle") and grep("--host", "agent", "exec-needle") == [], "--host")
    ok(grep("--from", "1h", "exec-needle") and grep("--to", "2020-01-01", "exec-needle") == [], "--from, --to")
    ok(grep("--session", typed[:12], "exec-needle") == [] and grep("--session", plain, "exec-needle"), "--session")
    r = ctl("audit", "grep", "--limit", "2", "9")
    ok(r.returncode == 0 and len(r.stdout.splitlines()) == 3 and "the newest 2" in r.stderr, "--limit, and that there is more", r)
    for args, said in ((("--user", "nobodyy", "x"), "there is no user nobodyy"), (("--class", "x", "y"), "one of screen command"), ((), "TEXT is missing"), (("",), "TEXT: 1 to 256")):
        r = ctl("audit", "grep", *args)
        ok(r.returncode in (1, 2) and said in r.stderr and len(r.stderr.splitlines()) <= 3, f"{args}: said in a line", r)
    ok(any(e["text"] == "root reads recordings: grep exec-needle" for e in json.loads(b.ctl("--json", "audit", "ls", "--class", "reading"))), "each search is on the record")
    ok(grep("--class", "reading", "grep exec-needle") != [] and all(h["class"] != "reading" for h in grep("exec-needle")), "where it is found only by who looks for it")

    # what goes on
    live = subprocess.Popen(b.ssh("fortress") + ["echo one-live; read x; echo two-live-$x; read y"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    ok(live.stdout.readline() == "one-live\n", "a session that stays open")
    ok([h["text"] for h in grep("--class", "screen", "e-live")] == ["one-live"], "what it has shown is found")
    live.stdin.write("z\n"); live.stdin.flush(); ok(live.stdout.readline() == "two-live-z\n", "it goes on")
    ok([h["text"] for h in grep("--class", "screen", "--", "-live")] == ["one-live", "two-live-z"], "what came is found, what was there once", grep("--class", "screen", "--", "-live"))
    live.stdin.close(); live.wait()
    b.wait(lambda: all(s["state"] != "open" for s in b.sessions()))
    ok([h["text"] for h in grep("--class", "screen", "--", "-live")] == ["one-live", "two-live-z"], "the same at its end")

    # the index is made again, whatever has become of it
    lines = sqlite("SELECT count(*) FROM line WHERE class<3")
    ok(re.fullmatch(r"indexed: 0 recordings, 0 lines, \d+ events\n", ctl("audit", "index").stdout) is not None, "nothing is read twice")
    quiet = subprocess.run([f"{b.build}/fortress-index", "--db", f"{b.dir}/state/db", "--index", f"{b.dir}/state/index", "--renderer", f"{b.build}/fortress-render"], stdout=subprocess.DEVNULL)
    ok(quiet.returncode == 0, "nor by one whose words nobody reads", quiet.returncode)
    sqlite("DELETE FROM done WHERE session=1; UPDATE mark SET session=0")
    ctl("audit", "index")
    ok(sqlite("SELECT count(*) FROM line WHERE class<3") == lines, "a run that was broken off leaves nothing twice", lines)
    ok(sqlite("INSERT INTO line_text(line_text) VALUES('integrity-check'); SELECT 1") == "1", "and its texts fit its lines")
    with open(f"{b.dir}/state/index/text.db", "r+b") as f: f.write(os.urandom(4096))
    for tail in ("-wal", "-shm"):
        if os.path.exists(f"{b.dir}/state/index/text.db{tail}"): os.remove(f"{b.dir}/state/index/text.db{tail}")
    ok(grep("exec-needle") != [] and sqlite("SELECT count(*) FROM line WHERE class<3") == lines, "damaged, it is made anew", ctl("audit", "grep", "--", "exec-needle"), lines, sqlite("SELECT count(*) FROM line WHERE class<3"))
    st = os.stat(f"{b.dir}/state/index")
    ok(st.st_mode & 0o7777 == 0o700 and st.st_uid == os.stat(f"{b.dir}/state/db").st_uid, "it is the store's, and nobody else's to read")

    # what is slow to render is read all the same
    render = subprocess.Popen([f"{build}/fortress-render"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    def say(what, data):
        render.stdin.write(what + struct.pack("<I", len(data)) + data); render.stdin.flush()
        out = []
        while not out or out[-1][0] != b"T":
            kind = render.stdout.read(1); out.append((kind, render.stdout.read(struct.unpack("<I", render.stdout.read(4))[0])))
        return out
    def frame(data): return b"o" + struct.pack("<QI", 1000, len(data)) + data
    say(b"B", struct.pack("<QQII", 0, 0, 500, 200))
    slow = b"".join(frame(b"\x1b[?1049h\x1b[?1049l" * 256) for _ in range(64))
    out = say(b"F", frame(b"first-line\r\n") + slow + frame(b"a\x1b[1mnee\x1b[0mdle\r\nlast")) + say(b"E", b"")
    ok([t[8:] for k, t in out if k == b"L"] == [b"first-line", b"aneedle", b"last"] and any(k == b"W" for k, t in out), "what is made to be slow to render is read for its text", [x for x in out if x[0] != b"K"])
    ok(len([1 for k, t in out if k == b"K"]) < 100, "and the time that it costs is bounded")
    render.stdin.close(); ok(render.wait() == 0, "the renderer ends with its input")

    # erased recordings leave it
    subprocess.run(["sqlite3", f"{b.dir}/state/db/fortress.db", f"PRAGMA busy_timeout=5000; UPDATE segment SET erased_us=1 WHERE session_id=(SELECT id FROM session WHERE command LIKE 'echo exec-needle%')"], check=True, capture_output=True)
    ok(all(h["session"] != plain for h in grep("exec-needle")) and sqlite("SELECT count(*) FROM line WHERE text LIKE '%exec-needle%' AND class<3") == "0", "what was erased is not found any more")
    ok(b"exec-needle quo" not in open(f"{b.dir}/state/index/text.db", "rb").read(), "nor does it stand in the file")
    shutil.rmtree(f"{b.dir}/state/index"); again = ctl("audit", "index").stdout
    ok("could not be read" not in again and sqlite("SELECT how,count(*) FROM done WHERE how>0 GROUP BY how") == "3|1", "made anew, the index knows it as erased, not as damaged", again)
    b.bastion.terminate(); b.bastion.wait()
    ok(ctl("audit", "grep", "needle").returncode == 1 and ctl("audit", "grep", "--offline", "needle").returncode == 0, "without a bastion only --offline")
finally:
    b.stop()
end()
