"""requests: a session whose requests and their answers cross as through an HTTP gate that is the way out.

    from ringfence.integrations.requests import RingfenceAdapter
    session = RingfenceAdapter(gate="out").mounted(requests.Session())

The rule: what goes to the wrapped adapter was released, and goes to an asset that the gate names; what the program gets of the
answer was released. A refusal is an answer, a problem as at the gate (400, 401, 403, 413, 429, 502, 503): `raise_for_status` raises
it. An answer that is cut off in its middle raises `requests.exceptions.ChunkedEncodingError`. Each redirect is a request of its
own.
"""

import io
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from email.message import Message as Headers
from typing import Any, Final, cast
from urllib.parse import urlsplit

from ringfence.extras import install_line
from ringfence.gates.http.heads import as_octets, as_text
from ringfence.gates.http.local import PIECE, Going, Refused, at_once, fields_of
from ringfence.gates.http.media import Fields
from ringfence.integrations._gate import LocalGate, PathLike, told_of
from ringfence.integrations._outgoing import Incoming, Outgoing, Outlet, Pieces, Request

try:
    import requests
    from requests.adapters import HTTPAdapter
    from requests.structures import CaseInsensitiveDict
    from urllib3 import HTTPHeaderDict, HTTPResponse
    from urllib3.exceptions import ProtocolError
except ImportError as missing:
    raise ImportError(
        f"this needs the package requests, which is not installed\n  {install_line('requests')}"
    ) from missing

_SCHEMES: Final = ("http://", "https://")


class RingfenceAdapter(HTTPAdapter):
    """An adapter around another, which is requests' own unless one is given. `gate` is one of kind http in the policy.

    `policy`, `overlay` and `home` are found as by the command line: RINGFENCE_POLICY, RINGFENCE_OVERLAY and RINGFENCE_HOME, else
    `ringfence.yaml` and `.ringfence` in the current folder.
    """

    def __init__(
        self,
        gate: str,
        adapter: HTTPAdapter | None = None,
        *,
        policy: PathLike = None,
        overlay: PathLike = None,
        home: PathLike = None,
    ) -> None:
        super().__init__()
        self._outlet = Outlet(LocalGate(gate, policy, overlay, home))
        self._within = adapter if adapter is not None else HTTPAdapter()

    def mounted(self, session: requests.Session) -> requests.Session:
        """Have a session send everything through this, and through nothing else; give it back."""
        session.adapters.clear()
        for scheme in _SCHEMES:
            session.mount(scheme, self)
        return session

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 (requests' own signature; the session reads the answer)
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send a request, and give its answer."""
        pieces = Pieces(_pieces_of(request.body))
        try:
            rim = self._outlet.gate.ready_at_once()
            asked = _asked(request)
            outgoing = at_once(self._outlet.ask(rim, asked, pieces))
        except Exception as error:
            if error is pieces.fault:
                raise
            return self._refused(request, error, of_request=True)
        try:
            sent = _sent(request, asked, outgoing)
            answer = self._within.send(sent, stream=True, timeout=timeout, verify=verify, cert=cert, proxies=proxies)
        except BaseException as error:
            outgoing.close()
            if isinstance(error, Refused):  # the rest of the request
                return self._refused(request, error, of_request=True)
            raise
        return self._answered(request, outgoing, answer)

    def close(self) -> None:
        """Close the wrapped adapter."""
        self._within.close()
        super().close()

    def _answered(
        self, request: requests.PreparedRequest, outgoing: Outgoing, answer: requests.Response
    ) -> requests.Response:
        raw = answer.raw
        pieces = Pieces(raw.stream(PIECE, decode_content=False))
        try:
            incoming = at_once(outgoing.answer(answer.status_code, _fields(raw.headers), pieces))
        except BaseException as error:
            outgoing.close()
            answer.close()
            if error is pieces.fault or not isinstance(error, Exception):
                raise
            return self._refused(request, error, of_request=False)
        body = _Body(outgoing, incoming, answer)
        made = _raw(answer.status_code, _headers(incoming.going), body, request.method or "")
        return self.build_response(request, made)

    def _refused(self, request: requests.PreparedRequest, error: Exception, *, of_request: bool) -> requests.Response:
        """Give a refusal as an answer."""
        told = told_of(error, of_request=of_request)
        headers = list(fields_of(told))
        return self.build_response(request, _raw(told.status, headers, io.BytesIO(told.body), request.method or ""))


class _Raw(HTTPResponse):
    """An answer as urllib3 gives it; each piece is given when it comes."""

    def stream(self, amt: int | None = PIECE, decode_content: bool | None = None) -> Generator[bytes, None, None]:
        """Give the body, piece by piece."""
        while not self.closed:
            piece = self.read1(amt, decode_content=decode_content)
            if not piece:
                return
            yield piece


class _Said:
    """What requests reads cookies of: the head as it crossed."""

    def __init__(self, headers: list[tuple[str, str]]) -> None:
        self.msg = Headers()
        for name, value in headers:
            self.msg[name] = value

    def isclosed(self) -> bool:
        """Say that there is nothing to be closed."""
        return False

    def close(self) -> None:
        """Do nothing: what it stands for is closed with the answer."""


class _Body(io.RawIOBase):
    """The answer's body, as it may be read."""

    def __init__(self, outgoing: Outgoing, incoming: Incoming, answer: requests.Response) -> None:
        super().__init__()
        self._outgoing = outgoing
        self._incoming = incoming
        self._answer = answer
        self._held = incoming.first

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def read1(self, size: int = -1, /) -> bytes:
        """Give what there is, at most so many octets; b"" at the end."""
        if not self._held:
            try:
                self._held = at_once(self._incoming.rest())
            except Refused:
                raise ProtocolError("ringfence cut the answer off") from None
        length = len(self._held) if size < 0 else size
        given, self._held = self._held[:length], self._held[length:]
        return given

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer."""
        given = self.read1(len(buffer))
        buffer[: len(given)] = given
        return len(given)

    def close(self) -> None:
        """End it, whether or not it was taken to its end."""
        if not self.closed:
            super().close()
            self._answer.close()
            self._outgoing.close()


def _asked(request: requests.PreparedRequest) -> Request:
    parts = urlsplit(request.url or "")
    target = request.path_url
    host = (parts.hostname or "").lower()
    return Request(request.method or "", parts.scheme.lower(), host, parts.port, target, _fields(request.headers))


def _sent(request: requests.PreparedRequest, asked: Request, outgoing: Outgoing) -> requests.PreparedRequest:
    """Make what goes. Its address is written anew from what was looked at, so that nobody can read it in another way."""
    sent = request.copy()
    sent.url = f"{asked.scheme}://{asked.authority}{outgoing.target}"
    going = outgoing.going
    sent.headers = CaseInsensitiveDict(_joined(_headers(going)))
    sent.body = outgoing.first or None
    if outgoing.first and going.length is None:
        sent.headers["Transfer-Encoding"] = "chunked"
        sent.body = cast("Any", _rest(outgoing))  # requests takes what gives octets, its types do not say so
    return sent


def _rest(outgoing: Outgoing) -> Iterator[bytes]:
    piece = outgoing.first
    while piece:
        yield piece
        piece = at_once(outgoing.rest())


def _pieces_of(body: object) -> Iterable[bytes]:
    """Give a request's body, whichever way the program gave it."""
    match body:
        case None:
            return ()
        case str():
            return (body.encode(),)
        case bytes() | bytearray():
            return (bytes(body),)
    read = getattr(body, "read", None)
    if read is not None:
        return _read(read)
    if isinstance(body, Iterable):
        return map(_octets, body)
    raise TypeError("a body that is neither octets nor gives any")


def _read(read: Callable[[int], str | bytes]) -> Iterator[bytes]:
    while piece := read(PIECE):
        yield _octets(piece)


def _octets(piece: str | bytes) -> bytes:
    return piece.encode() if isinstance(piece, str) else bytes(piece)


def _fields(headers: Mapping[str, str | bytes]) -> Fields:
    """Read header fields, whose characters stand for octets."""
    return tuple((_text(name).lower(), _text(value)) for name, value in headers.items())


def _text(value: str | bytes) -> str:
    return as_text(value.encode("latin-1") if isinstance(value, str) else value)


def _headers(going: Going) -> list[tuple[str, str]]:
    headers = [(name, as_octets(value).decode("latin-1")) for name, value in going.fields]
    if going.length is not None:
        headers.append(("content-length", str(going.length)))
    return headers


def _joined(headers: list[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in headers:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _raw(status: int, headers: list[tuple[str, str]], body: Any, method: str) -> HTTPResponse:
    made = HTTPHeaderDict()
    for name, value in headers:
        made.add(name, value)
    return _Raw(
        body,
        headers=made,
        status=status,
        preload_content=False,
        decode_content=False,
        original_response=cast("Any", _Said(headers)),
        request_method=method,
    )
