# SPDX-License-Identifier: BSD-2-Clause

check_PROGRAMS += tests/system/e_store
tests_system_e_store_SOURCES = %D%/e_store.c %D%/store_peer.c %D%/store_peer.h
tests_system_e_store_LDADD = $(TAP_LIBS) src/msg/libmsg.a $(DB_LIBS)
STORE_TESTS = %D%/e1-store.t %D%/e2-store.t %D%/e3-store.t %D%/e4-store.t %D%/e5-store.t %D%/e6-store.t
TESTS += $(STORE_TESTS)
EXTRA_DIST += $(STORE_TESTS)
TESTS += %D%/f001-agent.t
EXTRA_DIST += %D%/f001-agent.t
TESTS += %D%/c1-bastion.t
EXTRA_DIST += %D%/c1-bastion.t

TESTS += %D%/g001-pam.t
EXTRA_DIST += %D%/g001-pam.t tests/bastion.py tests/pam.py

TESTS += %D%/a001-quickstart.t %D%/a002-apart.t
EXTRA_DIST += %D%/a001-quickstart.t %D%/a002-apart.t

TESTS += %D%/d001-relay.t
EXTRA_DIST += %D%/d001-relay.t

TESTS += %D%/l001-live.t %D%/l002-watch.t %D%/l003-moderator.t %D%/l004-peers.t %D%/l005-replay.t %D%/l006-readers.t
EXTRA_DIST += %D%/l001-live.t %D%/l002-watch.t %D%/l003-moderator.t %D%/l004-peers.t %D%/l005-replay.t %D%/l006-readers.t tests/screens.py

TESTS += %D%/h001-house.t
EXTRA_DIST += %D%/h001-house.t

FORWARD_TESTS = %D%/m021-forward.t %D%/m022-agent.t %D%/m023-hostile.t %D%/m024-shapes.t
TESTS += $(FORWARD_TESTS)
EXTRA_DIST += $(FORWARD_TESTS)

TESTS += %D%/h002-jump.t
EXTRA_DIST += %D%/h002-jump.t

TESTS += %D%/g002-mfa.t
EXTRA_DIST += %D%/g002-mfa.t

TESTS += %D%/j001-files.t
EXTRA_DIST += %D%/j001-files.t

TESTS += %D%/d002-replay.t %D%/d003-exports.t %D%/d004-grep.t
EXTRA_DIST += %D%/d002-replay.t %D%/d003-exports.t %D%/d004-grep.t tests/browser.py

# A shared object for ssh to load: none of our flags, so that it loads into anything.
check_PROGRAMS += tests/system/sk_provider.so
tests_system_sk_provider_so_SOURCES = %D%/sk_provider.c
tests_system_sk_provider_so_CFLAGS = -fPIC
tests_system_sk_provider_so_LDFLAGS = -shared
tests_system_sk_provider_so_LDADD = $(CRYPTO_LIBS)
TESTS += %D%/g003-sk.t
EXTRA_DIST += %D%/g003-sk.t

# Single processes between peers of the test's own (peers.py), and the monitor's children.
CORE_TESTS = %D%/c2-gate.t %D%/c6-again.t %D%/c3-monitor.t %D%/c4-pam.t %D%/c5-store.t %D%/c7-sandbox.t %D%/c8-front.t
TESTS += $(CORE_TESTS)
EXTRA_DIST += $(CORE_TESTS) tests/peers.py

# Attacks, by class; tests/wire.py speaks SSH by hand for them.
ATTACK_TESTS = %D%/k001-auth.t %D%/k002-floods.t %D%/k003-target.t %D%/k004-startups.t %D%/k005-codes.t %D%/k006-doors.t %D%/k007-store.t %D%/k008-audit.t %D%/k009-agent.t %D%/k010-approval.t
TESTS += $(ATTACK_TESTS)
EXTRA_DIST += $(ATTACK_TESTS) tests/tap.py tests/wire.py
# The matrix of clients; clients.py is what they share.
MATRIX_TESTS = %D%/m001-openssh.t %D%/m002-channels.t %D%/m003-rekey.t %D%/m004-files.t %D%/m005-sync.t %D%/m006-copies.t \
	%D%/m007-putty.t %D%/m008-python.t %D%/m009-ansible.t %D%/m010-zmodem.t \
	%D%/m011-requests.t %D%/m012-backlog.t %D%/m013-paths.t
TESTS += $(MATRIX_TESTS)
EXTRA_DIST += $(MATRIX_TESTS) tests/clients.py
# The command and the bastion as people and machines start and administer it.
CLI_TESTS = %D%/n001-serve.t %D%/n002-setup.t %D%/n003-command.t %D%/n004-events.t %D%/n005-install.t %D%/n006-help.t %D%/n007-state.t
TESTS += $(CLI_TESTS)
EXTRA_DIST += $(CLI_TESTS)
# Names, and who may knock.
NAMES_TESTS = %D%/p001-names.t %D%/p002-proxy.t %D%/p003-limits.t %D%/p004-import.t %D%/p005-own.t %D%/p006-policy.t
TESTS += $(NAMES_TESTS)
EXTRA_DIST += $(NAMES_TESTS)
check_PROGRAMS += tests/system/cert_client
tests_system_cert_client_SOURCES = %D%/cert_client.c
tests_system_cert_client_CFLAGS = $(AM_CFLAGS) $(SSH_CFLAGS)
tests_system_cert_client_LDADD = $(SSH_LIBS)
TESTS += %D%/g004-cert.t
EXTRA_DIST += %D%/g004-cert.t

TESTS += %D%/g005-accounts.t
EXTRA_DIST += %D%/g005-accounts.t

TESTS += %D%/g006-methods.t
EXTRA_DIST += %D%/g006-methods.t

# What auditors are given.
AUDIT_TESTS = %D%/r001-evidence.t %D%/r002-siem.t %D%/r003-upkeep.t %D%/r004-faults.t %D%/r005-witness.t %D%/r006-auditd.t %D%/r007-retain.t %D%/r008-commands.t
TESTS += $(AUDIT_TESTS)
EXTRA_DIST += $(AUDIT_TESTS) tests/faults.py tests/served.py
# Shared objects to preload: none of our flags.
check_PROGRAMS += tests/system/faulty.so
tests_system_faulty_so_SOURCES = %D%/faulty.c
tests_system_faulty_so_CFLAGS = -fPIC
tests_system_faulty_so_LDFLAGS = -shared
tests_system_faulty_so_LDADD = -ldl
check_PROGRAMS += tests/system/slow.so
tests_system_slow_so_SOURCES = %D%/slow.c
tests_system_slow_so_CFLAGS = -fPIC
tests_system_slow_so_LDFLAGS = -shared
tests_system_slow_so_LDADD = -ldl
check_PROGRAMS += tests/system/heap.so
tests_system_heap_so_SOURCES = %D%/heap.c
tests_system_heap_so_CFLAGS = -fPIC
tests_system_heap_so_LDFLAGS = -shared

# Bugs of the seams between processes, each with its test.
TESTS += %D%/q001-legs.t %D%/q002-words.t %D%/q002-quiet.t %D%/q003-limits.t
EXTRA_DIST += %D%/q001-legs.t %D%/q002-words.t %D%/q002-quiet.t %D%/q003-limits.t
# What a person sees.
TESTS += %D%/n004-picker.t
EXTRA_DIST += %D%/n004-picker.t
# The directory: edited, in bulk, and what its changes do to those who are in.
DIRECTORY_TESTS = %D%/s001-directory.t %D%/s002-again.t %D%/s003-bulk.t %D%/s004-reload.t
TESTS += $(DIRECTORY_TESTS)
EXTRA_DIST += $(DIRECTORY_TESTS)

TESTS += %D%/t001-approval.t %D%/t002-stepup.t %D%/t003-record.t %D%/t004-notify.t %D%/t005-doors.t %D%/t006-together.t
EXTRA_DIST += %D%/t001-approval.t %D%/t002-stepup.t %D%/t003-record.t %D%/t004-notify.t %D%/t005-doors.t %D%/t006-together.t tests/terminal.py
