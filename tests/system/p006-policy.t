#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The tools of the policy with a directory and what was decided: lint, diff, explain; and the gate, which refuses what it does not do."""
import json, os, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap
from tap import ok
tap.needs_bastion()
from bastion import Bastion

policy = """time always Mon-Sun 00:00-24:00 Asia/Shanghai
permit bench shell,exec,get,put on env=bench as root when always id bench
permit bench exec on team=$team & env=lab id own
"""
b = Bastion(build, "KernelAudit off\n", policy)
def fortress(*args):
    return subprocess.run([f"{build}/fortress", *args], env=b.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
def ssh(*args):
    return subprocess.run(b.ssh("fortress") + list(args), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
def file(name, text):
    open(f"{b.dir}/{name}", "w").write(text); return f"{b.dir}/{name}"

try:
    # --- what is decided ---
    for _ in range(3): r = ssh("/usr/bin/id -u")
    ok(r.stdout == "0\n", "a time in a named zone permits", r)
    r = ssh("uptime; true"); ok(r.returncode == 0, "and a command that is not simple", r)
    old = file("old.conf", policy)

    # --- diff ---
    r = fortress("policy", "diff", old, old)
    ok(r.returncode == 0 and r.stdout.count("\n") <= 1 and "4 decisions were asked again, 0 of them would change" in r.stderr, "the same policy changes nothing", r)
    new = file("new.conf", policy + "deny bench exec on env=bench cmd { /bin/id ** } id no-id\n")
    r = fortress("--json", "policy", "diff", old, new)
    rows = json.loads(r.stdout)
    ok(r.returncode == 1 and sorted((x["what"], x["old"], x["new"], x["times"]) for x in rows) ==
       [("/usr/bin/id -u", "permit bench", "deny no-id", 3), ("uptime; true", "permit bench", "deny no-id", 1)], "a deny changes what it denies", r)
    r = fortress("policy", "diff", old, file("more.conf", policy + "require mfa for any exec on env=bench id second\n"))
    ok(r.returncode == 1 and "permit bench, mfa" in r.stdout and "4 of them would change" in r.stderr, "so does a requirement", r)
    r = fortress("--json", "policy", "diff", "--whole", old, file("limit.conf", policy.replace("always id bench", "always options { timeout 90s } id bench")))
    ok(r.returncode == 1 and {(x["old"], x["new"]) for x in json.loads(r.stdout)} == {("permit bench", "permit bench options { timeout 90s }")},
       "and a limit, by its words", r)
    limited = file("agent.conf", policy.replace("always id bench", "always options { mem 1G } id bench"))
    r = fortress("--json", "policy", "diff", old, limited)
    ok(r.returncode == 1 and {x["new"] for x in json.loads(r.stdout)} == {"deny (default)"}, "a limit that only a staragent keeps, on a host without one, permits nothing", r)
    r = fortress("policy", "lint", file("kept.conf", 'permit bench exec on name ~ "box" options { mem 1G } id a\npermit bench exec on name ~ "agent" options { mem 1G } id b\n'))
    ok("permit a never matches: only a staragent keeps its mem, and none of its hosts has one" in r.stdout and r.stdout.endswith("\n1 finding\n"), "which lint says", r)
    r = fortress("policy", "diff", "--since", "2001-01-01", old, file("none.conf", "permit nobody exec on any\n"))
    ok(r.returncode == 1 and "deny (default)" in r.stdout, "and what is no longer permitted", r)
    r = fortress("policy", "diff", "--since", "0s", old, new)
    ok(r.returncode == 0 and "0 decisions" in r.stderr, "nothing was asked since now", r)
    r = fortress("policy", "diff", old, file("bad.conf", "permit bench exec on any\npermit bench drill on any\n"))
    ok(r.returncode == 1 and "bad.conf:2:14: the verb drill" in r.stderr, "a policy that the gate does not load is an error", r)
    b.ctl("host", "add", "lab1", "127.0.0.1", "--label", "env=lab", "--label", "team=pay", "--trust-first-key")
    ok("there is no" not in fortress("policy", "diff", old, new).stderr, "hosts that nobody asked for do not matter")
    b.ctl("host", "del", "box")
    r = fortress("policy", "diff", old, new)
    ok(r.returncode == 0 and "4 are about users or hosts that the directory does not have" in r.stderr, "a host that is gone is said to be", r)

    # --- explain: attributes of users ---
    r = fortress("policy", "explain", "bench", "exec", "lab1", "as", "root", "--", "/bin/id")
    ok(r.returncode == 1 and "it is for other hosts" in r.stdout, "without the attribute: no", r)
    b.ctl("user", "set", "bench", "--attr", "team=pay")
    r = fortress("policy", "explain", "bench", "exec", "lab1", "as", "root", "--", "/bin/id")
    ok(r.returncode == 0 and r.stdout.startswith("PERMIT: own"), "with it: yes, by the running bastion", r)
    r = fortress("policy", "explain", "--to", "x:1", "bench", "exec", "lab1", "as", "root", "--", "/bin/id")
    ok(r.returncode == 0 and r.stdout.startswith("PERMIT: own"), "and by files and database", r)

    # --- lint ---
    r = fortress("policy", "lint", file("lint.conf", "role ops { bench, mallory, :nobody }\npermit role ops shell on env=prod & tier=db id a\n"
                                        "permit role ops shell on team=pay id b\n"))
    lines = r.stdout.splitlines()
    ok(r.returncode == 1 and [l.split(": ", 1)[1] for l in lines[:-1]] == ["no host has a label tier", "permit a is about no host", "there is no user mallory",
       "nobody is in the group nobody"] and lines[-1] == "4 findings", "names that nobody has", r)
    need = "permit bench shell on any\nrequire notify pager for bench shell on any\n"
    r = fortress("policy", "lint", file("sink.conf", need)); ok(r.returncode == 1 and "require require-1 can never be met: fortress.conf has no NotifySink pager" in r.stdout, "a sink that is not configured", r)
    with open(f"{b.dir}/state/fortress.conf", "a") as f: f.write("NotifySink pager syslog /dev/log\n")
    r = fortress("policy", "lint", f"{b.dir}/sink.conf"); ok("NotifySink" not in r.stdout, "and one that is", r)
    r = fortress("--json", "policy", "lint", f"{b.dir}/lint.conf")
    ok([x["line"] for x in json.loads(r.stdout)] == [2, 2, 1, 1], "as JSON, with their lines", r)
    r = fortress("policy", "lint", file("typo.conf", "permit bench shell on teem=pay id b\n"))
    ok("no host has a label teem; did you mean team?" in r.stdout, "a label with a typing error", r)
    r = fortress("policy", "lint", file("clean.conf", "permit bench shell on team=pay id b\n"))
    ok(r.returncode == 0 and r.stdout == "0 findings\n", "a policy without findings", r)

    # --- the gate ---
    for text, words in (("permit bench drill on any", "the verb drill is not available yet"),
                        ("permit any exec on any options { parallel 5% }", "the option parallel is not available yet")):
        file("state/policy.conf", text + "\n")
        r = fortress("reload")
        ok(r.returncode == 1 and words in r.stderr, f"the gate does not load: {text}", r)
        r = fortress("policy", "check")
        ok(r.returncode == 1 and words in r.stderr, "nor does policy check", r)
    file("state/policy.conf", policy)
    ok(fortress("reload").returncode == 0, "what it does it loads")
finally:
    b.stop()
tap.end()
