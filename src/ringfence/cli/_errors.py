"""How errors are said: what, where, mend, in one or two lines, with no value of personal data.

The rule: every word that somebody typed (a file's name, an argument) passes the detector before it is shown, for errors are logged.
"""

import errno
import os
from dataclasses import replace

from ringfence.home import Problem

__all__ = ["MOST_SHOWN", "Problem", "in_words"]

MOST_SHOWN = 4096  # characters of one line: a path has no more

_MENDS = {
    errno.ENOENT: "check the path: something in it is not there",
    errno.ENOTDIR: "check the path: something in it is a file, where a folder should be",
    errno.EISDIR: "name a file, not a folder",
    errno.EEXIST: "something else has that name: take another, or move it away",
    errno.EACCES: "check its owner and mode, and those of the folders above it",
    errno.EPERM: "check its owner and mode, and those of the folders above it",
    errno.EROFS: "name a place that can be written",
    errno.ENOSPC: "free some space, or write somewhere else",
    errno.EFBIG: "allow larger files: `ulimit -f`",
    errno.EDQUOT: "free some space, or write somewhere else",
    errno.ENAMETOOLONG: "take a shorter name",
    errno.ELOOP: "check the path: its symbolic links lead in a circle",
    errno.EMFILE: "allow more open files: `ulimit -n`",
    errno.EBADF: "the caller closed it, or opened it the other way: redirect it to a file or to /dev/null instead",
    errno.EIO: "the device failed, or cannot be read here: take a copy on another one",
}
_OTHER_MEND = "look at the file, its folder and its disk, and run the command again"


def in_words(error: BaseException) -> str:
    """Say an error in one or two lines.

    Errors of ringfence's own types carry a message made to be shown. Of any other only the type is told: the text of a foreign
    error may quote the payload. Of several at once the first is told.
    """
    if isinstance(error, BaseExceptionGroup):
        return in_words(error.exceptions[0])
    if isinstance(error, OSError) and error.errno is not None:
        if error.errno == errno.ENOENT and error.filename is None:  # only asking for the current folder names no file
            return "the folder that you are in is no longer there\n  go to one that is: cd"
        where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
        return _in_lines(f"{where}{os.strerror(error.errno)}", _MENDS.get(error.errno, _OTHER_MEND))
    if type(error).__module__.partition(".")[0] == "ringfence":
        return _in_its_own_words(error)
    return f"internal error ({type(error).__name__}); nothing was let through\n  run the command again; if it stays, report it"


def _in_its_own_words(error: BaseException) -> str:
    from ringfence.policy import PolicyError

    if isinstance(error, PolicyError):
        said = [str(replace(problem, file=_shown(problem.file))) for problem in error.problems]
        more = [str(error).rpartition("\n")[2]] if error.left_out else []
        return "\n".join(_shown(line) for line in "\n".join(said + more).split("\n"))
    what, mend = getattr(error, "what", None), getattr(error, "mend", None)
    if isinstance(what, str) and isinstance(mend, str):
        return _in_lines(what, mend)
    return "\n".join(_shown(line) for line in str(error).split("\n"))


def _in_lines(what: str, mend: str) -> str:
    return f"{_shown(what)}\n  {_shown(mend)}" if mend else _shown(what)


def _shown(line: str) -> str:
    from ringfence.crossing.scrubbing import scrub
    from ringfence.detect import Detector

    words = scrub(line, Detector(), MOST_SHOWN).split(" ")
    return " ".join("/".join(map(_without_address, word.split("/"))) for word in words)


def _without_address(part: str) -> str:
    """Take out what the detector rightly does not: an address that ends as a file's name, someone@shop.example.yaml."""
    name, colon, rest = part.partition(":")
    return f"[redacted:email]{colon}{rest}" if "@" in name else part
