#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""A front that was taken over, with all its channels: what the other processes let it have, and that it can be ended."""
import array, base64, os, signal, socket, struct, subprocess, sys, tempfile

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, needs_bastion, end
needs_bastion()
from bastion import Bastion
from peers import Chan, NUMBER

# Its acceptor hands each connection's descriptors to this test; the process that it names as the front only sleeps.
ACCEPTOR = f"""#!/usr/bin/python3
import array, os, socket, struct, subprocess, sys
monitor = socket.socket(fileno=3); monitor.setblocking(True)
test = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); test.connect(sys.argv[0] + ".meet")
monitor.send(struct.pack("<HI", {NUMBER["READY"]}, 1))
while True:
    data, anc, _, _ = monitor.recvmsg(65536, 64)
    if not data or struct.unpack_from("<H", data)[0] == {NUMBER["STOP"]}: break
    fds = [fd for _, _, d in anc for fd in array.array("i", bytes(d))]
    if struct.unpack_from("<H", data)[0] != {NUMBER["CONN_NEW"]}: continue
    front = subprocess.Popen(["sleep", "1000"])
    monitor.send(struct.pack("<HQI", {NUMBER["CONN_PID"]}, struct.unpack_from("<Q", data, 2)[0], front.pid))
    test.sendmsg([struct.pack("<I", front.pid)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])
    for fd in fds: os.close(fd)
"""

lib = tempfile.mkdtemp(prefix="fortress-lib-")
os.chmod(lib, 0o755)
for p in ("fortress", "fortress-monitor", "fortress-front", "fortress-gate", "fortress-store", "fortress-menu", "staragent"):
    os.symlink(os.path.abspath(f"{build}/{p}"), f"{lib}/{p}")

class Front:
    def __init__(self, source="127.0.0.1"):
        self.user = socket.create_connection(("127.0.0.1", b.port), source_address=(source, 0))
        data, anc, _, _ = acceptor.recvmsg(64, 64)
        fds = [fd for _, _, d in anc for fd in array.array("i", bytes(d))]
        self.pid = struct.unpack("<I", data)[0]
        self.sock, self.monitor, self.gate, self.store = socket.socket(fileno=fds[0]), *(Chan(socket.socket(fileno=fd)) for fd in fds[1:])

    def lives(self):
        try: return open(f"/proc/{self.pid}/stat").read().rsplit(")", 1)[1].split()[0] != "Z"
        except OSError: return False

    def ends(self): return comes(lambda: not self.lives())

    def prove(self):
        return self.gate.ask("LOGIN", "LOGIN_ANSWER", raw="bench", method="publickey", alg="ssh-ed25519", blob=blob)["ok"] == 1

    def open(self, user="bench"):
        return self.monitor.ask("LOGIN_OPEN", "LOGIN_OPENED", user=user, method="publickey")["ok"] == 1

def front():
    """One whose user is in."""
    f = Front()
    assert f.prove() and f.open()
    return f

def comes(what):
    try: b.wait(what, 15); return True
    except SystemExit: return False

b = None
try:
    b = Bastion(lib, "KernelAudit off\nMaxStartups 4\nMaxStartupsPerSource 100\n")
    blob = base64.b64decode(open(f"{b.key}.pub").read().split()[1])
    meet = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); meet.bind(f"{lib}/fortress-front.meet"); meet.listen(1); meet.settimeout(20)
    os.unlink(f"{lib}/fortress-front")
    with open(f"{lib}/fortress-front", "w") as f: f.write(ACCEPTOR)
    os.chmod(f"{lib}/fortress-front", 0o755)
    os.kill(b.child("acceptor"), signal.SIGKILL)
    acceptor, _ = meet.accept(); acceptor.settimeout(20)
    def log(): return open(f"{b.dir}/fortress.log").read()

    # --- The login is opened for whom the gate has let in, once. ---
    f = Front(); f.monitor.send("LOGIN_OPEN", user="bench", method="publickey")
    ok(f.monitor.quiet() and "login: bench" not in log(), "a login that the gate knows nothing of is not opened")
    ok(f.prove() and f.monitor.want("LOGIN_OPENED")["ok"] == 1, "until it does, whichever of the two says so first")
    f.monitor.send("LOGIN_OPEN", user="root", method="publickey")
    ok(f.monitor.over() and f.ends() and "login: root" not in log(), "a front that has it opened twice is ended", log()[-600:])
    f = Front(); f.prove()
    def reaches(f):
        f.gate.ask("DECIDE", "DECISION", req=1, verb="exec", host="box", command="id", dial=1)
        return f.monitor.want("DIALLED")["ok"] == 1
    ok(not reaches(f), "whose login is not open reaches no host")
    ok(not f.open("root") and "login refused: root" in log(), "it is not opened for anybody else", log()[-600:])
    ok(f.ends(), "which ends it")
    ok(reaches(front()), "one whose login is open does")
    for name, values in (("MENU_START", {"term": "xterm", "cols": 80, "rows": 24}), ("AUDIT_NOTE", {"note": 3, "text": "reboot"})):
        f = Front(); f.monitor.send(name, **values); ok(f.monitor.over() and f.ends(), f"{name} before the login ends its front")
    for name, values in (("LOGIN_FAILED", {"user": "root"}), ("PAM_START", {"user": "root"}), ("PAM_ANSWER", {})):
        f = front(); f.monitor.send(name, **values); ok(f.monitor.over() and f.ends(), f"{name} behind it, too")
    f = Front()
    for i in range(201): f.monitor.send("PAM_START", user="bench")
    ok(f.monitor.over() and f.ends(), "nobody has 200 conversations with PAM")

    # --- It puts down what its own user did, and nothing else. ---
    def event(f, **values): f.store.send("EVENT", req=1, **{"class_uid": 4007, "activity": 5, "severity": 1, "ok": 1, "actor": "bench", "text": "something", **values})
    def kept(f): return f.store.want("EVENT_DONE")["ok"] == 1
    f = front(); event(f, src="10.9.8.7", text="from afar", sign=1)
    ok(kept(f) and [e["src"] for e in b.events() if e["text"] == "from afar"] == ["127.0.0.1"], "from where it comes the monitor has said")
    bad = []
    for what, values in (("of the directory", {"class_uid": 3004}), ("that somebody was permitted something", {"class_uid": 3003}), ("of the bastion", {"class_uid": 6002}),
                         ("that somebody is in", {"class_uid": 3002}), ("of another user", {"actor": "root"}), ("of nobody", {"actor": ""})):
        f = front(); bad.append(f); event(f, **values); ok(f.store.over(), f"an event {what} is none of a front's")
    f = front(); bad.append(f); f.store.send("REC_OPEN", rec=1, id=os.urandom(16), user="root", login="root", host="box", channel="shell")
    ok(f.store.over(), "nor is another user's recording")
    f = Front(); bad.append(f); event(f, actor="root")
    ok(kept(f) and f.prove() and f.store.over(), "whom it named before the gate did has to be the gate's")
    ok(all(map(Front.ends, bad)), "and each of them is ended", log()[-600:])
    f = front(); f.store.send("REC_OPEN", rec=1, id=os.urandom(16), conn=1, src="10.9.8.7", user="bench", login="root", host="box", channel="shell")
    ok(f.store.want("REC_OPENED")["ok"] == 1, "a recording of its own is")
    f.store.send("REC_CLOSE", rec=1, pos=0); f.store.want("REC_CLOSED"); s = b.sessions()[0]
    ok(s["source"] == "127.0.0.1", "with the address that the monitor has said", s)

    # --- It can be ended, whatever it does against that. ---
    f = front(); f.gate.send("DECIDE", req=1, verb="v" * 50000, host="box")
    ok(f.gate.over() and f.ends(), "one that the gate has let go of is ended: of it nothing is taken back any more", log()[-600:])
    f = front(); f.gate.close(); ok(f.ends(), "and one that has let go of the gate")
    f = front(); f.monitor.close(); ok(f.ends(), "and one that has let go of the monitor")
    f = front()
    b.ctl("user", "disable", "bench")
    ok(b"locked" in f.monitor.want("TERMINATE")["reason"], "its user is locked: it is told to end")
    b.ctl("user", "enable", "bench")
    f.monitor.send("MENU_START", term="xterm", cols=80, rows=24)
    ok(f.ends(), "if it goes on instead it is killed", log()[-600:])
    f = Front()
    f.prove(); b.ctl("user", "disable", "bench"); f.monitor.want("TERMINATE"); f.monitor.send("PAM_START", user="bench")
    ok(f.ends(), "a conversation with PAM does not save it", log()[-600:]); b.ctl("user", "enable", "bench")
    f = None
    bad = None; early = [Front() for _ in range(4)]
    late = Front("127.0.0.2")
    ok(comes(lambda: sum(map(Front.lives, early)) == 3) and late.lives(), "who has to make room for others and does not is killed", log()[-600:])
    early = late = f = None
    f = front(); os.kill(b.child("gate"), signal.SIGKILL)
    ok(f.gate.over() and f.ends(), "one that lives on without the gate and store of its time is killed", log()[-600:])
    f = None
finally:
    if b: b.stop()
    subprocess.run(["rm", "-rf", lib])
end()
