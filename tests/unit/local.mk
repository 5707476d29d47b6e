# SPDX-License-Identifier: BSD-2-Clause

check_PROGRAMS += %D%/test_msg %D%/test_conf
TESTS += %D%/test_msg %D%/test_conf
%C%_test_msg_LDADD = $(TAP_LIBS) $(MSG_LIBS)
%C%_test_conf_LDADD = $(TAP_LIBS) src/monitor/libmonitor.a $(MSG_LIBS)
