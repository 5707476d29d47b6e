#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""One process of the bastion alone, with this test as everybody it talks to.  Messages by name and field, as src/msg/msg.h
lists them and src/msg/msg.c packs them: both are read, so that a test names only the fields that it is about."""
import array, fcntl, os, re, shutil, socket, struct, subprocess, tempfile, time
import tap

top = os.environ.get("top_srcdir", ".")

def catalogue():
    """{name: number} and {name: [(field, kind)]}, kind of I, Q or s."""
    text = re.sub(r"/\*.*?\*/", "", open(f"{top}/src/msg/msg.h").read(), flags=re.S)
    numbers, at = {}, 0
    for word, value in re.findall(r"MSG_(\w+)(?:\s*=\s*(\d+))?\s*,?", re.search(r"enum msg_type \{(.*?)\};", text, re.S).group(1)):
        numbers[word] = at = int(value) if value else at + 1
    rows = open(f"{top}/src/msg/msg.c").read()
    rows = rows[:rows.index("static const struct message host_row")]
    fields = {}
    for row in rows.split("ROW(MSG_")[1:]:
        fields[row[:row.index(",")]] = [(f, {"32": "I", "64": "Q", "B": "s"}[k]) for k, f in re.findall(r"\bF(32|64|B)\(\w+, (\w+)\)", row)]
    return numbers, fields
NUMBER, FIELDS = catalogue()
NAME = {v: k for k, v in NUMBER.items()}

class Closed(Exception): pass

def pack(name, /, **values):
    out = struct.pack("<H", NUMBER[name])
    for field, kind in FIELDS[name]:
        v = values.pop(field, b"" if kind == "s" else 0)
        if kind == "s":
            v = v.encode() if isinstance(v, str) else v
            out += struct.pack("<I", len(v)) + v
        else: out += struct.pack("<" + kind, v)
    assert not values, values
    return out

def unpack(data):
    name, at, values = NAME[struct.unpack_from("<H", data)[0]], 2, {}
    for field, kind in FIELDS[name]:
        if kind == "s":
            n = struct.unpack_from("<I", data, at)[0]; at += 4
            values[field] = data[at:at + n]; at += n
        else:
            values[field] = struct.unpack_from("<" + kind, data, at)[0]; at += struct.calcsize("<" + kind)
    return name, values

class Chan:
    """One end of a channel.  What is received: (name, {field: value}); descriptors that came are in .fds until the next one."""
    def __init__(self, sock): self.sock, self.fds = sock, []

    @staticmethod
    def pair():
        a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for s in (a, b):
            for o in (socket.SO_SNDBUF, socket.SO_RCVBUF): s.setsockopt(socket.SOL_SOCKET, o, 512 * 1024)
        return Chan(a), b

    def send(self, name, /, fds=(), **values):
        anc = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        try: self.sock.sendmsg([pack(name, **values)], anc)
        except (BrokenPipeError, ConnectionResetError): raise Closed from None

    def recv(self, seconds=60):
        for fd in self.fds: os.close(fd)
        self.fds = []
        self.sock.settimeout(seconds)
        try: data, anc, _, _ = self.sock.recvmsg(200000, 64)
        except (ConnectionResetError, BrokenPipeError): raise Closed from None
        for _, _, d in anc: self.fds = list(array.array("i", bytes(d)))
        if not data: raise Closed
        return unpack(data)

    def want(self, *names, seconds=60):
        """The next message of one of these names; others are passed over."""
        while True:
            name, values = self.recv(seconds)
            if name in names: return values

    def ask(self, name, answer, /, fds=(), **values):
        self.send(name, fds, **values)
        return self.want(answer)

    def over(self, seconds=60):
        """Does the other end hang up, whatever it still says?"""
        try:
            while True: self.recv(seconds)
        except Closed: return True
        except TimeoutError: return False

    def quiet(self, *names, seconds=0.3):
        """Does nothing come, or none of these?"""
        try:
            while True:
                name, _ = self.recv(seconds)
                if not names or name in names: return False
        except TimeoutError: return True

    def close(self): self.sock.close()

class Process:
    """program with channels on 3, 4…; what it says goes to .log."""
    def __init__(self, build, program, channels, args, **env):
        self.dir = tempfile.mkdtemp(prefix="fortress-peer-")
        os.chmod(self.dir, 0o711)
        self.log = open(f"{self.dir}/log", "w+")
        ours, theirs = zip(*(Chan.pair() for _ in range(channels)))
        self.chans = list(ours)
        keep = [os.dup(s.fileno()) for s in theirs]
        high = [os.dup2(fd, 100 + i) for i, fd in enumerate(keep)]
        def place():
            for i, fd in enumerate(high): os.dup2(fd, 3 + i)
        self.proc = subprocess.Popen([f"{build}/{program}", *args(self.dir)], stdin=subprocess.DEVNULL, stdout=self.log,
                                     stderr=self.log, preexec_fn=place, pass_fds=range(3, 3 + channels), env=dict(os.environ, **env))
        for fd in [*keep, *high]: os.close(fd)
        for s in theirs: s.close()

    def said(self):
        return open(f"{self.dir}/log").read()

    def wait(self, seconds=60):
        """Its exit status, or None when it does not end."""
        try: return self.proc.wait(seconds)
        except subprocess.TimeoutExpired: return None

    def stop(self):
        for c in self.chans: c.close()
        if self.wait(30) is None: self.proc.kill(); self.proc.wait()
        self.log.close()
        tap.no_report(f"{self.dir}/log")
        shutil.rmtree(self.dir, ignore_errors=True)

class Gate(Process):
    """The gate; rows are what its store holds: (name, {field: value})."""
    def __init__(self, build, policy, rows=(), load=True, *more):
        def args(d):
            os.mkdir(f"{d}/keys", 0o700)
            open(f"{d}/policy.conf", "w").write(policy)
            return ["--state", d, "--policy", f"{d}/policy.conf", *more]
        super().__init__(build, "fortress-gate", 2, args)
        self.monitor, self.store = self.chans
        self.last = 0
        if not load: return
        self.store.want("DIR_LOAD")
        for name, values in rows: self.store.send(name, **values)
        self.store.send("DIR_END", req=1)
        self.monitor.want("READY")
        self.first = self.events()

    def client(self, kind, peer="127.0.0.1"):
        ours, theirs = Chan.pair(); self.last += 1
        self.monitor.send("CLIENT_NEW", [theirs.fileno()], conn=self.last, kind=kind, uid=0, peer=peer)
        theirs.close()
        ours.conn = self.last
        return ours

    def front(self, peer="127.0.0.1"): return self.client(1, peer)
    def ctl(self): return self.client(2)

    def logged_in(self, name="alice"):
        """A front whose user has been let in by key()."""
        f = self.front()
        a = f.ask("LOGIN", "LOGIN_ANSWER", raw=name, method="publickey", alg="ssh-ed25519", blob=key_of(name))
        assert a["ok"] == 1 and a["user"] == name.encode(), a
        return f

    def events(self):
        """What it has sent to its store since it was asked last, because of what it was told: (name, values)."""
        self.alive()
        out = []
        while True:
            try: out.append(self.store.recv(0))
            except BlockingIOError: return out

    def alive(self):
        """Does it still answer?  (What others caused before has then been done.)"""
        c = self.ctl()
        try: c.ask("STATUS", "STATUS_IS", req=1); return True
        except (Closed, TimeoutError): return False
        finally: c.close()

def user(name="alice", **kw): return "DIR_USER", {"op": 1, "name": name, **kw}
def key(name="alice", blob=None, **kw):
    alg = b"ssh-ed25519"
    return "DIR_KEY", {"op": 1, "user": name, "alg": alg, "blob": blob or key_of(name), **kw}
def host(name="box", **kw):
    return "DIR_HOST", {"op": 1, "name": name, "addr": "127.0.0.1", "port": 22, "target_kind": 1, "labels": "env=bench", "logins": "root", **kw}
def key_blob(fill=b"k"):
    return struct.pack(">I", 11) + b"ssh-ed25519" + struct.pack(">I", 32) + fill * 32
def key_of(name): return key_blob(name[:1].encode())

def in_bulk(*messages):
    """Many changes of the directory, as a file of them holds them."""
    return b"".join(struct.pack("<I", len(p)) + p for p in (pack(n, **v) for n, v in messages))
def state_of(chan):
    """Of the directory, by its number."""
    return chan.ask("DIR_LOAD", "DIR_END", req=1)["state"]
def send_bulk(chan, data, state, seals=True):
    """DIR_APPLY with such a file, req 4; what nobody seals is refused."""
    fd = os.memfd_create("rows", os.MFD_ALLOW_SEALING)
    try:
        with open(fd, "wb", closefd=False) as f: f.write(data)
        if seals: fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE)
        chan.send("DIR_APPLY", [fd], req=4, state=state)
    finally: os.close(fd)

def live_row(conn=0, id="S" * 26, user="alice", host="box", login="root"):
    """What a store says of a session: one row of LIVE_ROWS."""
    out = b"".join(struct.pack("<I", len(x)) + x for x in (id.encode(), user.encode(), login.encode(), host.encode(), b"shell", b"", b"127.0.0.1"))
    out += struct.pack("<QQQQI", conn, 1, 2, 3, 0) + struct.pack("<I", 0)
    return struct.pack("<I", len(out)) + out

class Store(Process):
    """The store, ready; .disk(False) makes all its writes fail."""
    def __init__(self, build, *more):
        super().__init__(build, "fortress-store", 2, lambda d: ["--db", f"{d}/db", "--key", f"{d}/key", *more])
        self.monitor, self.gate = self.chans
        self.monitor.want("READY")
        self.last = 0

    def front(self):
        ours, theirs = Chan.pair(); self.last += 1
        self.monitor.send("CLIENT_NEW", [theirs.fileno()], conn=self.last, kind=1, peer="127.0.0.1")
        theirs.close()
        return ours

    def disk(self, good):
        import resource
        most = resource.RLIM_INFINITY
        resource.prlimit(self.proc.pid, resource.RLIMIT_FSIZE, (most if good else 1, most))

    def memory(self):
        """What it holds now, in MB."""
        return tap.memory(self.proc.pid) // 1024

    def rows(self, sql):
        import sqlite3
        db = sqlite3.connect(f"file:{self.dir}/db/fortress.db?mode=ro", uri=True)
        try: return db.execute(sql).fetchall()
        finally: db.close()

    def end(self):
        """Asks it to stop; its exit status."""
        self.monitor.send("STOP")
        return self.wait()

def frame(data, t_ms=0, kind="o"):
    """One frame of a recording (base/frame.h)."""
    return struct.pack("<BQI", ord(kind), t_ms, len(data)) + data
