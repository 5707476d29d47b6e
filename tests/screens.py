# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Programs on terminals of their own, several at once: what they write is kept, and waited for."""
import fcntl, os, pty, signal, struct, termios, threading, time

class Screen:
    """A program on a pty; what it writes is kept, and waited for."""
    def __init__(self, argv, cols=80, rows=24, env=None):
        self.out, self.more, self.code = b"", threading.Condition(), None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
            os.execvpe(argv[0], argv, env or dict(os.environ, TERM="xterm"))
        threading.Thread(target=self.read, daemon=True).start()
    def read(self):
        while True:
            try: data = os.read(self.fd, 65536)
            except OSError: data = b""
            with self.more:
                self.out += data
                if not data: self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
                self.more.notify_all()
            if not data: return
    def type(self, data): os.write(self.fd, data)
    def until(self, text, seconds=15):
        """Is it there, or does it come?  What comes after it is still to be waited for."""
        with self.more:
            if not self.more.wait_for(lambda: text in self.out or self.code is not None and text not in self.out, seconds): return False
            if text not in self.out: return False
            self.out = self.out[self.out.index(text) + len(text):]
            return True
    def upto(self, text, seconds=15):
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
    def over(self, seconds=15):
        with self.more: return self.more.wait_for(lambda: self.code is not None, seconds)
    def close(self):
        if self.code is None: os.kill(self.pid, signal.SIGKILL); self.over()
        os.close(self.fd)
