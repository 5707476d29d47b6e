#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""A second factor in the middle of a connection: a login that had none is asked for a code on the terminal of the session that
needs it; without a terminal it is refused in words; what it opens ends when the policy asks for it and there is none."""
import os, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap
from tap import ok
from bastion import factor_key
from clients import Clients, need, run
from terminal import Terminal, until
need("oathtool")

FREE = "permit bench shell,exec on env=bench as root id work\n"
ASKS = FREE + "require mfa for bench shell,exec on name ~ \"box\" id twice\n"
b = Clients(build, policy=FREE)
def code(secret, steps=0):
    at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(time.time() + 30 * steps))
    return run("oathtool", "--totp", "-b", "-N", at, secret).stdout.decode().strip()
def shell(socket): return Terminal(*b.argv("box", options=("-tt", "-S", socket)))
def master(name):
    m = Terminal(*b.argv("box", options=("-MN", "-S", f"{b.dir}/{name}")))
    until(lambda: os.path.exists(f"{b.dir}/{name}"))
    return m

try:
    m = master("m")
    t = shell(f"{b.dir}/m")
    ok(t.alive("echo in-$((40+2))\n", "in-42"), "a session without a second factor", t.out)
    b.reload(ASKS)
    ok(until(t.ended) and "a second factor is required" in t.out, "which ends when one is required", t.out); t.close()
    r = b.on("box", "true", options=("-S", f"{b.dir}/m"))
    ok(r.returncode == 255 and b"a second factor is required (twice) and this login had none" in r.stderr and b"ssh -t" in r.stderr, "without a terminal: in words", r)
    r = b.on("agent", "true", options=("-o", "PreferredAuthentications=publickey"))
    ok(r.returncode == 255 and b"Permission denied (keyboard-interactive" in r.stderr, "a new login is asked for it at once", r)
    t = shell(f"{b.dir}/m")
    ok(t.saw("One-time code: "), "on a terminal it is asked for", t.out)
    secret = factor_key(t.out.replace("\r", ""))         # a second session may get it before its terminal is raw
    ok(secret is not None and "█" in t.out, "the first time the QR code is shown", t.out)
    wrong = "000000" if code(secret) != "000000" else "000001"
    t.send(wrong + "\r")
    ok(t.saw("that code is wrong") and t.saw("One-time code: "), "a wrong one is called so, and asked for again", t.out)
    b.mark()
    t.send(code(secret) + "\r")
    ok(t.alive("echo in-$((40+2))\n", "in-42"), "its code opens the session", t.out)
    ok(code(secret) not in t.out, "which is not shown")
    e = b.audit(3002, 1)
    ok(e and e[-1]["ok"] and e[-1]["method"] == "totp" and "in the middle of the connection" in e[-1]["text"], "it is on the record", e)
    r = b.on("box", "echo $((40+2))", options=("-S", f"{b.dir}/m"))
    ok((r.stdout, r.returncode) == (b"42\n", 0), "the connection has it from now on", r)
    t.close(); m.close()

    b.reload(FREE); m = master("n"); b.reload(ASKS)
    t = shell(f"{b.dir}/n"); t.saw("code: ")
    ok("█" not in t.out, "another time a code alone is asked for", t.out)
    for i in range(3): t.send("12\r"); t.saw("code: ", 1)
    ok(until(t.ended) and t.status == 255 and "has 6 digits" in t.out, "three that are none end it", t.out); t.close()
    t = shell(f"{b.dir}/n"); t.saw("code: "); t.send("\x03")
    ok(until(t.ended), "and so does Ctrl-C", t.out); t.close()
    t = shell(f"{b.dir}/n"); t.saw("code: "); t.send(code(secret, 1) + "\r")
    ok(t.alive("echo in-$((40+2))\n", "in-42"), "a right one opens it", t.out); t.close()
    m.close()
    b.ctl("user", "reset-factor", "bench"); b.reload(FREE); m = master("p"); b.reload(ASKS)
    t = shell(f"{b.dir}/p"); t.saw("code: "); secret = factor_key(t.out.replace("\r", "")); t.send(code(secret) + "\r")
    ok(t.alive("echo in-$((40+2))\n", "in-42"), "after a reset a new one is made", t.out); t.close(); m.close()

    # --- a factor that is taken away while its code is asked for ---
    b.reload(FREE); m = master("o"); b.reload(ASKS)
    t = shell(f"{b.dir}/o"); t.saw("code: ")
    b.ctl("user", "reset-factor", "bench")
    t.send(code(secret, 1) + "\r")
    ok(t.saw("was taken away meanwhile"), "a code of what an administrator has just taken away is none", t.out); t.close()
    ok(not b.query("select 1 from factor"), "and does not bring it back", b.query("select * from factor"))
    m.close()
finally:
    b.stop()
tap.end()
