"""What can be wrong with identities. Errors say what, where and mend; none quotes a name, a password, a token or a line of a
file.
"""

from enum import StrEnum


class AccessFault(Exception):
    """An error about who asks. `what` says what is wrong and where, `mend` what to do."""

    def __init__(self, what: str, mend: str) -> None:
        self.what = what
        self.mend = mend
        super().__init__(f"{what}\n  {mend}")


class BadUsersFile(AccessFault):
    """A users file that cannot be read as one: nobody of it is let in until it is mended."""


class UnsafeFile(AccessFault):
    """A file of secrets that somebody else could have written."""


class ReadableByOthers(AccessFault):
    """A file of verifiers that everybody on the machine can read: a caution, for passwords can be tried against it."""


class BadUser(AccessFault):
    """A user that no users file can hold: its name, a group or its last day."""


class UserExists(AccessFault):
    """A user that was to be added is there already."""


class NoSuchUser(AccessFault):
    """A user that is not there."""


class BadPassword(AccessFault):
    """A password that cannot be used."""


class BadPrincipals(AccessFault):
    """Principals of a policy that cannot be asked."""


class BadKeySet(AccessFault):
    """A key set that holds no key to verify tokens with."""


class NoRole(AccessFault):
    """A principal that may not take the role it asked for, or has to say which."""


class Reason(StrEnum):
    """Why somebody was not let in: for the log and the ledger, never for the client."""

    NO_SOURCE = "no-source"  # no principals of the policy fit what was asked for
    TOO_MANY = "too-many-attempts"
    NOT_ENCRYPTED = "not-encrypted"  # a token would have gone over a line that can be listened to
    MALFORMED = "malformed"  # the exchange was not what its protocol says
    UNKNOWN_USER = "unknown-user"
    WRONG_PROOF = "wrong-password"
    EXPIRED = "expired"
    NO_CERTIFICATE = "no-certificate"  # none was shown, or it names somebody else
    NO_KEYS = "no-keys"  # no key set, or one that is too old
    UNKNOWN_KEY = "unknown-key"
    UNKNOWN_API_KEY = "unknown-api-key"
    SEVERAL = "several-credentials"  # more than one, and they may be of different people
    BAD_TOKEN = "bad-token"  # noqa: S105 (a reason's name)
    WRONG_ISSUER = "wrong-issuer"
    WRONG_AUDIENCE = "wrong-audience"
    NOT_YET = "not-yet-valid"
    TOO_LONG = "too-long-lived"
    NO_SUBJECT = "no-subject"
    UNREADABLE = "unreadable-users"  # the users file is broken: nobody can be known


class Denied(Exception):
    """Somebody is not let in. Raised inside this room only; what leaves it is a `Failure`."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason.value)
