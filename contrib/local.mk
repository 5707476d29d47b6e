# SPDX-License-Identifier: BSD-2-Clause
EXTRA_DIST += %D%/deps.sh %D%/quickstart %D%/check
EXTRA_DIST += %D%/completion/fortress.bash
