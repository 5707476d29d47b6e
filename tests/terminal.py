# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Programs on terminals of their own; and a client on one, for tests that look at what it shows: output comes by itself, words are
waited for."""
import fcntl, os, pty, signal, struct, termios, threading, time

def until(what, seconds=60):
    """What it brings once that is true, or at the end."""
    end = time.monotonic() + seconds
    while not (got := what()) and time.monotonic() < end: time.sleep(0.05)
    return got

def resize(fd, rows, cols): fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

def on_pty(argv, env=None, size=(24, 80)):
    """Its pid, and the terminal's other end.  The terminal has its size before the program begins."""
    pid, fd = pty.fork()
    if pid == 0:
        try: resize(0, *size); os.execvpe(argv[0], argv, os.environ if env is None else env)
        finally: os._exit(127)
    return pid, fd

class Terminal:
    def __init__(self, *argv, env=None, size=(24, 80)):
        self.data, self.seen, self.status = b"", 0, None
        self.pid, self.fd = on_pty(argv, env or dict(os.environ, TERM="xterm"), size)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
    def read(self):
        while True:
            try: data = os.read(self.fd, 4096)
            except OSError: data = b""
            if not data: break
            self.data += data
    @property
    def out(self): return self.data.decode("utf-8", "replace")
    def send(self, text): os.write(self.fd, text.encode())
    def saw(self, text, seconds=60):
        """Has the text come, behind what was seen before?"""
        def look():
            at = self.data.find(text.encode(), self.seen)
            if at >= 0: self.seen = at + len(text.encode())
            return at >= 0
        return until(look, seconds)
    def alive(self, words, brings, seconds=60):
        try: self.send(words)
        except OSError: return False
        return self.saw(brings, seconds)
    def ended(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.reader.join(5)                      # its last words
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None
    def close(self):
        if not self.ended(): os.kill(self.pid, signal.SIGKILL); until(self.ended)
