#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""1 GB each way through a recorded channel, to an sshd and to an agent, over many rekeys: the same bytes, all of them in the
record, and no process of the bastion grows."""
import hashlib, os, subprocess, sys, threading

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, needs_bastion, ok
needs_bastion()
from bastion import Bastion, memory_peak, under

SIZE, BLOCK = 1 << 30, 1 << 20
b = Bastion(build, "KernelAudit off\n")
noise = os.urandom(BLOCK)
blocks = [noise[i:] + noise[:i] for i in range(0, 997)]
def stream():
    for i in range(SIZE // BLOCK): yield blocks[i % 997]
want = hashlib.sha256()
for block in stream(): want.update(block)
source = f"{b.dir}/source"
with open(source, "wb") as f:
    for block in stream(): f.write(block)

def peak(): return memory_peak([b.bastion.pid, *under(b.bastion.pid)])

def feed(pipe):
    for block in stream(): pipe.write(block)
    pipe.close()

try:
    for way in ("fortress", "agent"):
        ssh = b.ssh(way, "-o", "RekeyLimit=50M")
        p = subprocess.Popen(ssh + [f"cat {source}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        got, count, most = hashlib.sha256(), 0, 0
        while data := p.stdout.read(BLOCK):
            got.update(data); count += len(data)
            if count % (128 << 20) < BLOCK: most = max(most, peak())
        ok(p.wait(60) == 0 and got.digest() == want.digest(), f"{way}: 1 GB down, the same bytes", count)
        ok(0 < most < 117, f"{way}: no process of the bastion took more than {most} MB")
        last = b.ctl("session", "ls", "--csv").splitlines()[1].split(",")[0]
        rec = subprocess.Popen([f"{build}/fortress", "session", "print", last, "--raw"], env=b.env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE)
        kept = hashlib.sha256()
        while data := rec.stdout.read(BLOCK): kept.update(data)
        ok(rec.wait(120) == 0 and kept.digest() == want.digest(), f"{way}: and the record holds them")

        p = subprocess.Popen(ssh + ["sha256sum"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=False)
        writer = threading.Thread(target=feed, args=(p.stdin,)); writer.start()
        said = p.stdout.read().decode().split(); writer.join()
        ok(p.wait(60) == 0 and said[:1] == [want.hexdigest()], f"{way}: 1 GB up, the same bytes", said)
        ok(peak() < 117, f"{way}: no process of the bastion took more than {peak()} MB")
    ok("yes" in b.ctl("audit", "verify", "--db"), "and the database verifies")
finally:
    b.stop()
end()
