"""What hooks go by: what `ringfence git install` was told, kept in the repository's own configuration.

The rule: only the repository's own file counts, no other file of git's configuration and no `-c` of a command line: whoever pushes
to a server chooses none of it. What is not there is as if it had not been asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final

from ringfence.gates.git.repository import Repository
from ringfence.gates.git.running import GitFailed

_SECTION: Final = "ringfence"
_YES: Final = "true"


@dataclass(frozen=True, slots=True)
class HookSettings:
    """How hooks decide and where they record. Paths are absolute.

    Attributes
    ----------
    home
        The folder of the ledger.
    policy, flow, gate, role, purpose
        What decides; without a policy, nothing personal may stand in the repository.
    baseline, ignoring
        Files of what may stay; "" for none and, of `ignoring`, the repository's own ``.ringfenceignore``.
    inline
        Whether comments in files may say that something stays.
    overriding
        Whether a reason may override what is found.
    everything
        Whether vendored, minified and generated files are looked at, too.
    server
        Whether it judges what others push.
    """

    home: str = ""
    policy: str = ""
    flow: str = ""
    gate: str = ""
    role: str = ""
    purpose: str = ""
    baseline: str = ""
    ignoring: str = ""
    inline: bool = False
    overriding: bool = False
    everything: bool = False
    server: bool = False

    @property
    def is_made(self) -> bool:
        """Whether hooks were installed with them."""
        return bool(self.home)


def read_settings(repository: Repository) -> HookSettings:
    """Read them. Raises `GitFailed`."""
    try:
        said = repository.run("config", "--local", "--no-includes", "--null", "--get-regexp", rf"^{_SECTION}\.")
    except GitFailed as failed:
        if failed.code == 1:
            return HookSettings()
        raise
    found = dict(_pairs(said))
    texts = {each.name: found.get(each.name, "") for each in fields(HookSettings) if each.type is str}
    flags = {each.name: found.get(each.name) == _YES for each in fields(HookSettings) if each.type is bool}
    return HookSettings(**texts, **flags)  # type: ignore[arg-type]


def write_settings(repository: Repository, settings: HookSettings) -> None:
    """Write them, and only them."""
    forget_settings(repository)
    for each in fields(settings):
        value = getattr(settings, each.name)
        if value:
            repository.run("config", "--local", f"{_SECTION}.{each.name}", _YES if value is True else value)


def forget_settings(repository: Repository) -> None:
    """Take them away."""
    try:
        repository.run("config", "--local", "--remove-section", _SECTION)
    except GitFailed as failed:
        if "no such section" not in failed.said.lower():
            raise


def _pairs(said: bytes) -> Iterator[tuple[str, str]]:
    for each in said.decode("utf-8", "surrogateescape").split("\0"):
        name, _, value = each.partition("\n")
        yield name.removeprefix(f"{_SECTION}."), value
