# SPDX-License-Identifier: BSD-2-Clause

# FTS_FLAG(VARIABLE, FLAG): add FLAG to VARIABLE if the compiler and the linker take it.
AC_DEFUN([FTS_FLAG], [
	AS_VAR_PUSHDEF([ok], [fts_cv_flag_$2])
	AC_CACHE_CHECK([whether $CC takes $2], [ok], [
		fts_saved="$CFLAGS"
		CFLAGS="$CFLAGS -Werror $2"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>]], [[puts("")]])],
			[AS_VAR_SET([ok], [yes])], [AS_VAR_SET([ok], [no])])
		CFLAGS="$fts_saved"
	])
	AS_VAR_IF([ok], [yes], [$1="$$1 $2"])
	AS_VAR_POPDEF([ok])
])

# FTS_LIB(NAME, FUNCTION, LIBRARY, HEADER): a library without a .pc file.
AC_DEFUN([FTS_LIB], [
	AC_CHECK_HEADER([$4], [], [AC_MSG_ERROR([$4 is missing: run contrib/deps.sh])])
	AC_CHECK_LIB([$3], [$2], [$1_LIBS=-l$3], [AC_MSG_ERROR([lib$3 is missing: run contrib/deps.sh])])
	AC_SUBST([$1_LIBS])
])

# The user's CFLAGS stay the user's: everything of ours goes into WARN_, HARDEN_ and DEV_ flags.
AC_DEFUN([FTS_WARNINGS], [
	WARN_CFLAGS=
	m4_foreach_w([flag], [-Wall -Wextra -Wformat=2 -Wshadow -Wstrict-prototypes -Wmissing-prototypes
		-Wpointer-arith -Wwrite-strings -Wvla -Wimplicit-fallthrough -Wundef -Wold-style-definition
		-Wno-missing-field-initializers],
		[FTS_FLAG([WARN_CFLAGS], flag)])
	AC_SUBST([WARN_CFLAGS])
])

AC_DEFUN([FTS_HARDENING], [
	HARDEN_CFLAGS= HARDEN_LDFLAGS=
	AS_CASE([" $CFLAGS "], [*" -O0 "*], [], [FTS_FLAG([HARDEN_CFLAGS], [-D_FORTIFY_SOURCE=3])])
	m4_foreach_w([flag], [-fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
		-ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr],
		[FTS_FLAG([HARDEN_CFLAGS], flag)])
	m4_foreach([flag], [[-pie], [-Wl,-z,relro], [-Wl,-z,now], [-Wl,-z,noexecstack]],
		[FTS_FLAG([HARDEN_LDFLAGS], m4_defn([flag]))])
	AC_SUBST([HARDEN_CFLAGS])
	AC_SUBST([HARDEN_LDFLAGS])
])

# Debian backports fixes without a change of upstream's version: ask dpkg where there is one.
AC_DEFUN([FTS_LIBSSH_LEVEL], [
	AC_MSG_CHECKING([libssh's security level])
	fts_libssh_least=0.10.6-0+deb12u3
	fts_libssh_level=`dpkg-query -W -f '${Version}' libssh-4 2>/dev/null` ||
		fts_libssh_level=`$PKG_CONFIG --modversion libssh`
	AS_IF([test -x /usr/bin/dpkg && dpkg --compare-versions "$fts_libssh_level" lt $fts_libssh_least],
		[AC_MSG_RESULT([$fts_libssh_level])
		 AC_MSG_ERROR([libssh $fts_libssh_level lacks the fixes of $fts_libssh_least: run apt-get install libssh-4 libssh-dev])],
		[AC_MSG_RESULT([$fts_libssh_level, good])])
	AC_DEFINE_UNQUOTED([LIBSSH_LEVEL], ["$fts_libssh_level"], [libssh's package version at build time])
	AC_DEFINE_UNQUOTED([LIBSSH_LEAST], ["$fts_libssh_least"], [libssh's package version that has the fixes])
])
