"""What is not in the default install: each extra by the modules that it brings, and the command that installs it.

The rule: a command calls `need` before it does anything else, and imports at its top nothing that an extra brings.
"""

from importlib.util import find_spec

from ringfence.cli._errors import Problem
from ringfence.extras import install_line

POSTGRES = ("pglast", "scramp", "joserfc", "prometheus_client", "librt")
HTTP = ("envoy._bin", "envoy.service", "hpack", "google.protobuf", "joserfc", "prometheus_client")
PROBE = (*POSTGRES, "psycopg")
PASSWORDS = ("scramp",)  # of the same extra: what makes a verifier


def need(extra: str, modules: tuple[str, ...]) -> None:
    """Raise `Problem` where a module of an extra is missing."""
    missing = next((name for name in modules if not _is_there(name)), None)
    if missing is not None:
        raise Problem(f"this needs the package {missing}, which is not installed", install_line(extra))


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ModuleNotFoundError, ValueError):  # what a finder or a module that was left half loaded says
        return False
