"""What can go wrong with serving, said as what, where and mend; and how foreign errors are said without their text.

The rule: an error that is shown or logged names files, gates and addresses of the policy, never anything that a client sent. Of
an error that is not ringfence's own only the type is told, and where it happened: its text may quote a payload.
"""

import os
import traceback
from dataclasses import dataclass
from pathlib import Path


class ServeFault(Exception):
    """Serving cannot begin, or go on, as it was asked for. `at` is the path in the policy of what has to be mended, where known."""

    def __init__(self, what: str, mend: str = "", at: tuple[str, ...] = ()) -> None:
        self.what = what
        self.mend = mend
        self.at = at
        super().__init__(f"{what}\n  {mend}" if mend else what)


class Leaked(ServeFault):
    """The canary came through in clear: this gate must not serve."""

    def __init__(self, why: str) -> None:
        super().__init__("the canary was seen clear" + (f": {why}" if why else ""), "do not serve: report it")


@dataclass(frozen=True, slots=True)
class Said:
    """An error in words that may be shown."""

    what: str
    mend: str = ""
    at: tuple[str, ...] = ()


def first_of(error: BaseException) -> BaseException:
    """Give the first of several errors that came at once."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def say(error: BaseException) -> Said:
    """Put an error into words. Of several at once the first is told."""
    error = first_of(error)
    if isinstance(error, OSError) and error.errno is not None:
        where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
        return Said(f"{where}{os.strerror(error.errno)}", "check that it is there, and may be read or written")
    if type(error).__module__.partition(".")[0] == "ringfence":
        what, mend = getattr(error, "what", None), getattr(error, "mend", None)
        if isinstance(what, str) and isinstance(mend, str):
            return Said(what, mend, error.at if isinstance(error, ServeFault) else ())
        first, _, rest = str(error).partition("\n")
        return Said(first, " ".join(rest.split()))
    return Said(f"internal error ({type(error).__name__}{_place(error)})", "report it, with this line")


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
