#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The picker with many hosts on a pty: bytes on the wire and CPU for each key.

    tests/bench/picker.py [FORTRESS-MENU [HOSTS]]        goals at 10,000 hosts: 10 ms of CPU and 1.5 kB a key"""
import fcntl, os, pty, select, struct, sys, tempfile, termios

menu = sys.argv[1] if len(sys.argv) > 1 else "build/fortress-menu"
hosts = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
keys = "prod web 00123" + "\x7f" * 6
with tempfile.NamedTemporaryFile("w", suffix=".tsv") as f:
    for i in range(hosts):
        f.write(f"host-{i:05d}.{('web', 'db', 'cache', 'build')[i % 4]}\t10.{i >> 8 & 255}.{i & 255}.1\troot,ops\t"
                f"env={'prod' if i % 3 else 'staging'} app=a{i % 97}\t1\trule-{i % 7}\n")
    f.flush()
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(menu, ["fortress-menu", "-f", f.name], dict(os.environ, TERM="xterm-256color"))
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def drain(quiet):
        n = 0
        while select.select([fd], [], [], quiet)[0]: n += len(os.read(fd, 65536))
        return n

    def cpu_ms():
        t = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(t[11]) + int(t[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    first, before, sizes = drain(1.0), cpu_ms(), []
    for k in keys:
        os.write(fd, k.encode()); sizes.append(drain(0.15))
    print(f"{hosts} hosts: first screen {first} B; a key: {(cpu_ms() - before) / len(keys):.1f} ms of CPU, "
          f"{sum(sizes) // len(sizes)} B on average, {max(sizes)} B at most")
    os.kill(pid, 15); os.waitpid(pid, 0)
