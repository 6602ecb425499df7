"""How errors are said: what, where, mend, in one or two lines, with no value of personal data."""

import os


class Problem(Exception):
    """An error of usage. `what` says what is wrong and where, `mend` what to do."""

    def __init__(self, what: str, mend: str = "") -> None:
        self.what = what
        self.mend = mend
        super().__init__(f"{what}\n  {mend}" if mend else what)


def in_words(error: BaseException) -> str:
    """Say an error in one or two lines.

    Errors of ringfence's own types carry a message made to be shown. Of any other only the type is told: the text of a foreign
    error may quote the payload.
    """
    if isinstance(error, OSError) and error.errno is not None:
        where = f"{os.fspath(error.filename)}: " if isinstance(error.filename, str) else ""
        return f"{where}{os.strerror(error.errno)}"
    if type(error).__module__.partition(".")[0] == "ringfence":
        return str(error)
    return f"internal error ({type(error).__name__}); nothing was let through\n  run the command again; if it stays, report it"
