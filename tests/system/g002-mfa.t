#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The second factor: made at the first login that needs it, asked for after, good once, in the real client on a pty."""
import os, select, shutil, subprocess, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, needs_bastion, ok, skip
needs_bastion()
if not shutil.which("oathtool"): skip("no oathtool")
from bastion import Bastion, factor_key, talk
from terminal import Terminal, on_pty

b = Bastion(build, "KernelAudit off\n", """permit bench any on env=bench as root id bench
permit robot exec on env=bench as root id robot
require mfa for bench any on env=bench id two-factors
""")
env = dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm")
def ssh(name, *more, key=b.key):
    return ["ssh", "-F", "/dev/null", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o",
            "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-p", str(b.port), *more, f"{name}@127.0.0.1"]
def code(secret, steps=0):
    at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(time.time() + 30 * steps))
    return subprocess.run(["oathtool", "--totp", "-b", "-N", at, secret], capture_output=True, text=True, check=True).stdout.strip()
def read_qr(rows):
    """What a QR code of one block says, drawn in half blocks; what is light is drawn."""
    light = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
    grid = [[light[c][half] for c in row] for row in rows for half in (0, 1)]
    edge = next(y for y, r in enumerate(grid) if 0 in r); left = grid[edge].index(0); n = len(rows[0]) - 2 * left
    dark = [[not x for x in r[left:left + n]] for r in grid[edge:edge + n]]
    flip = [lambda y, x: (y + x) % 2, lambda y, x: y % 2, lambda y, x: x % 3, lambda y, x: (y + x) % 3, lambda y, x: (y // 2 + x // 3) % 2,
            lambda y, x: y * x % 2 + y * x % 3, lambda y, x: (y * x % 2 + y * x % 3) % 2, lambda y, x: ((y + x) % 2 + y * x % 3) % 2
            ][int("".join("01"[dark[8][x]] for x in (2, 3, 4)), 2) ^ 5]
    def fixed(y, x): return y < 9 and (x < 9 or x >= n - 8) or y >= n - 8 and x < 9 or 6 in (y, x) or n - 9 <= y < n - 4 and n - 9 <= x < n - 4
    bits, up = "", True
    for right in [*range(n - 1, 6, -2), 5, 3, 1]:
        bits += "".join("01"[dark[y][x] ^ (flip(y, x) == 0)] for y in (reversed(range(n)) if up else range(n)) for x in (right, right - 1) if not fixed(y, x))
        up = not up
    at, said, some = 0, "", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
    def take(width):
        nonlocal at
        at += width; return int(bits[at - width:at], 2)
    while (mode := take(4)) in (1, 2, 4):
        count = take({1: 10, 2: 9, 4: 8}[mode])
        if mode == 4: said += "".join(chr(take(8)) for _ in range(count)); continue
        for left in range(count, 0, -3 if mode == 1 else -2):
            if mode == 1: said += f"{take((4, 7, 10)[min(left, 3) - 1]):0{min(left, 3)}}"
            elif left == 1: said += some[take(6)]
            else: pair = take(11); said += some[pair // 45] + some[pair % 45]
    return said
class Answer:
    """A code that is made when it is asked for; talk() encodes what it is given."""
    def __init__(self, make): self.make = make
    def encode(self): return (self.make() + "\n").encode()

try:
    out = subprocess.run(ssh("bench+box", "-o", "BatchMode=yes") + ["true"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    ok(out.returncode == 255, "the key alone does not let in", out)
    shown, status = talk(ssh("bench+box", "-o", "NumberOfPasswordPrompts=1") + ["true"], [("code: ", "000000\n")], env=env)
    secret = factor_key(shown)
    ok(secret is not None and "█" in shown and "▄" in shown, "the first login shows a QR code and the secret", shown)
    codes = [l for l in shown.replace("\r", "").split("\n") if l.startswith(("█", "▀"))]
    said = read_qr([l[:37].ljust(37) for l in codes])
    ok(said == f"otpauth://totp/fortress:bench?secret={secret}", "the QR code says that secret, and whose it is", said, shown)
    other = [l[39:].ljust(37) for l in codes]              # for light terminals: the same in reverse
    ok(all({a, b} in ({" ", "█"}, {"▀", "▄"}) for l, o in zip(codes[:-1], other) for a, b in zip(l[:37].ljust(37), o)), "on a light terminal, too", shown)
    lines = shown.split("One-time code")[0].replace("\r", "").split("\n")
    ok(len(lines) <= 24 and max(map(len, lines)) <= 80, "both fit a terminal of 80x24, the words below", len(lines), shown)
    ok(status == 255, "and a wrong code does not let in", status)
    first = ["?"]
    def learn(steps):
        return Answer(lambda: code(first[0], steps))
    # A new secret each time until one is confirmed: read it from the screen, then answer.
    pid, fd = on_pty(ssh("bench+box") + ["echo inside"], env)
    shown = ""
    while "code: " not in shown and select.select([fd], [], [], 20)[0]:
        shown += os.read(fd, 4096).decode("utf-8", "replace")
    first[0] = factor_key(shown)
    ok(first[0] != secret, "a secret that was never confirmed is not kept")
    wrong = "000000" if code(first[0]) != "000000" else "000001"
    rest = ""
    def until(fd, text):
        global rest
        rest = ""
        while text not in rest and select.select([fd], [], [], 20)[0]: rest += os.read(fd, 4096).decode("utf-8", "replace")
        return rest
    os.write(fd, (wrong + "\n").encode())
    ok("that code is wrong" in until(fd, "code: ") and "█" not in rest, "a wrong code is called so, and the QR code is not drawn over", rest)
    os.write(fd, b"12\n")
    ok("has 6 digits" in until(fd, "code: "), "one that is none, too", rest)
    os.write(fd, (code(first[0], -1) + "\n").encode())
    rest = ""
    while select.select([fd], [], [], 20)[0]:
        try: data = os.read(fd, 4096)
        except OSError: break
        if not data: break
        rest += data.decode("utf-8", "replace")
    ok(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0 and "inside" in rest, "its code lets in", rest)
    now = code(first[0])
    shown, status = talk(ssh("bench+box") + ["echo again"], [("code: ", now + "\n")], env=env)
    ok(status == 0 and "again" in shown and "█" not in shown, "the next login asks for a code alone", shown)
    shown, status = talk(ssh("bench+box", "-o", "NumberOfPasswordPrompts=1") + ["true"], [("code: ", now + "\n")], env=env)
    ok(status == 255, "the same code is not good twice", shown)
    shown, status = talk(ssh("bench+box", "-o", "NumberOfPasswordPrompts=2") + ["true"], [("code: ", now + "\n"), ("used already: wait for the next", "\n")], env=env)
    ok(status == 255 and "used already" in shown, "and the prompt says so", shown)
    r = subprocess.run(ssh("bench+box", "-o", "NumberOfPasswordPrompts=1", "-o", "PreferredAuthentications=keyboard-interactive") + ["true"],
                       capture_output=True, text=True, stdin=subprocess.DEVNULL)
    ok(r.returncode == 255 and "One-time" not in r.stdout + r.stderr, "no code without the key first", r)
    b.ctl("user", "add", "robot")
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/robot"); b.ctl("key", "add", "robot", f"{b.dir}/robot.pub")
    r = subprocess.run(ssh("robot+box", "-o", "BatchMode=yes", key=f"{b.dir}/robot") + ["echo beep"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    ok((r.stdout, r.returncode) == ("beep\n", 0), "whom no rule asks needs none", r)
    for i in range(5):
        talk(ssh("bench+box", "-o", "NumberOfPasswordPrompts=1") + ["true"], [("code: ", "123456\n")], env=env)
    shown, status = talk(ssh("bench+box", "-o", "NumberOfPasswordPrompts=1") + ["true"], [("code: ", code(first[0], 1) + "\n")], env=env)
    ok(status == 255, "after five wrong codes even a right one waits", shown)
    text = b.ctl("policy", "explain", "bench", "shell", "box", "as", "root")
    ok("requires mfa (two-factors, policy.conf:3)" in text, "explain names the requirement", text)
    import json
    factors = {u["name"]: u["factor"] for u in json.loads(b.ctl("--json", "user", "list"))}
    ok(factors["bench"] and not factors["robot"], "user list says who has a factor, and since when", factors)
    b.ctl("user", "reset-factor", "bench")
    shown, status = talk(ssh("bench+box", "-o", "NumberOfPasswordPrompts=1") + ["true"], [("code: ", "000000\n")], env=env)
    ok(factor_key(shown) is not None and factor_key(shown) != first[0], "a factor that was reset is made anew", shown)
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/new")
    t = Terminal(*ssh(f"bench+{b.ctl('enroll', 'bench').strip()}", key=f"{b.dir}/new"), env=env)
    ok(t.saw("code: ") and factor_key(t.out), "a code that binds a key does for the key alone", t.out)
    t.send(code(factor_key(t.out)) + "\n")
    ok(t.saw("your key is bound to bench now"), "with the second factor the picker says that it is bound", t.out)
    t.send("\3"); t.close()
    event = [e for e in b.events() if e["class"] == 3002 and e["ok"]][-1]
    ok("publickey+totp" in event["text"] and "a new key was bound" in event["text"], "and so does the record", event)
    found = subprocess.run(["grep", "-rlaF", first[0], f"{b.dir}/state", f"{b.dir}/fortress.log"], capture_output=True, text=True).stdout
    ok(found == "", "the secret lies nowhere in the clear", found)

    # From where it is not required nobody asks; what it is required for somewhere else does not matter.
    for place, rest, rc in (("127.0.0.0/8", "", 0), ("10.0.0.0/8", "", 255), ("127.0.0.0/8", "require mfa for bench shell on any id shells\n", 255)):
        open(f"{b.dir}/state/policy.conf", "w").write(f"permit bench any on any as root id bench\nrequire mfa for bench any on any unless from {place} id x\n{rest}")
        b.ctl("reload")
        r = subprocess.run(ssh("bench+box", "-o", "BatchMode=yes") + ["true"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        ok(r.returncode == rc, f"a code unless from {place}: {'asked' if rc else 'not asked'} for", r)
finally:
    b.stop()
end()
