#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""A recording in each of its forms: true to what was recorded, and what a hostile host wrote neither acts on a terminal that
plays it nor runs in a browser that shows it."""
import base64, json, os, re, shutil, stat, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, needs_bastion, ok, without
needs_bastion()
from bastion import Bastion, talk
from browser import Browser

# For a terminal, then for a page.
ASKS = re.compile(rb"\x1b\]|\x1bP|\x1b_|\x1b\^|\x1bX|\x1b\[[0-9;?>=]*[cnq]|\x1b\[[0-9;]*t|\x1b\[[0-9;?]*\$p|\x1bZ|\x05|\x1b\[[0-9;?]*i|\x1b\[\?(?:1|9|10[0-9][0-9]|2004)[hl;](?<!\[\?1049h)|\xc2[\x80-\x9f]|\xe2\x80\xae|\xe2\x81\xa6")
HOSTILE = (b"\x1b]52;c;ZXZpbA==\x07\x1b]0;</title><script>pwned(1)</script>\x07\x1b[21t\x1b[6n\x1b[5n\x1b[c\x1b[>c\x1bP$qm\x1b\\\x1bP+q544e\x1b\\"
           b"\x1b]8;;javascript:pwned(2)\x1b\\link\x1b]8;;\x1b\\\x1b[?1000h\x1b[?1006h\x1b[?2004h\x1b[?1h\x05\x1b[18t\x1b]10;?\x07\x1b[?69$p\x9b6n\x1bZ"
           b"\x1b_Gi=1,a=q;\x1b\\\x1b[5i\xe2\x80\xae\xe2\x81\xa6\xc2\x9b6n\x1b[>4;2m\r\n")
MARKUP = ("</script><script>pwned(3)</script>", "<img src=x onerror=pwned(4)>", "<!--<script>", "]]>", "\u2028\u2029</SCRIPT >", "</style><svg onload=pwned(5)>",
          "<a href='data:text/html,<script>pwned(6)</script>'>x</a>", "&lt;b&gt;&#60;script&#62;", "${pwned(7)}", "\\u003cscript>")
PAGE = HOSTILE + "\r\n".join(MARKUP).encode() + b"\r\n\xff\xfe\x00 not UTF-8 \xe4\xbd\r\n" + "支付 wide\r\n".encode()

b = Bastion(build, "KernelAudit off\n")
def ctl(*args, **kw):
    return subprocess.run([f"{build}/fortress", *args], env=b.env, capture_output=True, stdin=subprocess.DEVNULL, **kw)
def export(session, form):
    r = ctl("replay", session, "--export", form)
    return r.stdout if r.returncode == 0 else r.stderr
def sessions():
    return [s["id"] for s in b.sessions()]
def on_terminal(argv):
    out, status = talk(argv, [], env=b.env | {"TERM": "xterm-256color", "HOME": b.dir})
    return out.encode(), status

try:
    bad = f"{b.dir}/bad"; open(bad, "wb").write(PAGE)
    word = "<img/src=x/onerror=pwned(8)>"
    r = subprocess.run(b.ssh("fortress") + [f"cat {bad}; : '{word}'; exit 7"], capture_output=True, stdin=subprocess.DEVNULL)
    ok(r.returncode == 7 and r.stdout == PAGE, "what is hostile was recorded without a terminal", r)
    plain = sessions()[0]
    out, rc = talk(b.ssh("fortress", "-tt"), [("# ", "PS1=me'$ '; stty cols 80\r"), ("me$ ", f"cat {bad}\r"), ("wide", f"echo '{word}'\r"), (f"\r{word}", "exit 3\r")])
    ok(rc == 3, "and in a terminal", out)
    typed = sessions()[0]

    # what is true
    ok(export(plain, "raw") == PAGE, "raw: the same bytes")
    j = json.loads(export(plain, "json"))
    ok(list(j) == ["format", "version", "session", "frames", "timeline", "timeline_left_out"] and j["format"] == "fortress-recording" and j["version"] == 1,
       "json: the fields that are promised", list(j))
    data = b"".join(base64.b64decode(f["base64"]) if "base64" in f else f["text"].encode() for f in j["frames"] if f["kind"] == "output")
    ok(data == PAGE, "json: the frames hold the same bytes", data)
    ok(j["session"]["id"] == plain and j["session"]["exit"] == "7" and j["session"]["user"] == "bench", "json: whose it is", j["session"])
    ok(j["timeline"][0]["kind"] == "command" and j["timeline"][0]["source"] == "exec" and word in j["timeline"][0]["text"] and
       j["timeline"][-1] == {"t_ms": j["timeline"][-1]["t_ms"], "kind": "exit", "text": "7"}, "json: the command that was executed, and the end", j["timeline"])
    j = json.loads(export(typed, "json"))
    commands = [e for e in j["timeline"] if e["kind"] == "command"]
    ok([c["text"] for c in commands][-3:] == [f"cat {bad}", f"echo '{word}'", "exit 3"], "json: commands that were typed", commands)
    text = export(typed, "text")
    ok(b"me$ cat " in text and "支付 wide\n".encode() in text and MARKUP[0].encode() in text, "text: lines as they were read", text)
    ok(b"\x1b" not in text and ASKS.search(text) is None and not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", text), "text: no controls, nothing that turns it around", text)
    cast = export(typed, "cast").decode().splitlines()
    head, events = json.loads(cast[0]), [json.loads(l) for l in cast[1:]]
    ok(head["version"] == 3 and head["term"] == {"cols": 80, "rows": 24} and typed in head["title"], "cast: version 3's header", head)
    ok(all(len(e) == 3 and e[0] >= 0 and e[1] in "omrx" for e in events) and events[-1][1:] == ["x", "3"], "cast: its events", events[-3:])
    two = export(typed, "cast2").decode().splitlines()
    head, late = json.loads(two[0]), [json.loads(l) for l in two[1:]]
    ok(head["version"] == 2 and head["width"] == 80 and all(x[0] <= y[0] for x, y in zip(late, late[1:])), "cast2: version 2, times from the beginning", head)
    drawn = "".join(e[2] for e in events if e[1] == "o")
    ok(drawn == "".join(e[2] for e in late if e[1] == "o") and MARKUP[1] in drawn, "both draw the same")
    ok(ASKS.search(drawn.encode()) is None, "and nothing in them makes a terminal answer", ASKS.search(drawn.encode()))
    ok(b"\n".join(l.encode() for l in two) + b"\n" == ctl("session", "print", "--cast", typed).stdout, "session print --cast is the same")
    r = ctl("session", "print", "--raw=in", typed)
    ok(r.returncode == 0 and r.stdout == b"", "session print --raw=in of what holds none is empty", r)

    # asciinema takes it
    if shutil.which("asciinema"):
        path = f"{b.dir}/two.cast"
        ok(ctl("replay", typed, "--export", "cast2", "-o", path).returncode == 0, "into a file")
        out, rc = on_terminal(["asciinema", "play", "-s", "1000", "-i", "0.1", path])
        ok(rc == 0 and MARKUP[1].encode() in out, "asciinema plays it", rc, out)
        ok(ASKS.search(out) is None, "and its terminal is not made to answer", ASKS.search(out))
    else:
        without(True, "asciinema plays it", "no asciinema")

    # files
    path = f"{b.dir}/page.html"
    r = ctl("replay", typed, "--export", "html", "-o", path)
    ok(r.returncode == 0 and stat.S_IMODE(os.stat(path).st_mode) == 0o600, "a page, for its maker's eyes", r)
    r = ctl("replay", typed, "--export", "html", "-o", path)
    ok(r.returncode == 1 and b"name another file" in r.stderr, "a file that is there is left alone", r)
    r = ctl("replay", "01M86TTT57ETWZ0HVKYXN3QJW6", "--export", "text", "-o", f"{b.dir}/none")
    ok(r.returncode == 1 and not os.path.exists(f"{b.dir}/none"), "no session, no file", r)
    for args, said in ((("--export", "pdf"), b"the forms are cast, cast2, text, json, raw and html"), (("-o", "x"), b"in which form?"),
                       (("--export", "text", "--text"), b"only one of them")):
        r = ctl("replay", typed, *args)
        ok(r.returncode == 2 and said in r.stderr, f"{' '.join(args)}: said in a line", r)
    out, rc = on_terminal([f"{build}/fortress", "replay", typed, "--export", "raw"])
    ok(rc == 1 and b"not sent to a terminal" in out, "raw bytes do not go to a terminal", out)
    ok(export(typed, "html") == open(path, "rb").read(), "the same page each time")

    # a browser
    try: browser = Browser()
    except FileNotFoundError: browser = None
    if browser is None: without(True, "in a browser", "no chromium")
    else:
        try:
            for session in (typed, plain):
                page = f"{b.dir}/{session}.html"
                ctl("replay", session, "--export", "html", "-o", page)
                browser.open(page)
                ok(browser.until("document.querySelectorAll('#timeline li').length > 0 && document.querySelector('.ap-player')"), "the page shows its player and timeline")
                # Not all of what an output's first frames hold is typed: the last screen is shown, or the one at an entry that is clicked.
                browser.run("[...document.querySelectorAll('#timeline button')].at(-1).click()")
                ok(browser.until(f"document.querySelector('#player').innerText.includes({json.dumps(MARKUP[1])})"), "a click on the timeline shows the screen there, its markup as text",
                   re.sub(r"\s+", " ", browser.run("document.querySelector('#player').innerText")), browser.events[-5:])
                ok(browser.run(f"document.querySelector('#timeline').innerText.includes({json.dumps(word)})"), "commands stand in the timeline as text",
                   browser.run("document.querySelector('#timeline').innerText"))
                ok(browser.run("document.scripts.length === 4 && document.images.length === 0 && document.querySelectorAll('a').length === 0 && typeof pwned === 'undefined'"),
                   "nothing of it became script or markup", browser.run("document.body.innerHTML.slice(0, 3000)"))
                ok(browser.run("document.title") == f"Recording {session}", "nor the page's title")
                ok(browser.complaints() == [], "nothing was fetched, no script failed, the page's policy was kept", browser.complaints())
                # The policy holds by itself: what would get onto the page does not run.
                browser.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.pwned = 1\">');"
                            "var s = document.createElement('script'); s.textContent = 'window.pwned = 2'; document.body.append(s);")
                ok(browser.run("new Promise(r => setTimeout(() => r(typeof window.pwned), 200))") == "undefined", "and a script that got there all the same would not run")
                if os.environ.get("SHOTS"): browser.screenshot(f"{os.environ['SHOTS']}/{session}.png")
        finally:
            browser.close()

    # each reading is on the record
    said = [e["text"] for e in json.loads(b.ctl("--json", "audit", "ls", "--class", "reading"))]
    for how in ("export html", "export raw", "export json", "print"):
        ok(any(typed in t and t.endswith(f": {how}") for t in said), f"on the record: {how}", said)
finally:
    b.stop()
end()
