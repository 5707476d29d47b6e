#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Guessers and floods: who tries wrong passwords waits and is then refused, the account's owner elsewhere notices nothing;
with MaxStartups reached a good user still gets in."""
import json, os, socket, sys, threading

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")

from tap import ok, needs_bastion, end
needs_bastion()
from bastion import Bastion, talk
from pam import PERMIT, Service

pam = Service()
b = None
def log(): return open(f"{b.dir}/fortress.log").read()
try:
    b = Bastion(build, f"{pam.keywords}KernelAudit off\nMaxStartups 6:100:8\nPerSourcePenaltyExemptList 127.0.0.1\n",
                "permit alice exec on env=bench as root id all\npermit bob exec on env=bench as root id bob\nrequire mfa for bob any on env=bench id codes\n")
    pam.has(pam.asks(b.dir) + PERMIT)
    b.ctl("user", "add", "alice")
    def ssh(source, *words, more=()):
        return ["ssh", "-F", "/dev/null", "-b", source, "-o", "PubkeyAuthentication=no", "-o", "StrictHostKeyChecking=no", "-o",
                "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", *more, "-p", str(b.port), "alice+box@127.0.0.1", *words]

    # Wrong passwords.
    out, rc = talk(ssh("127.0.0.2", "echo in"), [("assword:", "no\n"), ("assword:", "nor this\n"), ("assword:", "open sesame\n")])
    waits = [l for l in log().splitlines() if "a try waits: alice" in l]
    ok("in" in out and rc == 0, "after two wrong passwords the right one still gets in", out)
    ok(len(waits) == 2 and "127.0.0.2 for 500 ms" in waits[0] and "127.0.0.2 for 1000 ms" in waits[1], "but each try waited longer", waits)
    out, rc = talk(ssh("127.0.0.3", "echo in"), [("assword:", "open sesame\n")])
    ok("in" in out and not any("127.0.0.3" in l for l in log().splitlines() if "a try waits" in l), "the owner, elsewhere, waits for nothing", out)
    guess = lambda: talk(ssh("127.0.0.2", "true", more=("-o", "NumberOfPasswordPrompts=1")), [("assword:", "no\n")])
    guesses = [threading.Thread(target=guess) for _ in range(5)]
    for g in guesses: g.start()
    for g in guesses: g.join()
    b.wait(lambda: "127.0.0.2 is refused for" in log())
    out, rc = talk(ssh("127.0.0.2", "echo in"), [("assword:", "open sesame\n")])
    ok(rc == 255 and "assword" not in out, "who fails on and on is refused before the first byte", out)
    out, rc = talk(ssh("127.0.0.3", "echo in"), [("assword:", "open sesame\n")])
    ok("in" in out and rc == 0, "and still the owner gets in", out)
    ok("PerSourcePenalties" in log(), "the log says why")

    # The same for one-time codes, which the gate refuses.
    b.ctl("user", "add", "bob"); b.ctl("key", "add", "bob", f"{b.key}.pub")
    code = lambda: talk(["ssh", "-F", "/dev/null", "-b", "127.0.0.5", "-i", b.key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o",
                         "UserKnownHostsFile=/dev/null", "-o", "NumberOfPasswordPrompts=1", "-p", str(b.port), "bob+box@127.0.0.1", "true"],
                        [("One-time code:", "000000\n")])
    codes = [threading.Thread(target=code) for _ in range(4)]
    for c in codes: c.start()
    for c in codes: c.join()
    b.wait(lambda: "127.0.0.5 is refused for" in log())
    ok(True, "who guesses one-time codes is refused, too")

    # A flood of connections that do not log in.
    def connect(source):
        s = socket.socket(); s.settimeout(60); s.bind((source, 0)); s.connect(("127.0.0.1", b.port))
        try: got = s.recv(4)
        except ConnectionResetError: got = b""
        return s, got == b"SSH-"
    held = [connect("127.0.0.4") for _ in range(8)]
    ok([served for _, served in held] == [True] * 6 + [False] * 2, "from the start of MaxStartups on, connections are refused", [g for _, g in held])
    held[0][0].close()
    b.wait(lambda: connect("127.0.0.3")[1])
    ok(True, "one that ends makes room for another")
    for s, _ in held: s.close()
    ok("MaxStartups reached" in log(), "which the log says, too")

    b.ctl("audit", "export", "-o", f"{b.dir}/pack")
    events = [json.loads(l) for l in open(f"{b.dir}/pack/events.jsonl")]
    ok(sum("127.0.0.2 is refused for" in e["text"] for e in events) == 1, "the refusal of a source is one row, however often it knocks")
finally:
    if b: b.stop()
    pam.end()
end()
