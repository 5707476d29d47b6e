#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Enrolment codes and one-time codes under attack; what is secret lies nowhere; users that exist and that do not answer alike."""
import base64, os, re, shutil, signal, statistics, subprocess, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, may_look, needs_bastion, ok, sanitizers, skip, without
needs_bastion()
if not may_look(): skip("may not look into other processes")
from bastion import Bastion, talk
from wire import *

b = Bastion(build, "KernelAudit off\nMaxAuthTries 6\n", """permit bench any on env=bench as root id bench
permit alice any on env=bench as root id alice
permit eve any on env=bench as root id eve
permit mfa any on env=bench as root id mfa
require mfa for mfa any on env=bench
""")
A = ("127.0.0.1", b.port)
good = private_key(b.key)
def new_key(name):
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/{name}")
    return private_key(f"{b.dir}/{name}")
planted = {}                                          # what must be found nowhere
def enroll(user, *more):
    code = re.search(r"e-[a-z2-9]{16}", b.ctl("enroll", user, *more)).group(0)
    planted[f"the code of {user}, number {len(planted)}"] = code
    return code
def tries(user, *keys, **kw):
    """The answers to logins with these keys on one connection."""
    out = []
    try:
        with Wire.dial(A, timeout=5) as w:
            w.hello(); w.kex(); w.service()
            for k in keys:
                w.send(w.signed(user, k)); out.append(w.recv(AUTH_BANNER)[0])
    except (Over, ConnectionError): pass
    return out
YES, NO = [AUTH_SUCCESS], [AUTH_FAILURE]

try:
    # Codes.
    a1, a2, a3, e1 = (new_key(n) for n in ("a1", "a2", "a3", "e1"))
    code = enroll("alice")
    ok(tries(f"eve+{code}+box", e1) == NO, "a code is bound to its user")
    ok(tries(f"alice+{code[:-1]}+box", a1) == NO and tries("alice+box", a1) == NO, "part of a code is none")
    ok(tries(f"alice+{code}+box", a1) == YES, "the code lets its user's key in")
    ok(tries(f"alice+{code}+box", a2) == NO, "and is burnt: a second key does not come in with it")
    ok(tries(f"alice+{code}+box", a1) == YES, "the first one does, by itself")
    code = enroll("alice")
    both = [Wire.dial(A), Wire.dial(A)]
    for w in both: w.hello(); w.kex(); w.service()
    for w, k in zip(both, (a2, a3)): w.raw(w.seal(w.signed(f"alice+{code}+box", k)))
    got = sorted(w.recv(AUTH_BANNER)[0] for w in both)
    ok(got == [AUTH_FAILURE, AUTH_SUCCESS], "of two at once one comes in", got)
    code = enroll("eve", "--ttl", "1s"); time.sleep(1.1)
    ok(tries(f"eve+{code}+box", e1) == NO, "one that has expired is none")
    texts = [e["text"] for e in b.events()]
    ok("eve could not log in: its enrolment code is wrong, was used, or is over: fortress enroll makes another" in texts, "and the record says that it was the code", texts[-3:])
    code = enroll("eve")
    wrong = lambda i: "e-" + f"{'abcdefgh'[i]}" * 16
    for i in range(4): tries(f"eve+{wrong(i)}+box", e1)
    tries(f"eve+{wrong(4)}+box", e1, e1, e1)
    ok(tries(f"eve+{code}+box", e1) == NO, "after five wrong codes the right one is burnt")
    texts = [e["text"] for e in b.events()]
    ok(any("5 wrong" in t and "eve" in t for t in texts), "and that is on the record", texts[-8:])
    code = enroll("eve"); tries(f"eve+{wrong(0)}+box", *[e1] * 6)
    ok(tries(f"eve+{code}+box", e1) == YES, "many keys with one wrong code are one wrong code")
    code = enroll("alice"); b.ctl("user", "disable", "alice")
    ok(tries(f"alice+{code}+box", new_key("a4")) == NO, "a disabled user enrols no key")
    b.ctl("user", "enable", "alice")

    # Codes that are still good are in nobody's hands but the user's.
    code = enroll("carol")
    subprocess.run(["ssh", "-F", "/dev/null", "-o", "PubkeyAuthentication=no", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o",
                    "UserKnownHostsFile=/dev/null", "-p", str(b.port), f"carol+{code}+box@127.0.0.1", "true"], capture_output=True, stdin=subprocess.DEVNULL)
    with Wire.dial(A) as w:                            # a wrong signature, and a name of too many parts
        w.hello(); w.kex(); w.service(); w.send(w.signed(f"carol+{code}+box", a1, signer=a2))
        try: w.recv()
        except (Over, ConnectionError): pass
    tries(f"carol+{code}+a+b+c", a1)
    carol = code

    # A one-time code.
    if not without(not shutil.which("oathtool"), "a one-time code", "no oathtool"):
        m = new_key("m"); b.ctl("user", "add", "mfa"); b.ctl("key", "add", "mfa", f"{b.dir}/m.pub")
        def totp(secret, steps=0):
            at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(time.time() + 30 * steps))
            return subprocess.run(["oathtool", "--totp", "-b", "-N", at, secret], capture_output=True, text=True, check=True).stdout.strip()
        def factor(answer, secret=None):
            """A login with a key and a code: (was it good, the prompt)."""
            with Wire.dial(A) as w:
                w.hello(); w.kex(); w.service(); w.send(w.signed("mfa+box", m)); p = w.recv(AUTH_BANNER)
                if p[0] != AUTH_FAILURE or p[-1] != 1: return None, b""
                w.send(w.auth("mfa+box", "keyboard-interactive", string(""), string("")))
                prompt = w.recv(AUTH_BANNER)
                if prompt[0] != AUTH_INFO_REQUEST: return None, prompt
                found = re.search(rb"((?:[A-Z2-7]{4} ){3,}[A-Z2-7]{1,4})", prompt)
                code = answer(found and found.group(1).decode().replace(" ", ""))
                w.send(bytes([AUTH_INFO_RESPONSE]) + u32(1) + string(code))
                return w.recv(AUTH_BANNER)[0] == AUTH_SUCCESS, prompt
        kept = []
        def learn(secret): kept.append(secret); return totp(secret, -1)
        ok(factor(learn)[0], "a second factor is made")
        planted["the secret of the second factor"] = kept[0]
        planted["the same in bytes"] = base64.b32decode(kept[0] + "=" * (-len(kept[0]) % 8))
        now = totp(kept[0])
        ok(factor(lambda s: totp(kept[0], -1))[0] is False, "the step that made it is not good again")
        ok(factor(lambda s: now)[0] is True and factor(lambda s: now)[0] is False, "a code is good once")
        ok(factor(lambda s: totp(kept[0], -1))[0] is False, "an earlier step is refused after a later one")
        ok(factor(lambda s: now + "\0")[0] is False and factor(lambda s: "")[0] is False and factor(lambda s: "0" * 100000)[0] in (False, None), "codes of odd lengths are wrong ones")

    # A password at a prompt without echo, and one in a variable; keys.
    secret = "correct-horse-" + os.urandom(6).hex(); planted["a password typed at a prompt without echo"] = secret
    text, rc = talk(b.ssh("fortress", "-tt") + ["stty -echo; printf 'Password: '; read x; stty echo; echo; echo length ${#x}"], [("Password: ", secret + "\n")])
    ok(f"length {len(secret)}" in text, "a password is typed on the host", text, rc)
    seal = open(f"{b.dir}/state/keys/checkpoint_ed25519").read().split()[0].split("+", 4)[4]      # a note's key: base64 of a type and the seed
    planted["the key that signs checkpoints"] = base64.b64decode(seal)[-32:]; planted["the same as text"] = seal[4:]
    for name in ("host_ed25519", "target_ed25519", "ca_ed25519"):
        key = private_key(f"{b.dir}/state/keys/{name}")
        planted[f"the private key {name}"] = key.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
    planted["the key that seals the second factors"] = open(f"{b.dir}/state/keys/factor", "rb").read()

    # Where they could lie.
    pack = f"{b.dir}/pack"; b.ctl("audit", "export", "-o", pack)
    tell = [subprocess.run([f"{build}/fortress", "--json", *c], env=b.env, capture_output=True).stdout
            for c in (("session", "ls"), ("user", "list"), ("key", "list"), ("host", "list"), ("status",))]
    live = {p: n for p, n in b.children().items()} | {b.bastion.pid: "monitor"} | b.fronts()
    haystack = {f"{d}/{f}": open(f"{d}/{f}", "rb").read() for top_ in (f"{b.dir}/state/db", pack) for d, _, fs in os.walk(top_) for f in fs}
    haystack["the log"] = open(f"{b.dir}/fortress.log", "rb").read()
    haystack["arguments and environment"] = b"".join(open(f"/proc/{p}/{f}", "rb").read() for p in live for f in ("cmdline", "environ"))
    haystack["what the fortress command shows"] = b"".join(tell)
    sees = b"alice"                                    # what does lie there
    ok(sum(sees in h for h in haystack.values()) >= 4, "(the search finds what is there)", [f for f, h in haystack.items() if sees in h])
    for name, needle in planted.items():
        needle = needle if isinstance(needle, bytes) else needle.encode()
        found = [f for f, h in haystack.items() if needle in h]
        ok(len(needle) > 15 and found == [], f"{name}: nowhere", found)
    ok(tries(f"carol+{carol}+box", new_key("c1")) == YES, "(the last code was good all the time)")

    # A process that crashes leaves nothing behind, and nobody of its own account looks into it.
    os.makedirs(f"{b.dir}/cores"); w = Wire.connect(A, "bench+box", good)
    before = set(os.listdir(f"{b.dir}/state")) | set(os.listdir("."))
    victims = {n.split(":")[0].split("[")[0]: p for p, n in {**b.children(), **b.fronts()}.items()}
    peeked = []
    for name, p in victims.items():
        account = {"store": "_fortress-store", "gate": "_fortress-gate"}.get(name, "_fortress")
        for f in ("mem", "environ", "maps"):
            r = subprocess.run(["setpriv", f"--reuid={account}", f"--regid={account}", "--clear-groups", "cat", f"/proc/{p}/{f}"], capture_output=True)
            if r.stdout: peeked.append((name, f))
        limit = re.search(r"Max core file size\s+(\S+)\s+(\S+)", open(f"/proc/{p}/limits").read()).groups()
        if limit != ("0", "0"): peeked.append((name, "core", limit))
    ok(set(victims) >= {"store", "gate", "acceptor", "front"}, "all that could leave something are there", victims)
    what = "no core files, and no process reads another of its account"
    without(sanitizers(), what, "the sanitizers look at their process as others may not") or ok(peeked == [], what, peeked)
    os.kill(victims["front"], signal.SIGABRT)
    b.wait(lambda: victims["front"] not in b.fronts())
    after = set(os.listdir(f"{b.dir}/state")) | set(os.listdir("."))
    ok(after == before, "a crash leaves no file", after - before)

    # Users who exist and who do not.
    def offers(user, n=4):
        with Wire.dial(A) as w:
            w.hello(); w.kex(); w.service(); took, said = [], []
            for i in range(n):
                began = time.perf_counter(); w.send(w.offer(user, a1)); p = w.recv(AUTH_BANNER); took.append(time.perf_counter() - began); said.append(bytes(p))
            w.send(w.auth(user, "none")); said.append(bytes(w.recv()))
        return took, said
    words = {}
    for attempt in range(4):                           # others may use this machine too
        times = {"bench+box": [], "nobody+box": []}
        for i in range(20):
            for user in times: took, words[user] = offers(user); times[user] += took
        known, unknown = (statistics.quantiles(t, n=10)[1] * 1e6 for t in times.values())
        alike = abs(known - unknown) < 0.2 * min(known, unknown) + 20
        if alike: break
    ok(words["bench+box"] == words["nobody+box"], "the same words for a user who exists and one who does not", words)
    what = f"in the same time: {known:.0f} and {unknown:.0f} us"
    without(sanitizers(), what, "the sanitizers take their own") or ok(alike, what)
finally:
    b.stop()
end()
