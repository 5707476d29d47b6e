# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""A store whose disk fails at a test's will (tests/system/faulty.c), fronts that remember what was acknowledged, and the image that a
power cut would have left."""
import mmap, os, shutil, signal, struct, subprocess, tempfile, time
import tap
from peers import Process, Chan, Closed, frame

class FaultyStore(Process):
    """dir: a state to go on with (db, key); default a new one.  ahead, mono: how many seconds its clocks are."""
    def __init__(self, build, dir=None, log=False, more=(), ahead=0, mono=0):
        self.build, self.last, self.own = build, 0, dir is None
        self.state = dir or tempfile.mkdtemp(prefix="fortress-faults-")
        self.control = f"{self.state}/faults"; open(self.control, "wb").write(bytes(64))
        self.file = open(self.control, "r+b"); self.map = mmap.mmap(self.file.fileno(), 64); self.map[24:40] = struct.pack("<2q", ahead, mono)
        self.undo = f"{self.state}/undo"
        env = dict(LD_PRELOAD=tap.preload(build, "faulty"), FAULTY=self.control, **({"FAULTY_LOG": self.undo} if log else {}))
        super().__init__(build, "fortress-store", 2, lambda d: ["--db", f"{self.state}/db", "--key", f"{self.state}/key", *more], **env)
        self.monitor, self.gate = self.chans
        self.monitor.want("READY", seconds=30)

    def faults(self, write=0, sync=0, half=0, one_in=0):
        self.map[0:16] = struct.pack("<4I", write, sync, half, one_in)
    def failed(self): return struct.unpack_from("<I", self.map, 20)[0]

    def step(self, seconds):
        """Somebody sets the clock."""
        self.map[24:32] = struct.pack("<q", self.ahead() + seconds)
    def later(self, seconds):
        """So much time has passed: for both clocks at once, since what looks in between sees one that was set."""
        self.map[24:40] = struct.pack("<2q", *(at + seconds for at in struct.unpack_from("<2q", self.map, 24)))
    def mono(self): return struct.unpack_from("<q", self.map, 32)[0]
    def ahead(self): return struct.unpack_from("<q", self.map, 24)[0]

    def front(self):
        ours, theirs = Chan.pair(); self.last += 1
        self.monitor.send("CLIENT_NEW", [theirs.fileno()], conn=self.last, kind=1, peer="127.0.0.1")
        theirs.close()
        return ours

    def end(self):
        self.faults(); self.monitor.send("STOP")
        return self.wait(30)

    def stop(self):
        if self.proc.poll() is None and os.path.exists(f"/proc/{self.proc.pid}"):
            try: os.kill(self.proc.pid, signal.SIGCONT)
            except ProcessLookupError: pass
        super().stop(); self.map.close(); self.file.close()
        if self.own: shutil.rmtree(self.state, ignore_errors=True)

class Session:
    """One recording: what was sent, and how far it was acknowledged."""
    def __init__(self, chan, number, dice):
        self.chan, self.number, self.dice = chan, number, dice
        self.id, self.sent, self.acked, self.opened, self.refused, self.closed = os.urandom(16), b"", 0, False, False, False
        chan.send("REC_OPEN", rec=number, id=self.id, user="alice", login="root", host="box", channel="shell")

    def data(self):
        f = b"".join(frame(self.dice.randbytes(self.dice.choice((1, 40, 300, 9000))), t_ms=len(self.sent) + i) for i in range(self.dice.randint(1, 4)))
        try: self.chan.send("REC_DATA", rec=self.number, pos=len(self.sent), frames=f); self.sent += f
        except TimeoutError: pass                        # it does not read now: whole messages or none

class Load:
    """Several sessions on one front, driven by chance; hear() takes in what the store says."""
    def __init__(self, store, dice, n=5):
        self.store, self.dice, self.chan = store, dice, store.front()
        self.sessions, self.all = [], []
        for i in range(n): self.begin()
    def begin(self):
        self.chan.sock.settimeout(30)
        s = Session(self.chan, len(self.all) + 1, self.dice); self.sessions.append(s); self.all.append(s)
    def failing(self): return any(self.store.map[0:12])
    def hear(self, seconds=0):
        end = time.monotonic() + seconds
        while True:
            try: name, m = self.chan.recv(max(0.0005, end - time.monotonic()))
            except (TimeoutError, BlockingIOError): return
            except Closed: return
            s = self.all[m["rec"] - 1] if "rec" in m and m["rec"] else None
            if name == "REC_OPENED": s.opened = m["ok"] == 1; s.refused = not s.opened
            elif name == "REC_ACK": s.acked = max(s.acked, m["pos"])
            elif name == "REC_CLOSED": s.closed = True
    def step(self):
        """Something happens.  What is not acknowledged stays below a front's window, as in earnest."""
        s = self.dice.choice(self.sessions)
        if s.refused and len(self.all) < 200 and not self.failing(): self.sessions.remove(s); self.begin()
        elif s.opened and len(s.sent) - s.acked < 200000:
            if self.dice.random() < 0.05 and len(self.all) < 200 and not self.failing():
                self.chan.sock.settimeout(30); self.chan.send("REC_CLOSE", rec=s.number, pos=len(s.sent), reason="ended", exit="0"); self.sessions.remove(s); self.begin()
            else: s.data()
        self.hear(0.001)

def unsynced(store):
    """{inode: [(kind, where, size before, bytes before)]}: what is not durable at this moment."""
    log, at, out = open(store.undo, "rb").read(), 0, {}
    while at + 32 <= len(log):
        kind, n, inode, where, size = struct.unpack_from("<IIQQQ", log, at); old = log[at + 32:at + 32 + n]; at += 32 + n
        if kind == ord("s"): out.pop(inode, None)
        else: out.setdefault(inode, []).append((chr(kind), where, size, old))
    return out

def image(store, dice):
    """A copy of the files as a power cut at this moment would leave them: of what was not synced any part may be lost."""
    to = tempfile.mkdtemp(prefix="fortress-image-")
    shutil.copytree(f"{store.state}/db", f"{to}/db", ignore=shutil.ignore_patterns("*-shm")); shutil.copy(f"{store.state}/key", to); shutil.copy(f"{store.state}/key.pub", to)
    inodes = {os.stat(f"{store.state}/db/{f}").st_ino: f for f in os.listdir(f"{store.state}/db")}
    lost = 0
    for inode, writes in unsynced(store).items():
        path = f"{to}/db/{inodes.get(inode, '-')}"
        if not writes or not os.path.exists(path) or path.endswith("-shm"): continue
        keep = dice.randint(0, len(writes)); lost += len(writes) - keep
        with open(path, "r+b") as f:
            for kind, where, size, old in reversed(writes[keep:]):
                f.seek(where); f.write(old); f.truncate(size)
    return to, lost

def judge(build, state, sessions):
    """A store is started on the image, ends it in order, and then: every acknowledged byte is there, every session has an end, the
    record verifies.  What is wrong, as a list."""
    bad, store = [], FaultyStore(build, state)
    try:
        if store.end() != 0: bad.append(("the store did not end in order", store.said()[-500:]))
    finally: store.stop()
    import sqlite3
    db = sqlite3.connect(f"{state}/db/fortress.db"); rows = {bytes(u): (i, st, n) for i, u, st, n in db.execute("SELECT id,uuid,state,bytes FROM session")}
    open_ = [u.hex() for u, (_, st, _) in rows.items() if st == "open"]; db.close()
    if open_: bad.append(("sessions without an end", open_))
    env = dict(os.environ, FORTRESS_STATE=state, FORTRESS_LIBEXEC=build)
    r = subprocess.run([f"{build}/fortress", "audit", "verify", "--db", "--key", f"{state}/key.pub"], env=env, capture_output=True, text=True)
    if r.returncode: bad.append(("verify", r.stderr))
    os.makedirs(f"{state}/keys", exist_ok=True); shutil.copy(f"{state}/key.pub", f"{state}/keys/checkpoint_ed25519.pub"); shutil.rmtree(f"{state}/pack", ignore_errors=True)
    subprocess.run([f"{build}/fortress", "audit", "export", "--offline", "-o", f"{state}/pack"], env=env, capture_output=True)
    for s in sessions:
        if not s.opened and not s.acked: continue
        if s.id not in rows: bad.append(("a session that was opened is not there", s.number)); continue
        try: kept = open(f"{state}/pack/recordings/{ulid(s.id)}.frames", "rb").read()
        except OSError as e: bad.append(("no recording", str(e))); continue
        if len(kept) < s.acked: bad.append(("acknowledged bytes are lost", s.number, s.acked, len(kept)))
        if not s.sent.startswith(kept): bad.append(("other bytes than were sent", s.number))
        if s.closed and (rows[s.id][1] != "closed" or rows[s.id][2] != len(s.sent)): bad.append(("a session whose end was acknowledged", s.number, rows[s.id]))
    return bad

def ulid(raw):
    v, out = int.from_bytes(raw, "big"), ""
    for _ in range(26): out, v = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[v & 31] + out, v >> 5
    return out

def close(load, seconds=30):
    """Ends what is open; what the store does not acknowledge in that time."""
    load.hear(0.6); load.chan.sock.settimeout(30)
    for s in load.sessions:
        if s.opened: load.chan.send("REC_CLOSE", rec=s.number, pos=len(s.sent), reason="ended", exit="0")
    end = time.monotonic() + seconds
    while any(s.opened and not s.closed for s in load.all) and time.monotonic() < end: load.hear(0.05)
    return [s.number for s in load.all if s.opened and not s.closed]

def resend(load, seconds=30):
    """Until all that was sent is acknowledged, or time is over."""
    end = time.monotonic() + seconds
    while any(s.opened and s.acked < len(s.sent) for s in load.all) and time.monotonic() < end: load.hear(0.05)
    return [(s.number, s.acked, len(s.sent)) for s in load.all if s.opened and s.acked < len(s.sent)]
