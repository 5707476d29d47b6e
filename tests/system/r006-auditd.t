#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The kernel's audit as those who run auditd see it: ausearch and aureport tell the same story of a bastion as of an sshd."""
import os, re, shutil, subprocess, sys, tempfile, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, needs_bastion, ok, skip
needs_bastion()
for tool in ("auditd", "auditctl", "ausearch", "aureport"):
    if not shutil.which(tool): skip(f"no {tool}")
def status(): return dict(re.findall(r"(\w+) (\d+)", subprocess.run(["auditctl", "-s"], capture_output=True, text=True).stdout))
from bastion import Bastion, alone
alone("audit")
before = status()
if before.get("pid", "0") != "0": skip("another auditd has the kernel's audit log")

b, daemon, where = None, None, tempfile.mkdtemp(prefix="fortress-audit-")
log = f"{where}/audit.log"
try:
    open(f"{where}/auditd.conf", "w").write(f"log_file = {log}\nlog_format = RAW\nflush = INCREMENTAL_ASYNC\nfreq = 1\nmax_log_file = 8\nnum_logs = 2\nmax_log_file_action = ROTATE\nspace_left = 2\n"
        "space_left_action = IGNORE\nadmin_space_left = 1\nadmin_space_left_action = IGNORE\ndisk_full_action = IGNORE\ndisk_error_action = IGNORE\nlocal_events = yes\nwrite_logs = yes\nplugin_dir = " + where + "\n")
    os.chmod(f"{where}/auditd.conf", 0o640)
    daemon = subprocess.Popen(["auditd", "-n", "-s", "enable", "-c", where], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not (os.path.exists(log) and (now := status()).get("pid") == str(daemon.pid) and now.get("enabled") == "1"):      # it turns it on after that
        if daemon.poll() is not None or time.monotonic() > until: skip("auditd cannot run here")
        time.sleep(0.05)
    b = Bastion(build, "KernelAudit required\n")
    def ssh(*words, key=None):
        argv = b.ssh("fortress")
        if key: argv[argv.index(b.key)] = key
        return subprocess.run([*argv, *words], stdin=subprocess.DEVNULL, capture_output=True)
    ok(ssh("echo one").stdout == b"one\n" and ssh("echo two; exit 3").returncode == 3, "sessions, while audit is required")
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/stranger"); ssh("true", key=f"{b.dir}/stranger")
    mine = ["-if", log, "-p", str(b.bastion.pid)]              # the kernel's log is the machine's: other tests' bastions are in it too
    def search(*args): return subprocess.run(["ausearch", *mine, "--raw", *args], stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout
    def report(*args): return subprocess.run(["aureport", *args], input=search(), capture_output=True, text=True).stdout
    b.wait(lambda: search("-m", "USER_END").count("USER_END") >= 2 and "res=failed" in search("-m", "USER_LOGIN,USER_ERR"))
    for kind, least, words in (("USER_LOGIN", 2, 'acct="bench"'), ("USER_START", 2, 'target="box"'), ("USER_CMD", 2, "cmd="), ("USER_END", 2, 'target="box"')):
        lines = search("-m", kind).splitlines()
        ok(len(lines) >= least and all(words in l for l in lines if "res=success" in l) and all("addr=127.0.0.1" in l or kind == "USER_CMD" for l in lines), f"ausearch -m {kind}: {len(lines)} records", lines[:2])
        ok(all(re.search(r"terminal=\S+ res=(success|failed)", l) for l in lines), f"{kind}: with terminal and result", lines[:2])
    def sessions(kind): return sorted(re.findall(r" ses=(\d+) ", search("-m", kind)))
    ok(sessions("USER_START") == sessions("USER_END") != [], "each start has its end, under the same number", sessions("USER_START"), sessions("USER_END"))
    failed = search("-m", "USER_LOGIN,USER_ERR", "--success", "no").splitlines()
    ok(len(failed) == 1 and "addr=127.0.0.1" in failed[0] and 'acct="bench' in failed[0], "ausearch --success no: the login that failed", search("-m", "USER_LOGIN,USER_ERR")[:600])
    shown = subprocess.run(["ausearch", *mine, "-i", "-m", "USER_CMD"], stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout
    ok("echo one" in shown and "echo two; exit 3" in shown, "ausearch -i shows commands as they were typed", shown[-500:])
    shown = report("--login", "-i")
    logins = [l for l in shown.splitlines() if "fortress-monitor" in l]
    ok(sum(" yes " in l + " " for l in logins) >= 2 and sum(" no " in l + " " for l in logins) >= 1, f"aureport --login: {len(logins)} logins, good and failed ones", shown)
    ok(all("127.0.0.1" in l for l in logins) and any("bench" in l for l in logins if " no " in l), "with their addresses", logins)
    summary = report("--summary")
    ok(re.search(r"Number of logins: ([2-9]|\d\d)", summary) and re.search(r"Number of failed logins: [1-9]", summary), "aureport --summary counts them", summary)
finally:
    if daemon and daemon.poll() is None: daemon.terminate(); daemon.wait()
    if before.get("enabled") == "0": subprocess.run(["auditctl", "-e", "0"], capture_output=True)
    if b: b.stop()
    shutil.rmtree(where, ignore_errors=True)
end()
