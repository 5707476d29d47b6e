#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""A command that is permitted for what it is runs behind a staragent as those words and by no shell; one that is permitted
whatever it is runs as a shell would have it; and the subsystem that takes words takes nothing else."""
import os, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")

from tap import ok, needs_bastion, end
needs_bastion()
from bastion import Bastion
from wire import *

b = Bastion(build, "KernelAudit off\n", """command some { /bin/cat /proc/self/cmdline * ; /bin/cat - ; /usr/bin/printf ** ; /bin/sleep 60 ; /no/such/program }
permit bench exec on env=exact as root cmd some id some
permit bench exec on env=bench as root id any
permit bench exec on env=both as root cmd { /usr/bin/printf ** } id also
permit bench exec on env=both as root from 127.0.0.1/32 id free
require record full for any exec on env=both cmd { /bin/exit * } id whole
deny bench exec on env=both cmd { /bin/false ** } id never
""")

def run(host, command, stdin=None, more=()):
    argv = b.ssh("fortress", *more); argv[-1] = f"bench+{host}@127.0.0.1"
    return subprocess.run(argv + [command], input=stdin, capture_output=True, timeout=60, **({} if stdin is not None else {"stdin": subprocess.DEVNULL}))

try:
    sock = f"{b.dir}/agent.sock"
    pin = b.run(f"{build}/staragent", "--host-key", f"{b.dir}/agent_hk", "--print-host-key").strip()
    for host in ("exact", "both"):
        b.ctl("host", "add", host, f"unix:{sock}", "--agent", "--login", "root", "--label", f"env={host}", "--hostkey", pin)

    r = run("exact", "/bin/cat /proc/self/cmdline 'a  b'")
    ok(r.stdout == b"/bin/cat\0/proc/self/cmdline\0a  b\0", "the words arrive as they stand", r)
    argv = b.ssh("fortress"); argv[-1] = "bench+exact@127.0.0.1"
    p = subprocess.Popen(argv + ["/bin/sleep 60"], stdin=subprocess.DEVNULL); b.procs.append(p)
    def grandchildren(): return [k for c in b.children(b.agent.pid) for k in b.children(c)]
    def commands(): return [open(f"/proc/{k}/cmdline", "rb").read() for k in grandchildren()]
    b.wait(lambda: any(c.startswith(b"/bin/sleep") for c in commands()))
    ok(commands() == [b"/bin/sleep\0" + b"60\0"], "nothing is between the agent and the program", commands(), b.agent.args)
    p.kill(); p.wait()
    r = run("exact", "/usr/bin/printf '%s|' one \"two three\" '' four\\ five -x 中文")
    ok(r.stdout == "one|two three||four five|-x|中文|".encode(), "quotes, an empty word, a backslash, Chinese", r)
    r = run("exact", "/usr/bin/printf %s ~root")
    ok(r.returncode == 255 and b"[denied]" in r.stderr, "what takes a shell to know is denied", r)
    r = run("exact", "/bin/cat -", stdin=os.urandom(0) + bytes(range(256)) * 4000)
    ok(r.stdout == bytes(range(256)) * 4000, "its input is what comes behind the words, all of it", len(r.stdout))
    r = run("exact", "/no/such/program")
    ok(r.returncode == 127 and b"/no/such/program: No such file" in r.stderr, "a program that is not there: as a shell says it", r)
    r = run("exact", "/usr/bin/printf hi", more=("-tt",))
    ok(r.stdout == b"hi", "on a terminal too", r)
    ok(b.sessions()[0]["command"] == "/usr/bin/printf hi", "the record has the command as it came", b.sessions()[0])
    long = "/usr/bin/printf %s " + "x" * 30000
    ok(run("exact", long).stdout == b"x" * 30000, "thirty thousand bytes")
    r = run("exact", "/usr/bin/printf " + " x" * 250)
    ok(r.returncode == 0, "250 words", r)
    r = run("exact", "/usr/bin/printf " + " x" * 260)
    ok(r.returncode == 255 and b"[denied]" in r.stderr, "more than 256 are denied", r)

    r = run("agent", "cd /; pwd; exit 7")
    ok((r.stdout, r.returncode) == (b"/\n", 7), "what is permitted whatever it is has its shell", r)
    r = run("both", "exit 7")
    ok(r.returncode == 7, "and so where one rule speaks of the command and another does not, with what is required for it", r)
    r = run("both", "false")
    ok(r.returncode == 255 and b"[denied]" in r.stderr, "what is denied for what it is has neither", r)

    # The subsystem by itself, as a bastion that has turned hostile might use it.
    key = private_key(f"{b.dir}/state/keys/target_ed25519")
    def words(*args): return string(b"".join(string(a) for a in args))
    def ask(*pieces, close=True):
        with Wire.connect(sock, "root", key, timeout=20) as w:
            c = w.session(); w.send(w.request(c, "subsystem", string("argv@staragent")))
            while w.on(c, WINDOW)[0] != SUCCESS: pass
            for p in pieces: w.send(w.data(c, p))
            if close: w.send(bytes([EOF]) + u32(c))
            return w.finish(c)
    whole = words("/usr/bin/printf", "%s", "in pieces")
    ok(ask(*[whole[i:i + 1] for i in range(len(whole))])[0] == b"in pieces", "byte by byte")
    for name, data in (("no words", words()), ("a relative path", words("printf", "x")), ("an empty word for a program", words("")), ("a word with a NUL", words("/usr/bin/printf", "a\0b")),
                       ("a word longer than all", string(u32(100) + b"/bin/id")), ("half a length", string(string("/bin/id") + b"\0\0")), ("more than may be", u32(1 << 20)),
                       ("a length of 2^32-1", u32(0xffffffff)), ("257 words", words("/bin/true", *["x"] * 256))):
        out, err, status = ask(data)
        ok(out == b"" and status == 126, f"{name}: nothing runs", out, err, status)
    with Wire.connect(sock, "root", key, timeout=20) as w:
        c = w.session(); w.send(w.request(c, "subsystem", string("argv@staragent"))); w.on(c, WINDOW)
        w.exec(c, "id")
        ok(w.on(c, WINDOW)[0] == FAILURE, "who has asked for it cannot have a shell as well")
    ok(run("exact", "/usr/bin/printf still").stdout == b"still", "and the agent serves on")
finally:
    b.stop()
end()
