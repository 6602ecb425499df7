"""What can go wrong while mapping, each with its mend. The rule: no message holds a password, an address's user or a value."""


class AtlasError(Exception):
    """`what` is wrong and where, and the `mend`."""

    def __init__(self, what: str, mend: str) -> None:
        self.what = what
        self.mend = mend
        super().__init__(f"{what}\n  {mend}")


class Unreachable(AtlasError):
    """The source cannot be reached, or does not let anybody in."""


class Unmappable(AtlasError):
    """The source was reached, and is not what it should be."""


class BadMapFile(AtlasError):
    """A map file that cannot be read or changed."""
