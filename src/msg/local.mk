# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += %D%/libmsg.a
%C%_libmsg_a_SOURCES = %D%/chan.c %D%/chan.h %D%/link.c %D%/link.h %D%/msg.c %D%/msg.h %D%/ocsf.h %D%/reserved.c %D%/reserved.h
MSG_LIBS = src/msg/libmsg.a $(BASE_LIBS)
