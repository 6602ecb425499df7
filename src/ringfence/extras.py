"""How what is not in the default install is brought in, in the words of every error that names it."""


def install_line(extra: str) -> str:
    """Give the commands that install an extra: of a published package, and of a checkout.

    >>> install_line("postgres")
    "pip install 'ringfence[postgres]'; from a checkout: pip install '.[postgres]'"
    """
    return f"pip install 'ringfence[{extra}]'; from a checkout: pip install '.[{extra}]'"
