#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""A disk that is full, and one that becomes read-only; processes that are stopped or killed; a state that is spoiled at the start."""
import json, os, shutil, signal, subprocess, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, needs_bastion, end, skip
needs_bastion()
if os.environ["FORTRESS_APART"] == "no": skip("no mounts of its own")     # ours must not outlive us
if not shutil.which("mkfs.ext4"): skip("no mkfs.ext4")
from bastion import Bastion, port
from terminal import until
from wire import *

class Small(Bastion):
    """Its database lies on a disk of 48 MB."""
    def start_bastion(self):
        self.disk, self.db = f"{self.dir}/disk", f"{self.dir}/state/db"
        os.makedirs(self.db, 0o700)
        with open(self.disk, "w") as f: f.truncate(48 << 20)
        self.run("mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", self.disk)
        self.mount()
        super().start_bastion()
    def mount(self): self.run("mount", "-o", "loop", self.disk, self.db)
    def stop(self):
        super().stop(); subprocess.run(["umount", "-l", self.db], capture_output=True); shutil.rmtree(self.dir, ignore_errors=True)

def fill(path):
    with open(path, "wb", buffering=0) as f:
        for size in (1 << 20, 4096, 1):
            try:
                while True: f.write(bytes(size))
            except OSError: pass

def login(): return Wire.connect(A, "bench+box", key, timeout=15)
def running(w, command="exec cat"):
    c = w.session(); w.exec(c, command); w.send(w.data(c, b"up\n"))
    while (p := w.on(c))[0] != DATA: pass
    return c
def echoes(w, c, text=b"still here\n"):
    w.send(w.data(c, text)); got = b""
    while len(got) < len(text):
        p = w.on(c)
        if p[0] == DATA: got += Take(p, 5).string()
        if p[0] == CLOSE: return False
    return got == text
def refused(code):
    with login() as w: out, err, status = w.run("echo in")
    return out == b"" and status == 255 and err.count(b"\n") == 1 and code in err, (out, err, status)
def works():
    try:
        with login() as w: return w.run("echo in")[0] == b"in\n"
    except (OSError, Over, AssertionError): return False
def verifies(): return "yes" in b.ctl("audit", "verify", "--db")
def until_cut(w, c, limit):
    """Talks until the session ends: (bytes that came back, stderr, status)."""
    w.sock.settimeout(limit); back, err, status, block = 0, b"", None, os.urandom(8000)
    w.windows[c] = 1 << 20
    try:
        for i in range(40): w.send(w.data(c, block))
        while (p := w.on(c))[0] != CLOSE:
            if p[0] == DATA: back += len(Take(p, 5).string())
            if p[0] == EXT_DATA: err += Take(p, 9).string()
            if p[0] == REQUEST: t = Take(p, 5); t.string(); t.byte(); status = t.u32()
    except (Over, TimeoutError) as e: err += type(e).__name__.encode()
    return back, err, status

b = Small(build, "KernelAudit off\nRecordTimeout 2s\nGateTimeout 60s\nRecordWindow 64K\n")
A = ("127.0.0.1", b.port)
try:
    key = private_key(b.key)
    # Full.
    w = login(); c = running(w)
    fill(f"{b.db}/filler")
    back, err, status = until_cut(w, c, 8)
    ok(status == 255 and err.startswith(b"fortress: ") and b"[not-recorded]" in err, f"a full disk: the session ends in words; {back} bytes came back", back, err, status)
    ok(back <= (64 << 10) + 40000, "and no more was delivered than RecordWindow lets", back)
    good, got = refused(b"[not-recorded]")
    ok(good and (b"full" in got[1] or b"No space" in got[1]) and b"/" not in got[1], "a new one is refused, and says why", got)
    ok(subprocess.run([f"{build}/fortress", "user", "add", "zoe"], env=b.env, capture_output=True).returncode == 1, "a change of the directory is refused too")
    def doctor(): return {d["check"]: d for d in json.loads(subprocess.run([f"{build}/fortress", "--json", "doctor"], env=b.env, capture_output=True).stdout)}["disk"]
    d = doctor(); ok(d["result"] == "fail" and "0 of " in d["found"] and "RetainRecordings" in d["what_to_do"], "doctor says so, and what to do", d)
    os.unlink(f"{b.db}/filler")
    b.wait(works)
    d = doctor(); ok(d["result"] != "fail", "with room again all is well", d)
    texts = [e["text"] for e in b.events()]
    ok(any("could not write" in t for t in texts) and any("writes again" in t for t in texts), "the gap is on the record", texts[-10:])
    mine = [s for s in b.sessions() if s["command"] == "exec cat"]
    ok(len(mine) == 1 and mine[0]["state"] in ("closed", "lost") and mine[0]["reason"] != "ended", "and the session that ended is marked", mine)
    ok(verifies(), "the database verifies")

    # Read-only, as a file system makes itself after an error.
    w = login(); c = running(w, "exec cat -")
    b.run("mount", "-o", "remount,abort", b.db)
    back, err, status = until_cut(w, c, 8)
    ok(status == 255 and b"[not-recorded]" in err, "a disk that became read-only: the session ends in words", back, err, status)
    good, got = refused(b"[not-recorded]")
    ok(good, "a new one is refused", got)
    os.kill(b.bastion.pid, signal.SIGSTOP)               # it would start another store on what is below the mount
    b.run("umount", "-l", b.db); old = b.child("store"); os.kill(old, signal.SIGKILL)
    subprocess.run(["e2fsck", "-fy", b.disk], capture_output=True); b.mount(); os.kill(b.bastion.pid, signal.SIGCONT)
    b.wait(works, 20)
    ok(verifies(), "mended and mounted again it goes on, and verifies")
    ok([s["state"] != "open" for s in b.sessions() if s["command"] == "exec cat -"] == [True], "nothing is left open", b.sessions()[:3])

    # The others.
    w = login(); c = running(w)
    mine = b.sessions()[0]["id"]
    victim = login(); d = running(victim, "exec cat - -")
    text = b"".join(b"line %d\n" % i for i in range(3000))
    ok(echoes(victim, d, text), "a front in the midst of work")
    front = max(b.fronts().items(), key=lambda p: int(p[1].split()[2]))[0]; os.kill(front, signal.SIGKILL)
    b.wait(lambda: [s["state"] for s in b.sessions() if s["command"] == "exec cat - -"] == ["lost"])
    lost = next(s for s in b.sessions() if s["command"] == "exec cat - -")
    out = subprocess.run([f"{build}/fortress", "session", "print", lost["id"], "--raw=out"], env=b.env, capture_output=True).stdout
    ok(out == b"up\n" + text, "is killed: what was shown is in the record", len(out), len(text))
    ok(lost["reason"] != "" and lost["exit"] is None, "the session is closed, and marked", lost)
    ok(echoes(w, c) and [s["state"] for s in b.sessions() if s["id"] == mine] == ["open"] and verifies(), "others notice nothing, and the record verifies")
    gate = b.child("gate"); os.kill(gate, signal.SIGSTOP)
    ok(echoes(w, c), "a gate that hangs: what runs goes on until GateTimeout")
    began = time.monotonic(); out, err, status = w.run("echo no")
    ok(status == 255 and b"gate does not answer" in err and err.count(b"\n") == 1, f"what would begin is refused in words, after {time.monotonic() - began:.0f} s", out, err, status)
    os.kill(gate, signal.SIGCONT)
    ok(w.run("echo yes")[0] == b"yes\n" and echoes(w, c), "and all is well when it goes on")
    acceptor = b.child("acceptor"); os.kill(acceptor, signal.SIGSTOP)
    late = Wire.dial(A, timeout=15)
    ok(echoes(w, c) and w.run("echo on")[0] == b"on\n", "an acceptor that hangs: what is connected goes on")
    os.kill(acceptor, signal.SIGCONT); late.hello(); late.kex(); late.service()
    ok(late.login("bench+box", key)[0] == AUTH_SUCCESS, "and whoever knocked meanwhile comes in when it goes on")
    late.close(); os.kill(acceptor, signal.SIGKILL)
    b.wait(works)
    ok(echoes(w, c) and w.run("echo again")[0] == b"again\n", "the acceptor killed: connections live on, and new ones are taken")
    monitor = b.bastion; os.kill(monitor.pid, signal.SIGSTOP)
    ok(echoes(w, c), "a monitor that hangs: what runs goes on")
    os.kill(monitor.pid, signal.SIGCONT)
    ok(works(), "and it takes new ones when it goes on")
    left = [*b.children(), *b.fronts()]
    os.kill(monitor.pid, signal.SIGKILL); monitor.wait()
    out, err, status = w.finish(c)
    ok(status == 255 and err.startswith(b"fortress: ") and err.count(b"\n") == 1, "the monitor killed: the session ends in words", out, err, status)
    w.close()
    b.wait(lambda: not any(os.path.exists(f"/proc/{p}") and "Z" not in open(f"/proc/{p}/stat").read().rsplit(")")[1][:3] for p in left))
    ok(True, "and nothing of it is left")
    b.bastion = subprocess.Popen([f"{build}/fortress", "serve"], env=b.env, stdin=subprocess.DEVNULL, stdout=b.log, stderr=b.log); b.procs.append(b.bastion)
    b.wait(works)
    mine = [s for s in b.sessions() if s["command"] == "exec cat"]
    ok(mine and all(s["state"] in ("closed", "lost") for s in mine), "started again it has closed and marked what ran", mine)
    ok(verifies(), "the database verifies")

    # A state that is spoiled.
    b.bastion.terminate(); b.bastion.wait()
    def start(name, spoil):
        d = f"{b.dir}/{name}"
        shutil.copytree(f"{b.dir}/state", d, ignore=lambda where, names: {"run", "lost+found"} & set(names))       # what e2fsck found is no state
        conf = open(f"{d}/fortress.conf").read().replace(f":{b.port}", f":{port()}"); open(f"{d}/fortress.conf", "w").write(conf)
        spoil(d, f"{d}/db/fortress.db")
        p = subprocess.Popen([f"{build}/fortress", "serve", "--state", d], env=dict(b.env, FORTRESS_STATE=d), stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        until(lambda: p.poll() is not None or subprocess.run([f"{build}/fortress", "status"], env=dict(b.env, FORTRESS_STATE=d), capture_output=True).returncode == 0)
        events = ""
        if p.poll() is None and subprocess.run([f"{build}/fortress", "audit", "export", "-o", f"{d}/pack"], env=dict(b.env, FORTRESS_STATE=d), capture_output=True).returncode == 0:
            events = open(f"{d}/pack/events.jsonl").read()
        up = p.poll() is None; p.terminate(); out = p.communicate(timeout=60)[0]; shutil.rmtree(d)
        return up, p.returncode, [l for l in out.splitlines() if " error: " in l or l.startswith("fortress serve: ")], out, events
    def write(at, data):
        def spoil(d, db):
            with open(db, "r+b") as f: f.seek(at); f.write(data)
        return spoil
    def file(name, text):
        def spoil(d, db): open(f"{d}/{name}", "w").write(text)
        return spoil
    def other(d, db): os.unlink(db); subprocess.run(["sqlite3", db, "create table x(y)"], check=True)
    up, rc, lines, out, _ = start("good", lambda d, db: None)
    ok(up and lines == [], "a copy of a good state starts", out)
    for name, spoil, words in (("header", write(0, b"garbage!" * 4), ("fortress.db", "not a database")), ("pages", write(4096, os.urandom(60000)), ("fortress.db", "malformed")),
                               ("cut-short", lambda d, db: os.truncate(db, 6000), ("fortress.db", "malformed")), ("other", other, ("fortress.db", "not a fortress database")),
                               ("newer", lambda d, db: subprocess.run(["sqlite3", db, "pragma user_version = 999"], check=True), ("fortress.db", "newer")),
                               ("link", lambda d, db: (os.unlink(db), os.symlink("/etc/passwd", db)), ("fortress.db", "open")),
                               ("checkpoint-key", file("keys/checkpoint_ed25519", "x\n"), ("checkpoint_ed25519", "not a checkpoint key")),
                               ("factor-key", file("keys/factor", "x"), ("keys/factor", "32 bytes")), ("host-key", file("keys/host_ed25519", "x"), ("host_ed25519", "ssh-keygen")),
                               ("ca-key", file("keys/ca_ed25519", "x"), ("ca_ed25519", ""))):
        up, rc, lines, out, _ = start(name, spoil)
        said = [l for l in lines if all(w in l for w in words)]
        ok(not up and rc == 1 and len(said) == 1 and f"/{name}/" in said[0], f"spoiled: {name}: it does not start, and one line says what and where", up, rc, out[-1500:])
        ok(sum(w in out for w in ("starting again",)) == 0, "and it does not try for ever", out[-600:])
    up, rc, lines, out, events = start("emptied", lambda d, db: os.truncate(db, 0))
    ok(up and "begun anew" in out and "begun anew" in events, "an emptied database is begun anew, and both the log and the record say so", out, events[:500])
    up, rc, lines, out, events = start("policy", file("policy.conf", "permit nonsense\n"))
    ok(up and any("EVERYTHING IS DENIED" in l for l in lines), "a policy with an error denies everything, loudly", out)
finally:
    b.stop()
end()
