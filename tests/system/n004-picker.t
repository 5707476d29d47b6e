#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The picker through a bastion: why a host is denied, the wait for a host that was picked, what is typed meanwhile,
and the user's terminal after a session that was cut."""
import os, shlex, signal, subprocess, sys, threading

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, needs_bastion, end
needs_bastion()
from bastion import Bastion
from terminal import until
from wire import *

RESET = b"\x1b7\x1b[r\x1b8\x1b[?1049h\x1b[?1049l"

b = Bastion(build, "KernelAudit off\n", "permit bench shell,exec on env=bench as root id everything\n")
key = private_key(b.key)

class Held(Target):
    """A host that is connected to, and answers when it is let go; it keeps what a session sends."""
    def __init__(self, name):
        self.arrived, self.go, self.got, self.more, self.name = threading.Event(), threading.Event(), b"", threading.Condition(), name
        super().__init__(f"{b.dir}/hk", self.session)
        b.ctl("host", "add", name, "127.0.0.1", "--port", str(self.port), "--login", "root", "--label", "env=bench", "--hostkey", f"{b.dir}/hk.pub")
    def serve(self, s):
        self.arrived.set(); self.go.wait(30)
        super().serve(s)
    def session(self, w):
        self.theirs, _ = serve_session(w); self.wire = w
        w.send(w.data(self.theirs, b"welcome to " + self.name.encode()))
        while True:
            p = w.recv(WINDOW)
            if p[0] == DATA:
                with self.more: self.got += Take(p, 5).string(); self.more.notify_all()
            if p[0] == REQUEST and b"window-change" in p:
                t = Take(p, 5); t.string(); t.byte()
                with self.more: self.size = (t.u32(), t.u32()); self.more.notify_all()
            if p[0] == CLOSE: w.send(bytes([CLOSE]) + u32(self.theirs)); return
    def received(self, text):
        with self.more: return self.more.wait_for(lambda: text in self.got, 10)
    def leave(self, status=0):
        self.wire.send(bytes([REQUEST]) + u32(self.theirs) + string("exit-status") + b"\0" + u32(status), bytes([CLOSE]) + u32(self.theirs))

class Terminal:
    """A session channel with a terminal, by hand: what it shows, and a way to know that the bastion has read what was typed."""
    def __init__(self, user, term="xterm-256color"):
        self.w = Wire.connect(("127.0.0.1", b.port), user, key)
        self.c, self.out, self.err, self.status = self.w.session(), b"", b"", None
        self.w.send(self.w.request(self.c, "pty-req", string(term), u32(80), u32(24), u32(0), u32(0), string("")), self.w.request(self.c, "shell"))
    def take(self):
        p = self.w.recv()
        if p[0] == DATA: self.out += Take(p, 5).string()
        if p[0] == EXT_DATA: self.err += Take(p, 9).string()
        if p[0] == REQUEST and b"exit-status" in p: self.status = int.from_bytes(p[-4:], "big")
        return p[0]
    def until(self, text):
        """What came up to text, or None; what follows is kept."""
        try:
            while text not in self.out: self.take()
        except (Over, TimeoutError): return None
        at = self.out.index(text) + len(text)
        got, self.out = self.out[:at], self.out[at:]
        return got
    def type(self, data):
        """The answer to the global request comes after the bastion has taken data in."""
        self.w.send(self.w.data(self.c, data), bytes([GLOBAL]) + string("none") + b"\1")
        while self.take() not in (GLOBAL_SUCCESS, GLOBAL_FAILURE): pass
    def resize(self, cols, rows):
        self.w.send(self.w.request(self.c, "window-change", u32(cols), u32(rows), u32(0), u32(0), reply=False))
    def over(self):
        try:
            while self.take() != CLOSE: pass
        except (Over, TimeoutError): pass
        return self.out

try:
    mute, slow, late = Held("mute"), Held("slow"), Held("late")
    b.ctl("host", "add", "elsewhere", "127.0.0.1", "--port", "9", "--login", "root", "--label", "env=other", "--hostkey", f"{b.dir}/hk.pub")
    b.ctl("host", "add", "shut", "127.0.0.1", "--port", "1", "--login", "root", "--label", "env=bench", "--hostkey", f"{b.dir}/hk.pub")
    t = Terminal("bench")
    shown = t.until(b"quit")
    ok(shown is not None and b"elsewhere" not in shown, "a host that is denied is not shown", shown)
    ok(b"everything (policy.conf:1)" in (shown or b""), "an allowed one its rule, and where it stands", shown)

    t.type(b"\x0f"); others = t.until(b"no permit for env=other")
    ok(others is not None and b"denied" in others, "on demand it is, and says what is lacking", others)
    t.type(b"\x0f")

    # Cancelled while the host does not answer.
    t.type(b"mute\r")
    ok(t.until(b"connecting to mute as root ... Ctrl-C cancels") is not None, "a host that is on its way is announced", t.out)
    ok(mute.arrived.wait(10), "it is connected to")
    t.type(b"ls\r\x03\x03\x03")
    shown = t.until(b"mute: cancelled")
    ok(shown is not None and b"\r\x1b[K" in shown, "Ctrl-C takes the line away and leads back to the picker, with a word", shown)
    again = 0
    for again in range(30):
        t.type(b"\r")
        if t.until(b"connecting to mute") is None: break
        t.type(b"\x03")
        if t.until(b"mute: cancelled") is None: break
    ok(again == 29, "as often as one likes: a choice is never lost", again, t.out)
    state = b.ctl("--json", "session", "ls")
    ok('"mute"' not in state or "cancelled" in state, "the record says so", state)

    # What is typed meanwhile is the session's, but for reports of the mouse.
    t.type(b"\x15slow\r")
    ok(t.until(b"connecting to slow") is not None, "another host", t.out)
    ok(slow.arrived.wait(10), "it is connected to")
    t.type(b"echo typed\r\x1b[<0;5;4M\x1b[<0;5;4m"); t.type(b"ahead \x1b[<12x\x1b[A")
    t.resize(90, 30)
    slow.go.set()
    shown = t.until(b"welcome to slow")
    ok(shown is not None and b"\r\x1b[K" in shown, "the line goes when the session begins", shown)
    t.type(b"|end")
    ok(slow.received(b"|end") and slow.got == b"echo typed\rahead \x1b[<12x\x1b[A|end", "it gets what was typed ahead, and no click", slow.got)
    with slow.more: ok(slow.more.wait_for(lambda: getattr(slow, "size", None) == (90, 30), 10), "and the size that the window has by then")
    t.type(b"never for the picker\r")
    ok(slow.received(b"never"), "a session runs")
    slow.leave(3)
    shown = t.until(b"slow: closed, exit status 3")
    ok(shown is not None and RESET in shown, "after it the terminal is put back and the picker is there", shown)

    # A host that cannot be reached: what was typed for it does not search, and does not connect elsewhere.
    t.type(b"\x15shut\r"); t.type(b"box\r")
    ok(t.until(b"shut is not reachable") is not None, "a host that is down leads back, with the reason", t.out)
    t.type(b"\x1b[B")
    ok(b"connecting to box" not in t.out, "what was typed for it is not taken for the picker", t.out)
    t.w.close()

    # The last words of a session that the bastion cuts.
    def cut(term):
        t = Terminal("bench+box", term)
        t.type(b"printf '\\033[?1049h\\033[?25l in vi'm\r")
        t.until(b" in vim")
        os.kill(b.child("store"), signal.SIGKILL)
        t.over()
        b.wait(lambda: any(n.startswith("store") for n in b.children().values()))
        b.wait(up)
        return t.err
    def up(): return subprocess.run([f"{b.build}/fortress", "status"], env=b.env, capture_output=True).returncode == 0
    err = cut("xterm")
    ok(err.startswith(RESET) and b"\x1b[?25h" in err and b"fortress: " in err, "the last words of a cut session leave the alternate screen first", err)
    def menu(): return next((p for p, n in b.children().items() if n.startswith("menu: ")), None)
    def picker(term, dies):
        t = Terminal("bench", term); t.until(b"quit"); b.wait(menu)
        os.kill(menu() if dies == "menu" else b.child(dies), signal.SIGKILL)
        t.over()
        b.wait(up)
        return t
    for dies in ("store", "menu"):
        t = picker("xterm", dies)
        ok(t.err.startswith(RESET) and b"fortress: " in t.err and t.status == 255, f"the same when the {dies} dies while the picker is on screen", t.status, t.err, t.out[-200:])
    err = cut("dumb")
    ok(err.startswith(b"\r\nfortress: ") and b"\x1b" not in err, "where the terminal knows no such thing they do not", err)
    w = Wire.connect(("127.0.0.1", b.port), "bench+box", key); c = w.session(); w.exec(c, "echo x; exec sleep 60"); w.recv(WINDOW)
    while w.recv()[0] != DATA: pass
    os.kill(b.child("store"), signal.SIGKILL)
    out, err, status = w.finish(c)
    ok(err.startswith(b"fortress: ") and status == 255, "nor without a terminal", err, status)

    # In tmux, which restores the cursor whenever the alternate screen is left, even if nothing was in it.
    class Tmux:
        """A window of it with a shell."""
        def __init__(self):
            self.do("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "exec env -i TERM=screen PATH=\"$PATH\" PS1='%> ' sh")
        def do(self, *argv):
            return subprocess.run(["tmux", "-L", f"fortress-{b.port}", *argv], check=True, capture_output=True, text=True).stdout
        def type(self, *keys): self.do("send-keys", *keys)
        def lines(self): return [l for l in self.do("capture-pane", "-p").split("\n") if l]
        def until(self, what):
            """The lines, once that is true of the last, or at the end."""
            until(lambda: what((self.lines() or [""])[-1])); return self.lines()
        def end(self): self.do("kill-server")
    tmux = Tmux()
    def tour(term, pick, leave):
        """What stands on it after the picker, a shell that writes two lines, and the picker again."""
        words = b.ssh("fortress")[:-1] + ["bench@127.0.0.1"]
        tmux.type(f"clear; TERM={term} {shlex.join(words)}", "Enter")
        tmux.until(lambda l: l.endswith("quit") or l.startswith("host>"))
        tmux.type(*pick); tmux.until(lambda l: l.endswith("#"))
        tmux.type("stty -echo; PS1=; echo one; echo two; exit", "Enter")
        until(lambda: "box: closed, exit status 0" in "".join(tmux.lines()))
        tmux.type(leave, "Enter")
        return tmux.until(lambda l: l == "%>")
    try:
        lines = tour("screen", ["box", "Enter"], "C-c")
        ok(lines[-4:] == ["one", "two", "logout", "%>"], "tmux: what a session wrote stands after the picker", *lines)
        lines = tour("nonesuch", ["box", "Enter", "1", "Enter"], "q")
        ok("|one|two|logout|box: closed, exit status 0|fortress: bench|" in "|".join(lines), "the plain one begins below it", *lines)
    finally:
        tmux.end()
finally:
    for h in (mute, slow, late): h.go.set(); h.stop()
    b.stop()
end()
