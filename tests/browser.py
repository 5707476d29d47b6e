#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""A headless Chromium over its debugging pipe: one page, offline, and what it did."""
import base64, json, os, select, shutil, subprocess, tempfile, time

class Browser:
    def __init__(self):
        """Raises FileNotFoundError where there is none."""
        program = shutil.which("chromium")
        if program is None: raise FileNotFoundError("chromium")
        self.dir = tempfile.mkdtemp(prefix="fortress-browser-")
        to_read, self.to = os.pipe(); self.back, back_write = os.pipe()
        # Chromium reads its commands from 3 and answers on 4; of two digits dash takes no descriptor.
        place = f"exec 3<&{to_read} 4>&{back_write}; exec \"$@\""
        self.process = subprocess.Popen(["/bin/bash", "-c", place, "bash", program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-dev-shm-usage", "--proxy-server=127.0.0.1:1", "--window-size=1400,900", f"--user-data-dir={self.dir}",
            "--remote-debugging-pipe"], pass_fds=(to_read, back_write), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(to_read); os.close(back_write)
        self.last, self.left, self.events, self.session = 0, b"", [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "Audits"): self.call(f"{domain}.enable")

    def _read(self, seconds):
        end = time.monotonic() + seconds
        while b"\0" not in self.left:
            if not select.select([self.back], [], [], max(0, end - time.monotonic()))[0]: raise TimeoutError("the browser does not answer")
            data = os.read(self.back, 1 << 20)
            if not data: raise EOFError("the browser has ended")
            self.left += data
        line, self.left = self.left.split(b"\0", 1)
        return json.loads(line)

    def call(self, method, **params):
        self.last += 1
        message = {"id": self.last, "method": method, "params": params}
        if self.session: message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read(180)
            if answer.get("id") == self.last:
                if "error" in answer: raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, path):
        self.events.clear()
        self.call("Page.navigate", url=f"file://{path}")
        self.until("document.readyState === 'complete'")

    def run(self, expression):
        """The value of JavaScript, as JSON."""
        r = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in r: raise RuntimeError(r["exceptionDetails"].get("exception", {}).get("description", r))
        return r["result"].get("value")

    def until(self, expression, seconds=30):
        end = time.monotonic() + seconds
        while not self.run(expression):
            if time.monotonic() > end: return False
            time.sleep(0.05)
        return True

    def complaints(self):
        """Errors of scripts, violations of the page's policy, dialogs, and requests for anything but the page itself."""
        out = []
        for e in self.events:
            p = e.get("params", {})
            if e["method"] in ("Runtime.exceptionThrown", "Page.javascriptDialogOpening", "Audits.issueAdded"): out.append(p)
            elif e["method"] == "Log.entryAdded" and p["entry"]["level"] == "error": out.append(p)
            elif e["method"] == "Network.requestWillBeSent" and p.get("type") != "Document" and not p["request"]["url"].startswith("data:"):
                out.append(p["request"]["url"][:200])
        return out

    def screenshot(self, path):
        with open(path, "wb") as f: f.write(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def close(self):
        try: self.session = None; self.call("Browser.close")
        except (EOFError, TimeoutError, OSError, RuntimeError): pass
        os.close(self.to); os.close(self.back)
        try: self.process.wait(10)
        except subprocess.TimeoutExpired: self.process.kill(); self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
