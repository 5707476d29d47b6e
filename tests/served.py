# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""A directory that a program serves (FUSE): one file, which is said to be root's, with the bytes of another."""
import ctypes, errno, os, struct, threading

LOOKUP, GETATTR, OPEN, READ, STATFS, RELEASE, FLUSH, INIT, FORGET = 1, 3, 14, 15, 17, 18, 25, 26, 2
libc = ctypes.CDLL(None, use_errno=True)

class Served:
    def __init__(self, at, name, like):
        self.at, self.name = at, name.encode()
        with open(like, "rb") as f: self.bytes = f.read()
        self.fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        how = f"fd={self.fd},rootmode=40755,user_id=0,group_id=0,allow_other".encode()
        if libc.mount(b"served", at.encode(), b"fuse", 0, how) != 0: os.close(self.fd); raise OSError(ctypes.get_errno(), "mount")
        threading.Thread(target=self.serve, daemon=True).start()
    def attr(self, node):
        mode, size = (0o40755, 0) if node == 1 else (0o100755, len(self.bytes))
        return struct.pack("<6Q3I7I", node, size, (size + 511) // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)
    def answer(self, op, node, body):
        if op == INIT: return struct.pack("<4I2H2I2H8I", 7, 31, 65536, 0, 16, 12, 65536, 1, 0, 0, *[0] * 8)
        if op == LOOKUP: return struct.pack("<4Q2I", 2, 0, 0, 0, 0, 0) + self.attr(2) if body.rstrip(b"\0") == self.name else -errno.ENOENT
        if op == GETATTR: return struct.pack("<Q2I", 0, 0, 0) + self.attr(node)
        if op == OPEN: return struct.pack("<Q2I", 0, 0, 0)
        if op == READ: at, n = struct.unpack_from("<8xQI", body); return self.bytes[at:at + n]
        if op == STATFS: return bytes(80)
        return b"" if op in (RELEASE, FLUSH) else -errno.ENOSYS
    def serve(self):
        while True:
            try: m = os.read(self.fd, 1 << 20)
            except OSError: return
            _, op, unique, node = struct.unpack_from("<IIQQ", m)
            if op == FORGET: continue
            out = self.answer(op, node, m[40:]); data = out if isinstance(out, bytes) else b""
            try: os.write(self.fd, struct.pack("<IiQ", 16 + len(data), 0 if data is out else out, unique) + data)
            except OSError: pass
    def stop(self): libc.umount2(self.at.encode(), 2); os.close(self.fd)
