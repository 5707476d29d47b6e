#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Every door, every control: a table of ways in, a table of what forbids them, and each way tried under each, on a connection
that was there before and on a new one.  What is not in the tables is what tricks try: things named like file copies."""
import json, os, re, signal, socket, subprocess, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, needs_bastion, end
needs_bastion()
from bastion import Bastion, holders
from wire import *

ALL = "permit bench any on env=bench as root id bench\n"
b = Bastion(build, "KernelAudit off\nRecordTimeout 1s\nMaxChannels 8\n", ALL)
A = ("127.0.0.1", b.port)
key = private_key(b.key)
PROOF, ASK = b"in-42", "echo in-$((6*7))"


# --- doors: each takes a connection as "bench+box" and one as "bench", and answers (got in, stderr, exit status or None) ---
def start(w, *requests):
    c = w.session()
    if c is None: return None
    w.send(*(w.request(c, *r) for r in requests))
    return c
def finish(w, c):
    if c is None: return False, b"", None
    out, err, status = w.finish(c)
    return PROOF in out, err, status
AGENT = 1 << 20                                       # our number of a channel to the agent
PTY = ("pty-req", string("xterm"), u32(80), u32(24), u32(0), u32(0), string(""))
def hear(w, c, answer):
    """What it says, each time answered, until it closes: (stdout, stderr, exit status or None)."""
    out = err = b""; status = None
    while (p := w.on(c, WINDOW))[0] != CLOSE:
        if p[0] == DATA: out += Take(p, 5).string(); w.send(*answer(out))
        if p[0] == EXT_DATA: err += Take(p, 9).string()
        if p[0] == REQUEST: t = Take(p, 5); t.string(); t.byte(); status = t.u32()
    w.send(bytes([CLOSE]) + u32(c))
    return out, err, status
def on_terminal(w, c):
    """Who is asked for a code gives up: while the bastion asks, the connection's other channels wait."""
    if c is None: return False, b"", None
    out, err, status = hear(w, c, lambda out: [w.data(c, b"\x03")] if out.endswith(b"code: ") else [])
    return PROOF in out, err, None if b"code: " in out else status
def shell(w, *before):
    c = start(w, *before, ("shell",))
    if c is not None: w.send(w.data(c, ASK.encode() + b"\nexit\n"), *([] if before else [bytes([EOF]) + u32(c)]))
    return (on_terminal if before else finish)(w, c)
def execute(w, command, *before):
    return (on_terminal if before else finish)(w, start(w, *before, ("exec", string(command))))
def copy(w, request, first, proof):
    """What copies files: first is said to it, proof is in how it begins."""
    c = start(w, request)
    if c is None: return False, b"", None
    w.send(w.data(c, first))
    out, err, status = hear(w, c, lambda out: [bytes([EOF]) + u32(c)])
    return proof in out, err, None if proof in out else status
def sftp(w): return copy(w, ("subsystem", string("sftp")), u32(5) + b"\1" + u32(3), b"\2" + u32(3))
def forward(w, host="127.0.0.1"):
    c = w.direct(host, b.sshd_port)
    if c is None: return False, b"", None
    got = Tunnel(w, c).recv(100)
    w.send(bytes([CLOSE]) + u32(c))
    while w.on(c)[0] != CLOSE: pass
    return got.startswith(b"SSH-2.0-OpenSSH"), b"", None
def remote(w):
    w.send(bytes([GLOBAL]) + string("tcpip-forward") + b"\1" + string("127.0.0.1") + u32(0))
    while (p := w.recv())[0] not in (GLOBAL_SUCCESS, GLOBAL_FAILURE): pass
    if p[0] == GLOBAL_FAILURE: return False, b"", None
    at = Take(p).u32()
    with socket.create_connection(("127.0.0.1", at), 5) as s:  # where the host listens now
        w.sock.settimeout(1); kind = b""
        try:
            while (p := w.recv())[0] != OPEN: pass
            t = Take(p); kind = t.string(); w.send(bytes([OPEN_FAILURE]) + u32(t.u32()) + u32(1) + string("") + string(""))
        except TimeoutError: pass
        w.sock.settimeout(12)
    w.send(bytes([GLOBAL]) + string("cancel-tcpip-forward") + b"\1" + string("127.0.0.1") + u32(at))
    while w.recv()[0] not in (GLOBAL_SUCCESS, GLOBAL_FAILURE): pass
    return kind == b"forwarded-tcpip", b"", None
def agent(w):
    """Does what runs on the host reach the user's agent?  (Its socket may be there from an earlier session.)"""
    c = start(w, ("auth-agent-req@openssh.com",), ("exec", string("ssh-add -l; exit 0")))
    asked, at = False, None
    while c is not None or at is not None:
        p = w.recv()
        if p[0] == OPEN:
            t = Take(p); t.string(); at = t.u32(); w.send(bytes([OPEN_OK]) + u32(at) + u32(AGENT) + u32(1 << 20) + u32(32768))
        elif p[0] < OPEN_OK: continue
        elif p[0] == DATA and Take(p).u32() == AGENT: asked = True; w.send(w.data(at, u32(5) + b"\x0c" + u32(0)))
        elif p[0] == EOF and Take(p).u32() == AGENT: w.send(bytes([CLOSE]) + u32(at))
        elif p[0] == CLOSE and Take(p).u32() == AGENT: at = None
        elif p[0] == CLOSE: w.send(bytes([CLOSE]) + u32(c)); c = None
    return asked, b"", None
def jump(door):
    def through(w, bare):
        c = bare.direct("box", 22)
        if c is None: return False, b"", None
        inner = Wire(Tunnel(bare, c), timeout=10)
        inner.hello(); inner.kex(); inner.service(); inner.send(inner.auth("root", "none")); inner.expect(AUTH_SUCCESS)
        try: return door(inner)
        finally:
            bare.send(bytes([CLOSE]) + u32(c))
            while bare.on(c)[0] != CLOSE: pass
    return through
def picker(bare):
    c = start(bare, PTY, ("shell",))
    if c is None: return False, b"", None
    seen, said, picked, others, began = b"", 0, False, False, time.monotonic()
    while True:
        p = bare.on(c)
        if p[0] == CLOSE: break
        if p[0] not in (DATA, EXT_DATA): continue
        seen += Take(p, 5 if p[0] == DATA else 9).string()
        if said == 0 and b"box" in seen: bare.send(bare.data(c, b"box\r")); said = 1
        elif said == 0 and b"Ctrl-O" in seen and not others: bare.send(bare.data(c, b"\x0f")); others = True     # it may be one of those
        elif said == 0 and (b"No host" in seen or b"no host" in seen or b"none that you may reach" in seen): break
        elif said == 1 and b"# " in seen[-6:] or b"$ " in seen[-6:]: bare.send(bare.data(c, ASK.encode() + b"; exit\n")); said = 2
        elif said == 2 and PROOF in seen: picked = True; break
        elif said == 1 and re.search(rb"may not|denied|no rule|disabled|not in|record|second factor|nothing to show", seen): break
    bare.send(bytes([CLOSE]) + u32(c))
    while p[0] != CLOSE: p = bare.on(c)
    return picked, b"" if picked else seen[-200:], None
def listing(bare, verb):
    out = start(bare, ("exec", string(verb)))
    if out is None: return False, b"", None
    got, err, status = bare.finish(out)
    return b"box" in got, err, status

# name: the verb of policy(5) that it needs, how it answers a refusal, the way
LINE, OPENING, SILENT = "a line and 255", "at its opening", "silently"
DOORS = {
    "shell": ("shell", LINE, lambda w, bare: shell(w, PTY)),
    "shell without a terminal": ("shell", LINE, lambda w, bare: shell(w)),
    "exec": ("exec", LINE, lambda w, bare: execute(w, ASK)),
    "exec with a terminal": ("exec", LINE, lambda w, bare: execute(w, ASK, PTY)),
    "host named by exec": ("exec", LINE, lambda w, bare: execute(bare, f"root@box {ASK}")),
    "scp -O": ("exec", LINE, lambda w, bare: copy(w, ("exec", string("scp -f /etc/passwd")), b"\0", b"C0")),
    "rsync": ("exec", LINE, lambda w, bare: copy(w, ("exec", string("rsync --server --sender -logDtpr . /etc/passwd")), u32(31)[::-1], b"\0\0\0")),
    "sftp": ("get,put", LINE, lambda w, bare: sftp(w)),
    "-L": ("forward", OPENING, lambda w, bare: forward(w)),
    "-R": ("forward", OPENING, lambda w, bare: remote(w)),
    "-A": ("agent-forward,exec", SILENT, lambda w, bare: agent(w)),
    "-J, exec inside": ("jump,exec", LINE, jump(lambda i: execute(i, ASK))),
    "-J, shell inside": ("jump,shell", LINE, jump(lambda i: shell(i, PTY))),
    "-J, sftp inside": ("jump,get,put", LINE, jump(sftp)),
    "-J, -L inside": ("jump,forward", OPENING, jump(forward)),
    "picker": ("shell", SILENT, lambda w, bare: picker(bare)),
    "the list of hosts": ("shell", SILENT, lambda w, bare: listing(bare, "hosts")),
    "the client's configuration": ("shell", SILENT, lambda w, bare: listing(bare, "config")),
}
NO_RSYNC = not os.path.exists("/usr/bin/rsync")

def connect(user="bench+box"): return Wire.connect(A, user, key, timeout=12)
def pair(): return connect(), connect("bench")
def try_door(name, conns):
    try: return DOORS[name][2](*conns)
    except (Over, ConnectionError, TimeoutError, AssertionError) as e: return type(e).__name__, b"", None
def is_refusal(how, got, err, status, code):
    """Refused as it should be: in words where a client can hear them."""
    if got is not False or err.endswith(b"<TimeoutError>"): return False       # silence is no answer
    if how == LINE and status is not None: return status == 255 and err.count(b"\n") == 1 and err.startswith(b"fortress: ") and code in err
    return True

def walk(control, forbidden, code=b"", live=None, fresh=True, only=DOORS):
    """All doors: those whose name forbidden(name) says are refused, the others are not."""
    wrong = []
    kinds = ([("before", live)] if live else []) + ([("new", pair())] if fresh else [])
    for when, conns in kinds:
        for name, (verb, how, way) in DOORS.items():
            if name not in only: continue
            if name == "rsync" and NO_RSYNC: continue
            got, err, status = try_door(name, conns)
            good = is_refusal(how, got, err, status, code) if forbidden(name) else got is True
            if not good: wrong.append((when, name, got, err[:200], status))
    ok(not wrong, f"{control}: {sum(map(forbidden, only))} of {len(only)} doors are shut" + (", on old connections too" if live else ""), *wrong[:4])
    if fresh:
        for w in kinds[-1][1]: w.close()

def ended(conns):
    """Each by the bastion, within the time of a test."""
    try:
        for w in conns:
            while True: w.recv()
    except (Over, ConnectionError): return w is conns[-1] or ended(conns[1:])
    except TimeoutError: return False

everything, nothing = (lambda n: True), (lambda n: False)
verbs = "shell exec get put forward jump agent-forward".split()
try:
    live = pair()
    walk("nothing forbids", nothing, live=live)
    b.reload("permit bench any on env=bench as root id bench\ndeny bench any on host box reason \"closed\"\n")
    walk("a deny", everything, b"closed", live)
    b.reload("")
    walk("no permit", everything, b"[denied]", live)
    for verb in verbs:
        b.reload(f"permit bench {','.join(v for v in verbs if v != verb)} on env=bench as root id most\n")
        need = lambda n: verb in DOORS[n][0].split(",") and not (verb in ("get", "put") and "get,put" in DOORS[n][0])
        others = [n for n in DOORS if not need(n)]
        walk(f"all but {verb}", need, b"[denied]", live, fresh=False, only=[n for n in DOORS if need(n)] + others[:1] + others[-1:])
    b.reload("permit bench shell,exec,forward,jump,agent-forward on env=bench as root id most\n")
    walk("neither get nor put", lambda n: "get" in DOORS[n][0], b"[denied]", live, fresh=False)
    b.reload("permit bench any on env=bench as nobody id other\n")
    walk("another login", everything, b"[denied]", live)
    b.reload("permit bench any on env=bench as root from 10.0.0.0/8 id far\n")
    walk("another source", everything, b"[denied]", live)
    day = time.strftime("%a", time.gmtime(time.time() + 3 * 86400))
    b.reload(f"time then {day} 00:00-23:59 UTC\npermit bench any on env=bench as root when then id later\n")
    walk("another time", everything, b"[denied]", live)
    b.reload(ALL + "require mfa for bench any on env=bench\n")
    walk("a second factor that came to be required", lambda n: DOORS[n][1] != SILENT or n in ("picker", "-A"), b"[denied]", live, fresh=False)
    w = Wire.dial(A); w.hello(); w.kex(); w.service(); w.send(w.signed("bench", key)); p = w.recv()
    w.send(bytes([OPEN]) + string("session") + u32(0) + u32(9999) + u32(9999))
    try: q = w.recv()
    except (Over, ConnectionError): q = None
    ok(p[0] == AUTH_FAILURE and p[-1] == 1 and q is None, "and a new connection without it opens no channel at all", p, q)
    b.reload(ALL)
    b.ctl("user", "disable", "bench")
    ok(ended(live), "the user is disabled: the connections end")
    b.ctl("user", "enable", "bench")
    b.ctl("user", "add", "guest"); b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/guest"); b.ctl("key", "add", "guest", f"{b.dir}/guest.pub")
    b.reload(ALL + "permit guest any on env=bench as root id guest\n")
    gone = [Wire.connect(A, u, private_key(f"{b.dir}/guest"), timeout=12) for u in ("guest+box", "guest")]
    walk("a guest", nothing, live=gone, fresh=False, only=("exec", "-L", "the list of hosts"))
    b.ctl("user", "del", "guest")
    ok(ended(gone), "the guest is deleted: so do these")
    b.reload(ALL)
    live = pair()
    walk("and enabled again", nothing, live=live, fresh=False)
    many = connect(); held = [many.session() for i in range(8)]; bare = connect("bench"); kept = [bare.session() for i in range(8)]
    walk("as many channels as may be", everything, b"", (many, bare), fresh=False)
    for w in (many, bare): w.close()

    # The record: every way in is there, allowed or not.
    before = b.events()
    w, bare = pair(); [try_door(n, (w, bare)) for n in DOORS if not (n == "rsync" and NO_RSYNC)]
    for x in (w, bare): x.close()
    b.wait_closed()
    new = b.events()[len(before):]
    decided = [json.loads(e["detail"])["verb"] if isinstance(e["detail"], str) else e["detail"]["verb"] for e in new if e["class"] == 3003]
    want = {"shell": 4, "exec": 5, "get": 2, "put": 2, "forward": 3, "jump": 4, "agent-forward": 1}
    ok(all(decided.count(v) >= n - (v == "exec" and NO_RSYNC) for v, n in want.items()), "each way in is decided on the record", decided)
    ok(any("hosts" in e["text"] for e in new) and any("config" in e["text"] for e in new), "and so is each list of hosts", [e["text"] for e in new][-40:])
    count = sum((e["class"], e["activity"]) == (4007, 1) for e in new)
    ok(count == 17 - NO_RSYNC, "17 of these ways are sessions with a recording", count)

    # Nothing is only a file copy.
    b.reload("permit bench get,put on env=bench as root id files\n")
    for command in ("scp -t /tmp/x; " + ASK, "scp -f /etc/hostname", "rsync --server x; " + ASK, "sftp-server", "/usr/lib/openssh/sftp-server", "sftp", "bash", "bash --rcfile x",
                    "git-upload-pack x; " + ASK, "internal-sftp", " scp -t x", "scp\t-t x", "scp -t x\n" + ASK, "SCP -t x"):
        got, err, status = execute(connect(), command)
        ok(got is False and status == 255 and b"may not exec" in err or b"[denied]" in err, f"{command!r} is decided as exec", err, status)
    b.reload("permit bench exec on env=bench as root id run\n")
    w = connect(); execute(w, "scp -t /proc/none/x </dev/null; " + ASK)
    c = start(w, ("exec", string("/usr/lib/openssh/sftp-server"))); w.send(w.data(c, u32(5) + b"\1" + u32(3)), bytes([EOF]) + u32(c)); w.finish(c)
    b.wait_closed()
    rows = b.sessions()[:2]
    text = [subprocess.run([f"{build}/fortress", "session", "print", s["id"], "--raw"], env=b.env, capture_output=True).stdout for s in rows]
    ok([s["channel"] for s in rows] == ["exec", "exec"] and any(PROOF in t for t in text), "what runs behind the name of a file copy is recorded as what it is", rows, text)

    # The bastion's own places: through the host, or not at all.
    b.reload(ALL)
    listener = socket.create_server(("127.0.0.1", 0)); own = listener.getsockname()[1]
    w, bare = pair()
    for name in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "169.254.169.254", "fe80::1", "[::1]", f"{b.dir}/state/run/control", "@x"):
        ok(bare.direct(name, own) is None, f"no host named: {name} is nowhere")
    def connected_by():
        listener.settimeout(10); s, peer = listener.accept()
        who = holders(f":{peer[1]:04X}", f":{own:04X}"); s.close()   # its port alone another's connection to elsewhere may have too
        return open(f"/proc/{who[0]}/cmdline").read() if who else "?"
    c = w.direct("localhost", own); who = connected_by()
    ok(c is not None and "sshd" in who, "behind a host's name, localhost is the host's: its sshd connects", who)
    w.open("direct-streamlocal@openssh.com", extra=string(f"{b.dir}/state/run/control") + string("") + u32(0))
    ok(w.opened() is None, "sockets of the file system are refused")
    for kind, extra in (("tun@openssh.com", u32(1) + u32(0)), ("x11", string("127.0.0.1") + u32(1)), ("auth-agent@openssh.com", b""), ("forwarded-tcpip", string("x") + u32(1) + string("x") + u32(1))):
        w.open(kind, extra=extra)
        ok(w.opened() is None, f"a channel {kind} by the client is refused")

    # The recorder.
    live = pair(); walk("before the store hangs", nothing, live=live, fresh=False, only=("exec", "-J, exec inside"))
    store = b.child("store"); os.kill(store, signal.SIGSTOP)
    try: walk("a store that hangs", lambda n: DOORS[n][1] != SILENT or n == "picker", b"not-recorded", live, fresh=False, only=("shell", "exec", "sftp", "-L", "-J, exec inside", "picker", "the list of hosts"))
    finally: os.kill(store, signal.SIGCONT)
    b.wait(lambda: try_door("exec", pair())[0] is True)
    ok(True, "and all is well when it goes on")
    ok("yes" in b.ctl("audit", "verify", "--db"), "the database verifies")
finally:
    b.stop()
end()
