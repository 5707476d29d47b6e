# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Programs on terminals of their own, several at once: what they write is kept, and waited for."""
import os, re, signal, threading, time
from terminal import on_pty

SEQUENCE = re.compile(rb"\x1b\[([?>]?)([0-9;]*)([@-~])|\x1b([()].|[^\[()])|([\x00-\x1f])|([^\x00-\x1f]+)", re.S)

def rows(out, cols=80, height=24):
    """What stands on an xterm of that size after these bytes: curses writes only what differs from what stood there, so a word need
    not come as one."""
    grid, y, x, top, bottom, last = [bytearray(b" " * cols) for _ in range(height)], 0, 0, 0, height - 1, b" "
    def roll(a, z, n):
        for _ in range(min(abs(n), z - a + 1)):
            if n > 0: del grid[a]; grid.insert(z, bytearray(b" " * cols))
            else: del grid[z]; grid.insert(a, bytearray(b" " * cols))
    def put(data):
        nonlocal y, x
        for c in data:
            if x >= cols: x = 0; feed()
            grid[y][x] = c; x += 1
    def feed():
        nonlocal y
        if y == bottom: roll(top, bottom, 1)
        else: y = min(y + 1, height - 1)
    for m in SEQUENCE.finditer(out):
        private, args, final, escape, control, text = m.groups()
        if text: put(text); last = text[-1:]
        elif control == b"\r": x = 0
        elif control == b"\n": feed()
        elif control == b"\b": x = max(0, min(x, cols - 1) - 1)
        elif control == b"\t": x = min(cols - 1, (x // 8 + 1) * 8)
        elif escape == b"M": y = y - 1 if y > top else (roll(top, bottom, -1), y)[1]
        elif final and not private:
            a = [int(p) if p else 0 for p in args.split(b";")]; n = max(1, a[0])
            if final in b"Hf": y, x = min(n, height) - 1, min(max(1, a[1]) if len(a) > 1 else 1, cols) - 1
            elif final == b"A": y = max(0, y - n)
            elif final == b"B": y = min(height - 1, y + n)
            elif final == b"C": x = min(cols - 1, x + n)
            elif final == b"D": x = max(0, x - n)
            elif final == b"G": x = min(n, cols) - 1
            elif final == b"d": y = min(n, height) - 1
            elif final == b"b": put(last * n)
            elif final == b"X": grid[y][x:x + n] = b" " * len(grid[y][x:x + n])
            elif final == b"P": grid[y][x:] = (grid[y][x + n:] + b" " * cols)[:cols - x]
            elif final == b"@": grid[y][x:] = (b" " * n + grid[y][x:])[:cols - x]
            elif final == b"L": roll(y, bottom, -n)
            elif final == b"M": roll(y, bottom, n)
            elif final == b"S": roll(top, bottom, n)
            elif final == b"T": roll(top, bottom, -n)
            elif final == b"r": top, bottom, y, x = n - 1, (a[1] if len(a) > 1 and a[1] else height) - 1, 0, 0
            elif final == b"K":
                at = {0: (x, cols), 1: (0, x + 1), 2: (0, cols)}[a[0]]; grid[y][at[0]:at[1]] = b" " * (min(at[1], cols) - at[0])
            elif final == b"J":
                if a[0] == 0: grid[y][x:] = b" " * (cols - x)
                for i in range(y + 1 if a[0] == 0 else 0, y if a[0] == 1 else height): grid[i][:] = b" " * cols
    return [bytes(r) for r in grid]

class Screen:
    """A program on a pty; what it writes is kept, and waited for."""
    def __init__(self, argv, cols=80, rows=24, env=None):
        self.out, self.all, self.more, self.code = b"", bytearray(), threading.Condition(), None
        self.pid, self.fd = on_pty(argv, env or dict(os.environ, TERM="xterm"), (rows, cols))
        threading.Thread(target=self.read, daemon=True).start()
    def read(self):
        while True:
            try: data = os.read(self.fd, 65536)
            except OSError: data = b""
            with self.more:
                self.out += data; self.all += data
                if not data: self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
                self.more.notify_all()
            if not data: return
    def type(self, data): os.write(self.fd, data)
    def until(self, text, seconds=60):
        """Is it there, or does it come?  What comes after it is still to be waited for."""
        with self.more:
            if not self.more.wait_for(lambda: text in self.out or self.code is not None and text not in self.out, seconds): return False
            if text not in self.out: return False
            self.out = self.out[self.out.index(text) + len(text):]
            return True
    def shows(self, text, seconds=60):
        """Does it stand on the screen of 80x24, or come to?"""
        with self.more: return self.more.wait_for(lambda: any(text in r for r in rows(self.all)) or self.code is not None, seconds) and self.code is None
    def upto(self, text, seconds=60):
        """What came before it, or None when it does not come."""
        with self.more:
            self.more.wait_for(lambda: text in self.out or self.code is not None, seconds)
            if text not in self.out: return None
            at = self.out.index(text); before = self.out[:at]; self.out = self.out[at + len(text):]
            return before
    def until_last(self, text, seconds=60):
        """The same, of much that nobody needs before it."""
        with self.more:
            end = time.monotonic() + seconds
            while text not in self.out:
                self.out = self.out[-1000:]
                if self.code is not None or time.monotonic() > end: return False
                self.more.wait(1)
        return self.until(text)
    def over(self, seconds=60):
        with self.more: return self.more.wait_for(lambda: self.code is not None, seconds)
    def close(self):
        if self.code is None: os.kill(self.pid, signal.SIGKILL); self.over()
        os.close(self.fd)
