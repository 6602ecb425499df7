"""What is not in the default install: each extra by the modules that it brings, and the command that installs it."""

from importlib.util import find_spec

from ringfence.cli._errors import Problem

POSTGRES = ("pglast", "scramp", "joserfc", "prometheus_client", "librt")


def need(extra: str, modules: tuple[str, ...]) -> None:
    """Raise `Problem` where a module of an extra is missing."""
    missing = next((name for name in modules if find_spec(name) is None), None)
    if missing is not None:
        raise Problem(f"this needs the package {missing}", f"pip install 'ringfence[{extra}]'")
