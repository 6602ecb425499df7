"""The command line: one file per command, loaded when it is called.

The rule: this file knows the commands' names and one line about each, and imports none of them; so `ringfence --help` costs no
more than itself. Every error that a user can cause ends here as one or two lines on standard error, without a traceback.
"""

import gc
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with its code: 0 clean, 1 found or denied, 2 usage or error."""
    gc.disable()  # until the command is loaded: what modules are made of is kept, and looked through a tenth of the time
    from ringfence.cli._program import run

    code = run(sys.argv[1:])
    gc.freeze()  # and at the end, when all of it goes anyway
    sys.exit(code)
