#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
#
# The gate and the fortress command in a whole bastion: enrolment, decisions, a plain sshd as target with its first key
# pinned and by certificate, reload, and an export that shows what was done to it.
. "${top_srcdir:-.}/tests/lib.sh"
builddir=${top_builddir:-.}
dir=$(mktemp -d) || exit 1
chmod 0711 "$dir"
FORTRESS_LIBEXEC=$builddir FORTRESS_STATE=$dir PATH=$builddir:$PATH
export FORTRESS_LIBEXEC FORTRESS_STATE PATH

cleanup() {
	for f in "$dir"/run/fortress.pid "$dir"/sshd.pid "$dir"/agent.pid; do
		[ -s "$f" ] && kill "$(cat "$f")" 2>/dev/null
	done
	wait
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

[ -x "$builddir/fortress-front" ] && [ -x "$builddir/fortress-store" ] || skip_all "the bastion is not built"
sshd=$(command -v sshd || echo /usr/sbin/sshd)
[ -x "$sshd" ] && command -v ssh >/dev/null || skip_all "no OpenSSH"
if [ "$(id -u)" = 0 ]; then
	for a in _fortress _fortress-gate _fortress-store; do
		id $a >/dev/null 2>&1 || skip_all "as root this needs the accounts _fortress, _fortress-gate, _fortress-store"
	done
	mkdir -p /run/sshd
fi

{ read -r port; read -r target; } < <(free_ports 2)
login=$(id -un)
mkdir "$dir/keys" "$dir/run"
chmod 0700 "$dir/keys"
ssh-keygen -q -t ed25519 -N '' -f "$dir/keys/host_ed25519"
ssh-keygen -q -t ed25519 -N '' -f "$dir/user"
ssh-keygen -q -t ed25519 -N '' -f "$dir/sshd_key"
cat >"$dir/fortress.conf" <<CONF
ListenAddress 127.0.0.1:$port
HostKey $dir/keys/host_ed25519
Policy policy.conf
CheckpointFile $dir/outside/checkpoints
PerSourcePenalties no
CONF
mkdir "$dir/outside"
[ "$(id -u)" != 0 ] || chown _fortress-store "$dir/outside"
cat >"$dir/policy.conf" <<POLICY
permit alice exec on env=t as $login cmd { /bin/echo ** } id echo
POLICY
cat >"$dir/sshd.conf" <<CONF
Port $target
ListenAddress 127.0.0.1
HostKey $dir/sshd_key
AuthorizedKeysFile $dir/authorized
PidFile $dir/sshd.pid
UsePAM no
StrictModes no
PermitRootLogin yes
SetEnv SHLVL=1
CONF

fortress serve 2>"$dir/log" &
for _ in $(seq 200); do fortress status >/dev/null 2>&1 && break; sleep 0.05; done
fortress status >/dev/null; ok $? "the bastion answers"
cp "$dir/keys/target_ed25519.pub" "$dir/authorized"
"$sshd" -f "$dir/sshd.conf" -E "$dir/sshd.log"

bastion() {
	local user=$1
	shift
	timeout 20 ssh -F none -p "$port" -i "$dir/user" -o IdentitiesOnly=yes -o BatchMode=yes -o LogLevel=ERROR \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile="$dir/known" "$user@127.0.0.1" "$@" </dev/null 2>&1
}

# --- the directory ---
out=$(fortress host add t1 127.0.0.1 --port "$target" --login "$login" --label env=t 2>&1)
is $? 1 "a host without a key is refused"
has "$out" "--trust-first-key" "and it says what to do"
fortress host add t1 127.0.0.1 --port "$target" --login "$login" --label env=t --alias tee --trust-first-key
ok $? "a host that trusts its first key"
has "$(fortress host add t1 127.0.0.1 --trust-first-key 2>&1)" "is there already" "twice is refused"
has "$(fortress hst 2>&1)" 'did you mean "host"' "did you mean"

# --- enrolment ---
bastion alice+t1 /bin/echo no >/dev/null
is $? 255 "a key that nobody knows does not come in"
code=$(fortress enroll alice)
is "$(bastion "alice+$code+t1" /bin/echo first)" first "a code lets its key in, once"
is "$(bastion alice+t1 /bin/echo again)" again "and then the key alone does"
ssh-keygen -q -t ed25519 -N '' -f "$dir/other"
mv "$dir/user" "$dir/user.1" && cp "$dir/other" "$dir/user"
bastion "alice+$code+t1" /bin/echo no >/dev/null
is $? 255 "another key with the same code does not"
mv "$dir/user.1" "$dir/user"
has "$(fortress key list alice)" "$(ssh-keygen -lf "$dir/user.pub" | cut -d' ' -f2)" "the key is listed"

# --- decisions ---
has "$(fortress host list --json)" "$(cut -d' ' -f2 "$dir/sshd_key.pub")" "the first host key is pinned"
is "$(bastion alice+tee /bin/echo alias)" alias "by alias"
has "$(bastion alice+t1 'echo x; id')" "simple command" "a command that needs a shell is denied in words"
has "$(bastion alice+other /bin/echo x)" 'no host "other"' "no such host"
has "$(fortress policy explain alice exec t1 -- /bin/echo hi)" "PERMIT: echo" "explain agrees"
fortress policy explain alice shell t1 >/dev/null
is $? 1 "explain exits 1 for a denial"
echo "cert-authority $(cat "$dir/keys/ca_ed25519.pub")" >"$dir/authorized"
is "$(bastion alice+t1 /bin/echo cert)" cert "by a certificate, when the target trusts the CA alone"
has "$(cat "$dir/sshd.log")" "fortress user=alice ticket=" "which names the user and the ticket"

sqlite3 "$dir/db/fortress.db" ".backup $dir/yesterday.db"

# --- reload ---
echo 'permit nonsense' >"$dir/policy.conf"
has "$(fortress reload 2>&1)" "policy.conf:" "a policy with an error is refused with its place"
is "$(bastion alice+t1 /bin/echo still)" still "and the old one stays in force"
echo "deny any any on any id stop reason \"closed\"" >"$dir/policy.conf"
fortress reload >/dev/null; ok $? "a good one is taken"
has "$(bastion alice+t1 /bin/echo no)" closed "and decides at once"
fortress user disable alice; ok $? "disabled"
bastion alice+t1 /bin/echo no >/dev/null
is $? 255 "a disabled user does not come in"

# --- the audit ---
ids=$(fortress session ls --csv | tail -n +2 | wc -l)
is "$ids" 5 "each command is a session"
id=$(fortress session ls --csv | tail -1 | cut -d, -f1)
is "$(fortress session print "$id")" first "what the first one wrote"
has "$(fortress session print "$id" --cast | tail -1)" '"o","first\r\n"]' "as asciicast"
fortress session print "$id" --raw | cmp -s - <(echo first); ok $? "byte by byte"
fortress audit export -o "$dir/pack" >/dev/null; ok $? "export"
key=$dir/keys/checkpoint_ed25519.pub
out=$(fortress audit verify "$dir/pack" --key "$key" --csv 2>&1); ok $? "verifies"
is "$(echo "$out" | wc -l)" 2 "and all that it holds is signed"
fortress audit export -o "$dir/pack.tar" >/dev/null; ok $? "as a tar file too"
fortress audit verify "$dir/pack.tar" --key "$key" >/dev/null 2>&1; ok $? "which verifies"
tar tf "$dir/pack.tar" | grep -q '^manifest.json$'; ok $? "and which tar reads"
fortress audit verify --db >/dev/null 2>&1; ok $? "the database verifies"

broken() {                              # broken PART NAME COMMAND...: what verify says of a copy after COMMAND
	local part=$1 name=$2
	shift 2
	rm -rf "$dir/copy"
	cp -r "$dir/pack" "$dir/copy"
	(cd "$dir/copy" && eval "$*")
	has "$(fortress audit verify "$dir/copy" --key "$key" 2>&1)" "$part" "$name"
}
recs=("$dir"/pack/recordings/*)
broken "event 9 of events.jsonl was changed" "a changed event" "sed -i '9s/\"text\":\"/&x/' events.jsonl"
broken "leaf 4 is missing" "a record taken out" "sed -i 5d events.jsonl"
broken "was changed or swapped" "a changed byte" "printf X | dd of=recordings/${recs[0]##*/} bs=1 seek=14 conv=notrunc"
broken "swapped" "a swapped recording" "cp recordings/${recs[0]##*/} recordings/${recs[2]##*/}"
broken "records were changed" "a changed leaf" "sed -i '1s/^...../00000/' leaves.txt; sed -i '/\"leaf\":0,/d' events.jsonl"
broken "its signature does not hold" "a changed manifest" "sed -i 's/\"complete\": true/\"complete\": false/' manifest.json"
broken "no good signature" "a changed checkpoint" "sed -i '2s/.*/999/' checkpoint"
fortress user add zoe; ok $? "something more happens"
fortress audit export -o "$dir/pack2" >/dev/null
fortress audit verify "$dir/pack2" --older "$dir/pack" --key "$key" >/dev/null 2>&1; ok $? "a later export begins with the earlier one"

# --- what was put outside ---
fortress audit verify --db --older "$dir/pack2/checkpoint" >/dev/null 2>&1; ok $? "the database has grown from an export's checkpoint"
lines=$(grep -c '^— ' "$dir/outside/checkpoints")
[ "$lines" -ge 3 ]; ok $? "each checkpoint is outside too: $lines"
mkdir -p "$dir/old/keys" "$dir/old/db"
cp "$dir"/keys/checkpoint* "$dir/old/keys" && cp "$dir/yesterday.db" "$dir/old/db/fortress.db" && cp "$dir"/db/*.seg "$dir/old/db" 2>/dev/null
FORTRESS_STATE=$dir/old fortress audit verify --db >/dev/null 2>&1; ok $? "yesterday's database verifies by itself"
has "$(FORTRESS_STATE=$dir/old fortress audit verify --db --older "$dir/pack2/checkpoint" 2>&1)" "older" "beside a checkpoint from outside it is told to be older"
FORTRESS_STATE=$dir/old fortress audit export --offline -o "$dir/pack3" >/dev/null 2>&1; ok $? "it can be exported where no bastion runs"
has "$(fortress audit verify "$dir/pack3" --older "$dir/pack2" --key "$key" 2>&1)" "older" "and that export is told to be older"
echo "1..$n"
