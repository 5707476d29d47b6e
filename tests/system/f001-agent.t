#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
#
# The agent alone, driven by the real ssh client over a loopback port and a Unix socket.
. "${top_srcdir:-.}/tests/lib.sh"
builddir=${top_builddir:-.}
agent=$builddir/staragent
dir=$(mktemp -d) || exit 1
me=$(id -un)
started=

cleanup() {
	[ -n "$started" ] && kill $started 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

command -v ssh >/dev/null || skip_all "no ssh client"

for k in key other ca certkey; do ssh-keygen -q -t ed25519 -N '' -C "$k" -f "$dir/$k"; done
cp "$dir/key.pub" "$dir/authorized"
echo "cert-authority $(cat "$dir/ca.pub")" >>"$dir/authorized"

pin=$("$agent" --host-key "$dir/hostkey" --print-host-key)
is "${pin%% *}" ssh-ed25519 "the host key is made and printed"
is "$(stat -c %a "$dir/hostkey")" 600 "only its owner may read it"
is "$("$agent" --host-key "$dir/hostkey" --print-host-key)" "$pin" "the same key the next time"

for i in tcp unix; do
	if [ $i = tcp ]; then where=127.0.0.1:0; else where=unix:$dir/socket; fi
	"$agent" --listen "$where" --host-key "$dir/hostkey" --authorized "$dir/authorized" \
		--background --pidfile "$dir/pid.$i" --log "$dir/log.$i" -v
	started="$started $(cat "$dir/pid.$i")"; ok $? "once it is in the background its pid is in the file"
	wait_for "grep -q listening: '$dir/log.$i'"
done
said=$("$agent" --listen "unix:$dir/unused" --host-key "$dir/hostkey" --authorized "$dir/authorized" --background --pidfile "$dir/none/pid" 2>&1)
has "$? ${said#* error: }" "1 $dir/none/pid" "one that cannot write it does not go there, and says why"
port=$(sed -n 's/.*listening: 127.0.0.1 \([0-9]*\).*/\1/p' "$dir/log.tcp")
echo "agent $pin" >"$dir/known"
cat >"$dir/config" <<END
Host tcp
	HostName 127.0.0.1
	Port $port
Host unix
	ProxyCommand python3 $dir/connect.py $dir/socket
Host *
	HostKeyAlias agent
	User $me
	IdentityFile $dir/key
	IdentitiesOnly yes
	IdentityAgent none
	UserKnownHostsFile $dir/known
	GlobalKnownHostsFile /dev/null
	StrictHostKeyChecking yes
	LogLevel ERROR
	BatchMode yes
END
cat >"$dir/connect.py" <<'END'
import os, socket, sys, threading
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
def up():
    while True:
        b = os.read(0, 65536)
        if not b:
            break
        s.sendall(b)
    s.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
while True:
    b = s.recv(65536)
    if not b:
        break
    os.write(1, b)
END
go() { timeout 60 ssh -F "$dir/config" "$@"; }

# --- commands
is "$(go tcp 'echo hi; exit 7' </dev/null; echo $?)" "hi
7" "output and exit status"
is "$(go unix 'echo hi; exit 7' </dev/null; echo $?)" "hi
7" "the same through a Unix socket"
is "$(go tcp 'echo out; echo err >&2' 2>/dev/null </dev/null)" out "standard error is apart"
is "$(echo abc | go tcp 'tr a-c x-z; echo end')" "xyz
end" "standard input ends"
go tcp 'kill -TERM $$' </dev/null 2>"$dir/err"; is $? 255 "a signal is not an exit status"
is "$(go tcp 'echo $HOME:$USER:$0; pwd' </dev/null)" \
	"$(getent passwd "$me" | cut -d: -f6):$me:$(basename "$(getent passwd "$me" | cut -d: -f7)")
$(getent passwd "$me" | cut -d: -f6)" "environment and directory of the account"
is "$(LD_PRELOAD= LC_TIME=C.UTF-8 LANG=../x EVIL=1 go -o SendEnv='LC_TIME EVIL LANG' \
	-o SetEnv='LD_LIBRARY_PATH=/tmp' tcp 'echo $LC_TIME,$EVIL,$LANG,$LD_LIBRARY_PATH' </dev/null)" \
	"C.UTF-8,,," "only harmless variables pass"
is "$(echo 'shopt -q login_shell 2>/dev/null && echo login; echo $0' | go tcp 2>/dev/null | tail -1)" \
	"-$(basename "$(getent passwd "$me" | cut -d: -f7)")" "a login shell"

# --- terminals
cat >"$dir/terminal.py" <<'END'
import fcntl, os, pty, struct, sys, termios
pid, fd = pty.fork()
size = lambda r, c: fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", r, c, 0, 0))
if pid == 0:
    os.read(0, 1)
    os.execvp("ssh", ["ssh", "-F", sys.argv[1], "-tt", "tcp",
        "trap 'stty size; exit 3' WINCH; echo $TERM; tty | cut -d/ -f2,3; stty size; while :; do read -t 0.2 x; done"])
size(33, 111)
os.write(fd, b"\n")
seen, resized = b"", False
while True:
    try:
        b = os.read(fd, 4096)
    except OSError:
        break
    if not b:
        break
    seen += b
    if b"33 111" in seen and not resized:
        resized = True
        size(20, 55)
        os.kill(pid, 28)
        os.write(fd, b"\n")
_, status = os.waitpid(pid, 0)
print(" ".join(seen.decode().split()), os.waitstatus_to_exitcode(status))
END
is "$(TERM=xterm-256color timeout 30 python3 "$dir/terminal.py" "$dir/config")" \
	"xterm-256color dev/pts 33 111 20 55 3" "a terminal, its size and a new size"
is "$(TERM=../../x go -tt tcp 'echo $TERM' </dev/null | tr -d '\r')" dumb "a TERM that is a path is not believed"

# --- bulk
head -c 50000000 /dev/urandom >"$dir/blob"
sum=$(md5sum <"$dir/blob")
is "$(go -o RekeyLimit=5M tcp md5sum <"$dir/blob")" "$sum" "50 MB up across rekeys"
is "$(go -o RekeyLimit=5M tcp "cat $dir/blob" </dev/null | md5sum)" "$sum" "50 MB down across rekeys"
is "$(go -o RekeyLimit=5M unix cat <"$dir/blob" | md5sum)" "$sum" "50 MB both ways at once, through the Unix socket"
is "$(go tcp "cat $dir/blob; cat $dir/blob >&2" 2>&1 >/dev/null </dev/null | md5sum)" "$sum" "50 MB of standard error"
is "$(go tcp 'head -c 10; exec <&-; sleep 0.2; echo' <"$dir/blob" | wc -c)" 11 "a command that stops reading"
is "$(go tcp 'yes | head -c 20000000' </dev/null | (sleep 0.3; wc -c))" 20000000 "a client that reads late"

# --- several channels
go -M -S "$dir/mux" -f -N tcp
for i in $(seq 20); do
	(go -S "$dir/mux" x "head -c 2000000 $dir/blob | md5sum; exit $i" </dev/null >"$dir/m.$i" 2>&1; echo $? >>"$dir/m.$i") &
	jobs="$jobs $!"
done
wait $jobs
small=$(head -c 2000000 "$dir/blob" | md5sum); good=0
for i in $(seq 20); do
	[ "$(cat "$dir/m.$i")" = "$small
$i" ] && good=$((good + 1))
done
is $good 20 "20 channels at once on one connection"
for i in $(seq 70); do go -S "$dir/mux" x : </dev/null || echo "# channel $i"; done >"$dir/seventy"
is "$(cat "$dir/seventy")" "" "70 channels after each other"

# --- keys
ssh_with() { go -o IdentityFile="$1" -o IdentityFile=none tcp 'echo in' </dev/null 2>/dev/null; }
sed -i "/IdentityFile $(echo "$dir" | sed 's/\//\\\//g')/d" "$dir/config"
is "$(ssh_with "$dir/key")" in "the bastion's key"
is "$(ssh_with "$dir/other")" "" "another key is refused"
cert() { ssh-keygen -q -s "$dir/$1" -I test -n "$2" "${@:3}" "$dir/certkey.pub"; ssh_with "$dir/certkey"; }
is "$(cert ca "$me" -V +5m)" in "a certificate of the authority"
is "$(cert other "$me" -V +5m)" "" "not of another authority"
is "$(cert ca nobody-else -V +5m)" "" "not for another principal"
is "$(cert ca "$me" -V -2h:-1h)" "" "not a certificate of yesterday"
is "$(cert ca "$me" -V +5m -h)" "" "not a host's certificate"
is "$(cert ca "$me" -V +5m -O force-command=id)" "" "not with a critical option"
is "$(go -i "$dir/key" -l nosuchuser tcp 'echo in' </dev/null 2>/dev/null)" "" "a login that is not offered"
is_forwarded() { go -vv -o IdentityFile="$dir/certkey" -o IdentityFile=none -W 127.0.0.1:1 tcp </dev/null 2>&1 | grep -o 'rtype exit-status\|administratively prohibited'; }
cert ca "$me" -V +5m >/dev/null
is "$(is_forwarded)" "rtype exit-status" "a certificate that permits forwarding"
cert ca "$me" -V +5m -O clear -O permit-pty >/dev/null
is "$(is_forwarded)" "administratively prohibited" "one that does not"
echo "	IdentityFile $dir/key" >>"$dir/config"

# --- files
if [ -x /usr/lib/openssh/sftp-server ] && command -v sftp >/dev/null; then
	printf 'put %s %s\nget %s %s\n' "$dir/blob" "$dir/put" "$dir/put" "$dir/get" |
		timeout 60 sftp -q -b - -F "$dir/config" tcp >/dev/null
	is "$(md5sum <"$dir/get")" "$sum" "sftp there and back"
else
	skip "sftp there and back" "no sftp-server"
fi

# --- connections from here
cat >"$dir/echo.py" <<'END'
import os, socket, struct, sys, threading
# What comes until its end, and then the same back; a line "talk" is answered at once, line by line; "reset" breaks the connection.
def serve(c):
	f = c.makefile("rb")
	first = f.readline()
	if first == b"talk\n":
		for line in f: c.sendall(b"you said " + line)
	elif first == b"reset\n": c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
	else: c.sendall(first + f.read())
	f.close(); c.close()
s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True)
while True: threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
END
python3 "$dir/echo.py" >"$dir/echo.port" &
started="$started $!"
wait_for "[ -s '$dir/echo.port' ]"
echo_port=$(cat "$dir/echo.port")
is "$(go -W "127.0.0.1:$echo_port" tcp <"$dir/blob" | md5sum)" "$sum" "a connection from the host: its input ends before its output, and both are whole"
is "$(echo hello | go -W "localhost:$echo_port" unix)" hello "by a name, resolved on the host"
is "$(go -vv -W 127.0.0.1:1 tcp </dev/null 2>&1 | grep -c 'client_input_channel_req: channel 0 rtype exit-status')" 1 \
	"what the host cannot connect to is said on the channel"
is "$(go -W no.such.name.invalid:80 tcp </dev/null 2>/dev/null)" "" "nothing comes from a name that nobody knows"
wait_for "grep -q 'cannot connect to no.such.name.invalid port 80: no such host' '$dir/log.tcp'"
ok $? "and the log says why"
go -MNf -o ControlPath="$dir/master" -o ExitOnForwardFailure=yes -L "$dir/near:127.0.0.1:$echo_port" tcp
cat >"$dir/many.py" <<'END'
import socket, sys
out = []
for i in range(60):
	c = socket.socket(socket.AF_UNIX); c.settimeout(60); c.connect(sys.argv[1]); out.append(c)
for i, c in enumerate(out): c.sendall(b"talk\n%d\n" % i)
good = sum(c.makefile("rb").readline() == b"you said %d\n" % i for i, c in enumerate(out))
for c in out[::2]: c.close()
for i, c in enumerate(out[1::2]): c.sendall(b"again\n")
print(good, sum(c.makefile("rb").readline() == b"you said again\n" for c in out[1::2]))
END
is "$(python3 "$dir/many.py" "$dir/near")" "60 30" "60 at once on one connection; those that go leave the others"
is "$(go -o ControlPath="$dir/master" tcp 'echo and a command' </dev/null)" "and a command" "beside a command"
cat >"$dir/broken.py" <<'END'
import socket, sys, time
c = socket.socket(socket.AF_UNIX); c.settimeout(20); c.connect(sys.argv[1]); c.sendall(b"reset\n")
print(c.recv(9), end=" ")
until = time.monotonic() + 20
try:
	while time.monotonic() < until: c.sendall(b"x" * 65536)
except BrokenPipeError: print("closed")
END
is "$(timeout 50 python3 "$dir/broken.py" "$dir/near")" "b'' closed" "what was reset behind it takes no more"
connection=$(pgrep -n -P "$(cat "$dir/pid.tcp")")
go -o ControlPath="$dir/master" -W "$(printf 'a%.0s' $(seq 300)):80" tcp </dev/null 2>/dev/null; is $? 255 "a name that is too long is refused"
if readlink -q "/proc/$connection/exe" >/dev/null; then
	is "$(readlink "/proc/$connection/fd/0")" /dev/null "and the connection loses no descriptor of its own"
else
	skip "and the connection loses no descriptor of its own" "may not look into other processes"
fi
go -o ControlPath="$dir/master" -O exit tcp 2>/dev/null
is "$(go -o ServerAliveInterval=1 -o ServerAliveCountMax=1 tcp 'sleep 2.5; echo alive' </dev/null)" alive "keepalives are answered"

# --- the end of everything
runs() { ps -eo args | grep -q "^sleep $1\$"; }
gone() {                                # gone SLEEP NAME
	wait_for "! runs $1"; ok $? "$2"
	ps -eo pid,ppid,sid,args | grep "sleep $1\$" | grep -v grep | sed 's/^/# /'
}
go tcp "setsid sleep 4711$$ >/dev/null 2>&1 </dev/null & nohup sleep 4712$$ >/dev/null 2>&1 & sleep 0.2" </dev/null
gone 4711$$ "what left its session ends with its channel"
gone 4712$$ "what ignores the hangup, too"
timeout 20 ssh -F "$dir/config" -tt tcp "(setsid sleep 4713$$ &) ; trap '' HUP; sleep 4714$$; :" </dev/null >/dev/null 2>&1 & client=$!
wait_for "runs 4713$$ && runs 4714$$"
kill -9 $(pgrep -P $client) $client 2>/dev/null; wait $client 2>/dev/null
gone 4713$$ "what a killed client ran ends"
gone 4714$$ "all of it"
go -S "$dir/mux" x "(setsid sleep 4715$$ >/dev/null 2>&1 </dev/null &); sleep 0.2" </dev/null
go -S "$dir/mux" -O exit x 2>/dev/null
gone 4715$$ "and so does what a shared connection ran"
wait_for "! pgrep -P $(cat "$dir/pid.tcp") >/dev/null"

go tcp "setsid -w sleep 4716$$" </dev/null & client=$!
wait_for "runs 4716$$"
kill -9 $(pgrep -P "$(cat "$dir/pid.tcp")"); wait $client
gone 4716$$ "what a killed connection process ran ends"

# --- bad input
printf 'GET / HTTP/1.0\r\n\r\n' | timeout 5 python3 "$dir/connect.py" "$dir/socket" >/dev/null 2>&1
head -c 300000 /dev/urandom | timeout 5 python3 "$dir/connect.py" "$dir/socket" >/dev/null 2>&1
is "$(go unix 'echo still' </dev/null)" still "garbage disturbs nobody"
"$agent" --host-key "$dir/hostkey" --listen "unix:$dir/socket" --authorized "$dir/authorized" 2>"$dir/err"
grep -q 'another process listens' "$dir/err"; ok $? "a second agent on the same socket is refused"
"$agent" --host-kye x 2>&1 | grep -q 'did you mean --host-key'; ok $? "a typing error is guessed"
echo 'no-pty ssh-ed25519 AAAA' >"$dir/bad"
"$agent" --host-key "$dir/hostkey" --listen 127.0.0.1:0 --authorized "$dir/bad" 2>&1 | grep -q 'bad:1: '
ok $? "an option of authorized that is not known names its line"

kill $started; started=
wait_for "[ ! -e '$dir/pid.tcp' ] && [ ! -e '$dir/pid.unix' ]"; ok $? "SIGTERM ends it"
echo "1..$n"
