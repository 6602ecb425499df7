"""What can be wrong with keys at rest. Errors say what, where and mend; none quotes a file's content or a name that was refused."""


class KeyFault(Exception):
    """An error about keys. `what` says what is wrong and where, `mend` what to do."""

    def __init__(self, what: str, mend: str) -> None:
        self.what = what
        self.mend = mend
        super().__init__(f"{what}\n  {mend}")


class BadKeyName(KeyFault):
    """A name that no key can have."""

    def __init__(self) -> None:
        super().__init__(
            "this is not a name for a key",
            "take up to 63 lower-case letters, digits and dashes, beginning with a letter: k-contact",
        )


class KeyExists(KeyFault):
    """A key that was to be made is there already."""

    def __init__(self, name: str, version: int) -> None:
        self.name = name
        self.version = version
        super().__init__(
            f"key {name} version {version} exists already", f"give it a new version with `ringfence key rotate {name}`"
        )


class NoSuchKey(KeyFault):
    """A key that is not there."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is no key {name}", f"make it with `ringfence key add {name}`")


class UnsafeKeyFile(KeyFault):
    """A key file, or the folder of key files, that others could read, replace or have made."""


class BadKeyFile(KeyFault):
    """A key file that is not what `ringfence key add` wrote."""


class VaultFault(KeyFault):
    """A store of stand-ins that cannot be used."""
