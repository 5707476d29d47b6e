#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""What an auditor waits for: verify, and an export.
usage: audit.py [EVENTS [SESSIONS [BYTES]]]     BYTES of each recording; default 1000000 10000 20000
Needs fortress and tests/bench/make_record of a build (top_builddir).  The peer is openssl's SHA-256 of the same recordings, twice:
each byte is under a chain and under the manifest."""
import os, resource, shutil, subprocess, sys, tempfile, time

build = os.environ.get("top_builddir", "build")
events, sessions, size = (int(v) for v in (sys.argv[1:] + ["1000000", "10000", "20000"][len(sys.argv) - 1:])[:3])
dir = tempfile.mkdtemp(prefix="fortress-audit-", dir=os.environ.get("TMPDIR", "/tmp"))

def run(what, *argv, per=0, unit=""):
    """Wall time, CPU and memory of one command."""
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    p = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=dict(os.environ, FORTRESS_STATE=f"{dir}/state", FORTRESS_LIBEXEC=build))
    said = p.stderr.read(); _, status, usage = os.wait4(p.pid, 0); p.returncode = status
    wall, cpu = time.monotonic() - start, usage.ru_utime + usage.ru_stime
    rate = f"  {per / cpu:12,.0f} {unit} per second of a core" if per else ""
    print(f"{what:34} {wall:6.1f} s  {cpu:6.1f} s of CPU  {usage.ru_maxrss // 1024:5} MiB{rate}", flush=True)
    if status: sys.exit(said.decode())
    return cpu

try:
    subprocess.run([f"{build}/tests/bench/make_record", f"{dir}/state", str(events), str(sessions), str(size)], check=True)
    recorded = sum(os.path.getsize(f"{dir}/state/db/{f}") for f in os.listdir(f"{dir}/state/db")) / 1e6
    print(f"{events:,} events, {sessions:,} sessions of {size:,} bytes: {recorded:.0f} MB of database")
    run("audit verify --db", f"{build}/fortress", "audit", "verify", "--db", per=events, unit="events")
    run("audit export -o pack.zip", f"{build}/fortress", "audit", "export", "--offline", "-o", f"{dir}/pack.zip")
    print(f"{'':34} {os.path.getsize(f'{dir}/pack.zip') / 1e6:.0f} MB")
    run("audit verify pack.zip", f"{build}/fortress", "audit", "verify", f"{dir}/pack.zip")
    # Recordings alone.
    shutil.rmtree(f"{dir}/state"); many = 500
    subprocess.run([f"{build}/tests/bench/make_record", f"{dir}/state", "100", str(many), "1000000"], check=True)
    run("audit export -o pack, recordings", f"{build}/fortress", "audit", "export", "--offline", "-o", f"{dir}/pack", per=many, unit="MB")
    bytes = sum(os.path.getsize(f"{dir}/pack/recordings/{f}") for f in os.listdir(f"{dir}/pack/recordings")) / 1e6
    ours = run("audit verify --db, recordings", f"{build}/fortress", "audit", "verify", "--db", per=bytes, unit="MB")
    pack = run("audit verify pack, recordings", f"{build}/fortress", "audit", "verify", f"{dir}/pack", per=bytes, unit="MB")
    run("contrib/verifier, recordings", f"{build}/contrib/verifier/fortress-verify", f"{dir}/pack", f"{dir}/state/keys/checkpoint_ed25519.pub", per=bytes, unit="MB")
    peer = 2 * run("openssl sha256, recordings", "sh", "-c", f"cat {dir}/pack/recordings/* | openssl sha256", per=bytes, unit="MB")
    print(f"audit verify pack / openssl twice: {pack / peer:.2f}")
finally:
    shutil.rmtree(dir, ignore_errors=True)
