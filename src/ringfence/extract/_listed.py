"""Lists of names, as a person reads them: in one string."""


def listed(names: str) -> frozenset[str]:
    """Give the names that stand in a string, with spaces between them."""
    return frozenset(names.split())
