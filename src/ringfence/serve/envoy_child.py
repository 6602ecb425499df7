"""Becoming Envoy: ``python -m ringfence.serve.envoy_child --parent PID -- PROGRAM ARGUMENTS...``.

The rule: Envoy ends with the parent that started it, leaves no image of its memory behind, and gets no signal of a terminal's. All
three are said to the kernel before this process becomes Envoy, and stay said.
"""

import os
import sys

from ringfence.serve._process import PARENT_GONE, end_with, raise_file_limit
from ringfence.traces import leave_no_image


def main(arguments: list[str]) -> None:
    """Become the program that is named; end where there is nobody to run it for."""
    flag, parent, dashes, *command = arguments
    if flag != "--parent" or dashes != "--" or not end_with(int(parent)):
        sys.exit(PARENT_GONE)
    raise_file_limit()
    leave_no_image()
    os.execv(command[0], command)  # noqa: S606 (the wheel's own program, by its full path)


if __name__ == "__main__":
    main(sys.argv[1:])
