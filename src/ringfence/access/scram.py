"""SCRAM-SHA-256 and -PLUS, the server's side (RFC 5802, 7677, 5929), and verifiers for new passwords.

The rule: the exchange itself is the library's (scramp). What is added here is what PostgreSQL does: the user is the one of the
start-up message and the name inside the exchange is ignored (libpq leaves it empty, which the library would refuse); and an
unknown user goes through a whole exchange that cannot succeed, with a salt that stays the same for the name, so that the
answers tell no names.
"""

import hmac
import secrets
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from scramp import ScramException, ScramMechanism
from scramp.utils import ServerError, saslprep

from ringfence.access.faults import BadPassword, Denied, Reason
from ringfence.access.users import LEAST_ITERATIONS, MECHANISM, UserList, Verifier

if TYPE_CHECKING:
    from scramp.core import ScramServer

PLUS = f"{MECHANISM}-PLUS"
END_POINT = "tls-server-end-point"
ITERATIONS = LEAST_ITERATIONS  # PostgreSQL's default as well; every client runs them at each connection
MOST_MESSAGE = 2048  # bytes; libpq's longest, with channel binding, has under 300
_SALT_BYTES = 16  # PostgreSQL's
_MOST_PASSWORD = 1024  # characters


def make_verifier(password: str, salt: bytes | None = None) -> Verifier:
    """Make the verifier of a password, with a new salt where none is given. Raises `BadPassword`."""
    prepared = prepare_password(password)
    salt, stored, server, iterations = ScramMechanism(MECHANISM).make_auth_info(
        prepared, iteration_count=ITERATIONS, salt=salt
    )
    return Verifier(iterations, salt, stored, server)


def prepare_password(password: str) -> str:
    """Bring a password into the form that is compared (SASLprep, RFC 4013). Raises `BadPassword`."""
    if len(password) > _MOST_PASSWORD:
        raise BadPassword(f"the password has more than {_MOST_PASSWORD} characters", "take a shorter one")
    try:
        prepared: str = saslprep(password)
        prepared.encode()
    except (ScramException, UnicodeEncodeError):
        raise BadPassword(
            "the password has characters that SASLprep (RFC 4013) forbids: control characters, emoji",
            "take another one",
        ) from None
    if not prepared:
        raise BadPassword("the password is empty", "give one, or let --generate make one")
    return prepared


def end_point_of(certificate: bytes) -> bytes:
    """Give the channel binding data of a server's certificate (DER): its hash, as RFC 5929 section 4.1 says; b"" where it has none.

    A certificate whose signature names no hash of its own (Ed25519) has none: -PLUS is then not offered, as PostgreSQL does.
    """
    loaded = x509.load_der_x509_certificate(certificate)
    algorithm = loaded.signature_hash_algorithm
    if algorithm is None:
        return b""
    weak = isinstance(algorithm, hashes.MD5 | hashes.SHA1)
    return loaded.fingerprint(hashes.SHA256() if weak else algorithm)


def generate_password() -> str:
    """Make a password that nobody guesses: 144 random bits, in characters that need no quoting."""
    return secrets.token_urlsafe(18)


class ScramExchange:
    """One exchange: `first`, then `final`. Each raises `Denied` where the client may not enter.

    Whoever is not in the list, has no password or has expired learns it only after `final`, as somebody with a wrong password does.
    """

    def __init__(self, users: UserList, name: str, end_point: bytes, *, expired: bool = False) -> None:
        mock = _mock(users, name)  # also for those who are known: the same work for everybody
        user = users.users.get(name)
        known = user is not None and user.verifier is not None
        self._verifier = user.verifier if user is not None and user.verifier is not None else mock
        self._closed = Reason.UNKNOWN_USER if not known else Reason.EXPIRED if expired else None
        self._binding = (END_POINT, end_point) if end_point else None
        self._server: ScramServer | None = None
        self.mechanisms: tuple[str, ...] = (PLUS, MECHANISM) if end_point else (MECHANISM,)
        self.bound = False  # to the TLS channel

    def first(self, mechanism: str, message: bytes) -> bytes:
        """Take the client's first message, give the server's."""
        if mechanism not in self.mechanisms or self._server is not None:
            raise Denied(Reason.MALFORMED)
        self.bound = mechanism == PLUS
        flag, authority, bare = _three(_decoded(message))
        named, comma, rest = bare.partition(",")
        if flag.startswith("p=") is not self.bound or not named.startswith("n=") or not comma:
            raise Denied(Reason.MALFORMED)
        held = (self._verifier.salt, self._verifier.stored, self._verifier.server, self._verifier.iterations)
        self._server = ScramMechanism(mechanism).make_server(lambda _: held, self._binding)
        try:
            self._server.set_client_first(f"{flag},{authority},n=x,{rest}")
            self._server.client_first_bare = bare  # what the client signs: the name as it wrote it
            answer: str = self._server.get_server_first()
        except ScramException:
            raise Denied(Reason.MALFORMED) from None
        return answer.encode()

    def final(self, message: bytes) -> bytes:
        """Take the client's last message, give the server's: the proof that it knows the verifier."""
        if self._server is None:
            raise Denied(Reason.MALFORMED)
        try:
            self._server.set_client_final(_decoded(message))
            answer: str = self._server.get_server_final()
        except ScramException as error:
            wrong = error.server_error is ServerError.INVALID_PROOF
            raise Denied((self._closed or Reason.WRONG_PROOF) if wrong else Reason.MALFORMED) from None
        if self._closed is not None:
            raise Denied(self._closed)
        return answer.encode()


def _three(text: str) -> tuple[str, str, str]:
    """Split a client's first message: binding flag, authority, bare message."""
    flag, _, rest = text.partition(",")
    authority, _, bare = rest.partition(",")
    return flag, authority, bare


def _decoded(message: bytes) -> str:
    if len(message) > MOST_MESSAGE:
        raise Denied(Reason.MALFORMED)
    try:
        return message.decode()
    except UnicodeDecodeError:
        raise Denied(Reason.MALFORMED) from None


def _mock(users: UserList, name: str) -> Verifier:
    """Make a verifier that nothing fits, always the same for a name.

    Its iterations and its salt's length are those of as large a share of the unknown names as they are of the users.
    """

    def derive(what: bytes) -> bytes:
        return hmac.digest(users.mock, what + b"\0" + name.encode(errors="surrogateescape"), "sha256")

    iterations, length = ITERATIONS, _SALT_BYTES
    left = int.from_bytes(derive(b"shape")[:8], "big") * sum(share for _, _, share in users.shapes) >> 64
    for iterations, length, share in users.shapes:  # noqa: B007 (what it ended with is used)
        if left < share:
            break
        left -= share
    salt = (derive(b"salt") + derive(b"more salt"))[:length]
    return Verifier(iterations, salt, derive(b"stored"), derive(b"server"))
