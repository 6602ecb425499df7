"""What a process that holds payloads says to its kernel: no image of its memory is left behind.

The rule: a payload under way lives in memory only (law 4), so a crash writes none of it to disk.
"""

import resource
import sys
from typing import Final

_PR_SET_DUMPABLE: Final = 4  # linux/prctl.h


def leave_no_image() -> None:
    """Have no core dump written, whatever the machine is set to: one that a program takes heeds no limit of its size."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    if sys.platform == "linux":
        from ctypes import CDLL

        CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
