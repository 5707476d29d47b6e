#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""A connection to a host is shared by channels of the same login only, whatever words they were asked for with; it is for
the host as the directory has it now; it goes when nobody needs it; and a channel that its client closes early goes too."""
import os, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")

from tap import ok, needs_bastion, end
needs_bastion()
from bastion import Bastion
from wire import *

b = Bastion(build, "KernelAudit off\n", """permit bench exec on env=two as root cmd { /usr/bin/id ** } id run
permit bench shell on env=two as daemon id shell
permit bench get on env=two as daemon id get
permit bench put on env=two as root id put
permit bench agent-forward on env=two as daemon id agent
permit bench exec on env=bench as root id bench
""")

def master(user):
    mux = f"{b.dir}/mux-{user}"
    argv = b.ssh("fortress", "-M", "-S", mux, "-fN"); argv[-1] = f"{user}@127.0.0.1"
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    def run(*words, stdin="", more=()):
        argv = b.ssh("fortress", "-S", mux, *more); argv[-1] = f"{user}@127.0.0.1"
        return subprocess.run(argv + list(words), input=stdin, capture_output=True, text=True, timeout=60)
    return run

def sshds():
    """Connections that the target's sshd has from the bastion: its children."""
    return len(subprocess.run(["pgrep", "-P", str(b.procs[1].pid)], capture_output=True, text=True).stdout.split())

try:
    pub = f"{b.dir}/hk.pub"
    b.ctl("host", "add", "two", "127.0.0.1", "--port", str(b.sshd_port), "--login", "root", "--login", "daemon", "--label", "env=two", "--hostkey", pub)

    run = master("bench+two")
    r = run("/usr/bin/id -un")
    ok(r.stdout == "root\n", "a command is permitted as root", r)
    r = run(stdin="/usr/bin/id -un\n")
    ok("root" not in r.stdout and b.sessions()[0]["login"] == "daemon", "a shell as daemon is not one as root, on the same connection", r, b.sessions()[0])
    r = run("/usr/bin/id -un", more=("-A",))
    ok(r.stdout == "root\n", "and the command is still root's", r)

    # One login for all that SFTP is permitted: get was asked first.
    secret = f"{b.dir}/secret"
    with open(secret, "w") as f: f.write("for root alone\n")
    os.chmod(secret, 0o600)
    argv = b.ssh("fortress"); argv[-1] = "bench+two@127.0.0.1"
    r = subprocess.run(["sftp", "-b", "-", *["-P" if x == "-p" else x for x in argv[1:-1]], argv[-1]], input=f"get {secret} {b.dir}/stolen\n", capture_output=True, text=True, timeout=60)
    ok(not os.path.exists(f"{b.dir}/stolen") or open(f"{b.dir}/stolen").read() == "", "a get that is daemon's is not done as root, who may only put", r)
    ok(b.sessions()[0]["login"] == "daemon", "it was daemon's", b.sessions()[0])

    # The same words, another place.
    run = master("bench")
    r = run("box echo here")
    before = sshds()
    ok(r.stdout == "here\n" and run("box echo again").stdout == "again\n" and sshds() == before, "the same host and login: one connection", r, before)
    b.ctl("host", "set", "box", "--hostkey", f"{b.dir}/id.pub")
    r = run("box echo where")
    ok(r.returncode == 255 and "[host-key]" in r.stderr, "a host whose pinned key was changed is connected anew", r)
    b.ctl("host", "set", "box", "--hostkey", pub)
    ok(run("box echo back").stdout == "back\n", "and again when it was put right")

    # A host that hangs up is connected anew, for the channel that asks next.
    run("box kill -9 $PPID")
    ok(run("box echo anew").stdout == "anew\n", "one that has hung up is connected anew")

    # Channels that are closed before anything was asked of them.
    with Wire.connect(("127.0.0.1", b.port), "bench+box", private_key(b.key)) as w:
        for _ in range(200):
            ch = w.session(); w.send(bytes([CLOSE]) + u32(ch)); w.expect(CLOSE, skip=(WINDOW, EOF))
        ok(w.run("echo still")[0] == b"still\n", "200 channels that are opened and closed leave room for another")
finally:
    b.stop()
end()
