# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""A service of PAM that is one test's alone: it lies in /etc/pam.d under a name of its own, and the password that it asks for,
"open sesame", a script knows, so no account of the machine is touched."""
import os

PERMIT = "auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n"

class Service:
    def __init__(self):
        self.name = f"fortress-test-{os.getpid()}"
        self.path = f"/etc/pam.d/{self.name}"
        self.keywords = f"UsePAM yes\nPAMService {self.name}\n"
    def has(self, lines):
        """From now on it consists of these."""
        with open(self.path, "w") as f: f.write(lines)
    def asks(self, dir):
        """The line that asks for the password; its script lies in dir."""
        script = f"{dir}/check"
        with open(script, "w") as f: f.write('#!/bin/sh\ngiven=$(tr -d "\\000")\n[ "$given" = "open sesame" ]\n')
        os.chmod(script, 0o755)
        return f"auth required pam_exec.so expose_authtok quiet {script}\n"
    def end(self):
        if os.path.exists(self.path): os.unlink(self.path)
