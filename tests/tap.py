# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""TAP for tests in python: what they need or they are skipped, their points, their end."""
import functools, os, re, signal, subprocess, sys

if os.environ.get("FORTRESS_APART") not in ("no", os.readlink("/proc/self/ns/mnt")):       # by Debian's python: another one may lie in a home that is not seen there
    os.execv(f"{os.path.dirname(os.path.abspath(__file__))}/apart", ["apart", "/usr/bin/python3", *sys.orig_argv[1:]])
signal.signal(signal.SIGTERM, lambda *_: sys.exit("out of its time"))     # what it started it still ends: see each finally
n = failed = 0

def skip(why):
    print(f"1..0 # SKIP {why}"); sys.exit(0)

def ok(good, what, *notes):
    """One point; the notes are shown when it fails."""
    global n, failed
    n += 1; failed += not good
    print(f"{'' if good else 'not '}ok {n} - {what}")
    for note in notes if not good else (): print("# " + repr(note)[-1200:])
    sys.stdout.flush()
    return bool(good)

def without(condition, what, why):
    """A point that cannot be tried here."""
    global n
    if not condition: return False
    n += 1; print(f"ok {n} - {what} # SKIP {why}")
    return True

def no_report(log):
    """A point that fails if a sanitizer which the programs were built with has written a report into their log."""
    text = open(log, errors="replace").read()
    found = re.search(r"ERROR: (Address|Leak)Sanitizer|runtime error: ", text)
    if found: ok(False, "the sanitizers have found no fault", text[found.start():][:1200])

@functools.cache
def sanitizers(build=os.environ.get("top_builddir", "build")):
    """The libraries of the sanitizers, if the programs were built with them."""
    linked = subprocess.run(["ldd", f"{build}/fortress-store"], capture_output=True, text=True).stdout
    return re.findall(r"=> (\S+/lib(?:a|ub)san\S+)", linked)

def preload(build, name):
    """LD_PRELOAD for a library of tests/system; the sanitizers want to come before any other."""
    return ":".join(sanitizers(build) + [os.path.abspath(f"{build}/tests/system/{name}.so")])

def memory(pid, what="VmRSS"):
    """What a process has of that, in kB; what has just ended has none.  The sanitizers keep for a while what was freed: under them
    nobody is held to a size, and this is 1 MB."""
    try: found = re.search(rf"{what}:\s+(\d+)", open(f"/proc/{pid}/status").read())
    except OSError: found = None
    return 0 if not found else 1024 if sanitizers() else int(found.group(1))

def may_look():
    """May this test look at other accounts' descriptors, roots and memory?  Root in a container may not (CAP_SYS_PTRACE)."""
    return int(re.search(r"CapEff:\s+(\w+)", open("/proc/self/status").read())[1], 16) >> 19 & 1 == 1

def needs_bastion():
    if os.geteuid() != 0: skip("needs root to run an sshd")
    if not os.path.exists("/usr/sbin/sshd"): skip("no sshd")
    for account in ("_fortress", "_fortress-gate", "_fortress-store"):
        if subprocess.run(["id", account], capture_output=True).returncode != 0: skip(f"no account {account}")
    try: import cryptography
    except ImportError: skip("no python3-cryptography")

def end():
    print(f"1..{n}")
    sys.exit(failed != 0)
