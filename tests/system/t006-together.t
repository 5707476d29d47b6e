#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""What is asked of a person once holds for all that the connection does at the time: forwards beside a shell that asks for a
reason or a code wait for the same answer, and requests at once are made one after the other.  With the real client."""
import json, os, socket, sys, threading

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap
from tap import ok
from bastion import port
from clients import Clients, need, serve_line
from terminal import Terminal, until
need()

POLICY = "role lead { lena, root }\npermit bench any on env=bench as root id all\n"
b = Clients(build, policy=POLICY)
FORWARDS = 3

served = [serve_line(b"in-42\n") for _ in range(FORWARDS)]
def reload(*lines): b.reload(POLICY + "".join(line + "\n" for line in lines))
def open_requests(): return [a for a in json.loads(b.ctl("--json", "approval", "ls")) if a["state"].startswith("waits")]

class Beside:
    """A shell on a terminal, and forwards to as many destinations, each knocked at; what came of it: None yet."""
    def __init__(self):
        self.near = [port() for _ in range(FORWARDS)]
        self.t = Terminal("ssh", "-tt", "-F", b.config, *(w for near, far in zip(self.near, served) for w in ("-L", f"127.0.0.1:{near}:127.0.0.1:{far}")), "box")
        self.came = [None] * FORWARDS
    def knock(self):
        def one(i):
            try:
                with socket.create_connection(("127.0.0.1", self.near[i]), 5) as s: s.settimeout(60); self.came[i] = s.recv(5) == b"in-42"
            except OSError: self.came[i] = False
        for i in range(FORWARDS): threading.Thread(target=one, args=(i,), daemon=True).start()
    def decided(self):
        """All of them have been asked about, and are still neither open nor refused."""
        return until(lambda: len([e for e in b.audit(3003, verb="forward")]) >= FORWARDS or None not in self.came) and self.came == [None] * FORWARDS
    def through(self): return until(lambda: None not in self.came, 30) and all(self.came)

try:
    # --- a reason ---
    reload("require approval 1 from role lead within 30m for bench shell,forward on env=bench id four-eyes")
    b.mark(); x = Beside()
    ok(x.t.saw("Reason: "), "a shell asks for a reason", x.t.out)
    x.knock()
    ok(x.decided(), f"{FORWARDS} forwards at once wait for it", x.came, x.t.out)
    x.t.send("the disk is full\r\r")
    until(lambda: len(open_requests()) == FORWARDS + 1 or False in x.came)
    asked = open_requests()
    ok(sorted(a["verb"] for a in asked) == ["forward"] * FORWARDS + ["shell"] and {a["reason"] for a in asked} == {"the disk is full"},
       "and each is asked for with it", asked, x.came, x.t.out)
    for a in asked: b.ctl("approval", "approve", a["id"])
    ok(x.through(), "they begin after the yes", x.came)
    ok(x.t.alive("echo in-$((40+2))\r", "in-42"), "so does the shell", x.t.out)
    x.t.close()
    for a in asked: b.ctl("approval", "reject", a["id"])

    # --- nobody says one ---
    reload("require approval 1 from role lead within 30m for bench shell,forward on env=bench id again")
    b.mark(); x = Beside()
    x.t.saw("Reason: "); x.knock(); x.decided()
    x.t.send("\x03")
    ok(until(lambda: None not in x.came) and not any(x.came), "given up there, they are refused", x.came)
    x.t.close()

    # --- a ticket ---
    reload("require ticket /^OPS-[0-9]+$/ for bench shell,forward on env=bench id ticket")
    b.mark(); x = Beside()
    ok(x.t.saw("Ticket: "), "a shell asks for a ticket", x.t.out)
    x.knock()
    ok(x.decided(), "forwards wait for it", x.came)
    x.t.send("OPS-7\r")
    ok(x.through(), "and begin with it", x.came)
    x.t.close()
finally:
    b.stop()
tap.end()
