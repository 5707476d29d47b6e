#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""make install puts each file where its reader looks; the systemd units are good and leave the bastion what it needs; the
completions complete."""
import os, re, shutil, subprocess, sys, tempfile

top, build = os.path.abspath(os.environ.get("top_srcdir", ".")), os.path.abspath(os.environ.get("top_builddir", "build"))
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap
from tap import ok, without
from bastion import Bastion

dir = tempfile.mkdtemp(prefix="fortress-i"); os.chmod(dir, 0o755)
env = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS", "FORTRESS_", "DESTDIR"))}
def run(*argv, **kw): return subprocess.run(argv, capture_output=True, text=True, env=env, timeout=120, stdin=subprocess.DEVNULL, **kw)

b = None
try:
    r = run("make", "-s", "-C", build, "install", f"DESTDIR={dir}/root")
    ok(r.returncode == 0, "make install DESTDIR=", r.stdout, r.stderr)
    there = {os.path.relpath(os.path.join(p, f), f"{dir}/root") for p, _, fs in os.walk(f"{dir}/root") for f in fs}
    want = ["bin/fortress", "bin/staragent", "libexec/fortress/fortress-monitor", "libexec/fortress/fortress-front", "libexec/fortress/fortress-gate",
            "libexec/fortress/fortress-store", "libexec/fortress/fortress-menu", "libexec/fortress/fortress-replay", "libexec/fortress/fortress-index", "libexec/fortress/fortress-render", "share/fortress/page/player.js", "man/man1/fortress.1", "man/man5/fortress.conf.5",
            "man/man5/policy.5", "man/man8/staragent.8", "systemd/system/fortress.service", "systemd/system/fortress-index.service", "systemd/system/fortress-index.timer", "systemd/system/staragent.service", "sysusers.d/fortress.conf",
            "bash-completion/completions/fortress", "zsh/site-functions/_fortress"]
    ok(not [w for w in want if not any(t.endswith(w) for t in there)], "every file is in its place", [w for w in want if not any(t.endswith(w) for t in there)])
    def file(end): return f"{dir}/root/" + next(t for t in there if t.endswith(end))
    unit = open(file("fortress.service")).read()
    ok("@" not in re.sub(r"@system-service", "", unit) and "/bin/fortress --state /" in unit, "the unit names the installed program", unit[:400])
    if shutil.which("mandoc"):
        r = run("mandoc", "-Tlint", "-Wwarning", file("fortress.conf.5")); ok(r.returncode == 0 and not r.stdout, "the page that was generated lints", r.stdout)

    # --- systemd ---
    if not without(shutil.which("systemd-analyze") is None, "the units are good", "no systemd-analyze"):
        # What they stand on is not part of this installation.
        units = os.path.dirname(file("fortress.service")); lib = f"{dir}/root/usr/lib/systemd/system"; os.makedirs(lib, exist_ok=True)
        for t in ("sysinit", "basic", "shutdown", "network", "nss-user-lookup", "multi-user", "timers"): open(f"{lib}/{t}.target", "w").write("[Unit]\n")
        open(f"{lib}/auditd.service", "w").write("[Service]\nExecStart=/bin/kill\n")
        os.makedirs(f"{dir}/root/bin", exist_ok=True); shutil.copy("/bin/kill", f"{dir}/root/bin/kill")
        names = ("fortress.service", "fortress-index.service", "fortress-index.timer", "staragent.service")
        for name in names if units != lib else (): shutil.copy(f"{units}/{name}", lib)
        for name in names:
            r = run("systemd-analyze", "verify", "--man=no", f"--root={dir}/root", f"{lib}/{name}")
            said = [l for l in (r.stdout + r.stderr).splitlines() if name in l]
            ok(not said, f"{name}: systemd has nothing against it", said)
        r = run("systemd-analyze", "security", "--offline=yes", f"--root={dir}/root", "--no-pager", "--threshold=40", f"{lib}/fortress.service")
        ok(r.returncode == 0, "its exposure is 4.0 at most", r.stdout[-200:], r.stderr)
    if not without(shutil.which("systemd-sysusers") is None, "the accounts", "no systemd-sysusers"):
        os.makedirs(f"{dir}/root/etc", exist_ok=True)
        r = run("systemd-sysusers", f"--root={dir}/root", file("sysusers.d/fortress.conf"))
        names = [l.split(":")[0] for l in open(f"{dir}/root/etc/passwd")] if r.returncode == 0 else []
        ok({"_fortress", "_fortress-gate", "_fortress-store"} <= set(names), "sysusers.d makes the three accounts", names, r.stderr)
    caps = " ".join(re.findall(r"^CapabilityBoundingSet=(.*)$", unit, re.M)).split()
    source = re.search(r"keep\[\] = \{(.*?)\}", open(f"{top}/src/monitor/state.c").read(), re.S)[1]
    ok(sorted(caps) == sorted(re.findall(r"CAP_\w+", source)), "the unit leaves the capabilities that the monitor keeps", caps)
    if os.geteuid() == 0 and not without(shutil.which("setpriv") is None or not os.path.exists("/usr/sbin/sshd"), "with no more it serves", "no setpriv or sshd"):
        real, bounded = subprocess.Popen, [f"--bounding-set=-all,{','.join('+' + c[4:].lower() for c in caps)}", "--inh-caps=-all", "--no-new-privs"]
        class Bounded(real):
            def __init__(self, argv, **kw): super().__init__(["setpriv", *bounded, *argv] if argv[1:] == ["serve"] else argv, **kw)
        subprocess.Popen = Bounded
        try: b = Bastion(build, "KernelAudit off\n")
        finally: subprocess.Popen = real
        status = open(f"/proc/{b.bastion.pid}/status").read()
        r = run(*b.ssh("fortress"), "echo in")
        ok(r.stdout == "in\n" and "NoNewPrivs:\t1" in status, "with no more, and no new privileges, it serves", r.stdout, r.stderr)

    # --- completion ---
    env["PATH"] = f"{build}:{env['PATH']}"
    if b: env.update(FORTRESS_STATE=b.env["FORTRESS_STATE"], FORTRESS_LIBEXEC=build)
    cases = [("fortress se", "setup", "list"), ("fortress audit ", "export", "enroll"), ("fortress audit ls --cl", "--class", "--db"),
             ("fortress audit ls --class ", "decision", "screen"), ("fortress audit grep --class ", "screen", "host"),
             ("fortress audit stream --format ", "cef", "xml"), ("fortress serve -T ", "RecordWindow", "alice"), ("fortress session ls --state-is ", "lost", "web1"), ("fortress retention e", "erase", "confirm"),
             ("fortress retention erase --", "--before", "--keys"), ("fortress session com", "commands", "lock"), ("fortress hosts --", "--allowed", "--port"),
             ("fortress replay --", "--follow", "--class"), ("fortress help ret", "retention", "replay"), ("fortress import ssh-config --", "--trust-first-key", "--plan"), ("fortress --state x user ", "add", "explain")]
    cases += [("fortress session ", "watch", "--raw"), ("fortress audit ls --", "--user", "--state,")]
    files = [("fortress policy print Make", "Makefile", "box"), ("fortress host add x --hostkey Make", "Makefile", "box")]
    if b: cases += [("fortress host set ", "box", "--addr"), ("fortress host set ", "box", "Makefile"), ("fortress key add ", "bench", "box"), ("fortress hosts --user ", "bench", "box")]
    script = file("bash-completion/completions/fortress")
    for line, word, other in cases + files:
        words = line.split(" ")
        r = run("bash", "-c", f'. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _fortress; printf "%s\\n" "${{COMPREPLY[@]}}"', "-", script, *words)
        ok(word in r.stdout.split() and other not in r.stdout.split(), f"bash: {line!r}", r.stdout, r.stderr)
    if not without(shutil.which("zsh") is None, "zsh", "no zsh"):
        # The functions of zsh's own completion stand in for a terminal.
        stub = 'compadd() { if [[ $1 == -a ]]; then print -l -- ${(P)2}; else print -l -- "$@"; fi }; _files() { }; '
        for line, word, other in cases:
            words = line.split(" ")
            r = run("zsh", "-f", "-c", stub + 'file=$1; shift; words=("$@"); CURRENT=$#; . $file', "-", file("zsh/site-functions/_fortress"), *words)
            got = [w for w in r.stdout.split() if w.startswith(words[-1])]
            ok(word in got and other not in got, f"zsh: {line!r}", r.stdout, r.stderr)
finally:
    if b: b.stop()
    shutil.rmtree(dir, ignore_errors=True)
tap.end()
