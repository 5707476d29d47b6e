#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Start of a bastion with a large directory, and the list of one user's hosts.

    tests/bench/directory.py [BUILD [HOSTS [USERS]]]    goals at 100,000 hosts and 5,000 users: 2 s, and 100 ms for the list"""
import os, sqlite3, subprocess, sys, time

top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from bastion import Bastion

build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
hosts, users = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000, int(sys.argv[3]) if len(sys.argv) > 3 else 5_000
b = Bastion(build, "KernelAudit off\n")
try:
    pin = open(f"{b.dir}/hk.pub").read().rsplit(" ", 1)[0]
    b.bastion.terminate(); b.bastion.wait(10)
    db = sqlite3.connect(f"{b.dir}/state/db/fortress.db")
    db.executemany("INSERT INTO user(name,display,groups,disabled,created_us) VALUES(?,'','ops',0,0)", ((f"user-{i:05d}",) for i in range(users)))
    db.executemany("INSERT INTO key(user,alg,blob,comment,added_us) VALUES(?,'ssh-ed25519',?,'',0)", ((f"user-{i:05d}", b"\0\0\0\x0bssh-ed25519\0\0\0 " + i.to_bytes(32, "big")) for i in range(users)))
    db.executemany("INSERT INTO host VALUES(?,?,22,1,0,?,'root',?,'')",
                   ((f"host-{i:06d}", f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", f"env={'bench' if i % 3 else 'prod'} app=a{i % 97}", pin) for i in range(hosts)))
    db.commit(); db.close()
    start = time.monotonic()
    b.bastion = subprocess.Popen([f"{build}/fortress", "serve"], env=b.env, stdin=subprocess.DEVNULL, stdout=b.log, stderr=b.log)
    b.procs[0] = b.bastion
    b.wait(lambda: subprocess.run([f"{build}/fortress", "status"], env=b.env, capture_output=True).returncode == 0, 60)
    print(f"{hosts} hosts, {users} users: serving after {time.monotonic() - start:.2f} s")
    times = []
    for _ in range(5):
        start = time.monotonic()
        out = subprocess.run([f"{build}/fortress", "hosts", "--user", "bench"], env=b.env, capture_output=True, text=True).stdout
        times.append(time.monotonic() - start)
    print(f"fortress hosts --user bench: {len(out.splitlines())} lines, {sorted(times)[2] * 1000:.0f} ms (median of 5)")
finally:
    b.stop()
