"""httpx: a client whose requests and their answers cross as through an HTTP gate that is the way out.

    from ringfence.integrations.httpx import RingfenceTransport
    client = httpx.Client(transport=RingfenceTransport(gate="out"))

The rule: what goes to the wrapped transport was released, and goes to an asset that the gate names; what the program gets of the
answer was released. A refusal is an answer, a problem as at the gate (400, 401, 403, 413, 429, 502, 503): `raise_for_status` raises
it. An answer that is cut off in its middle raises `httpx.ReadError`. Each redirect that the client follows is a request of its own.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Final

from ringfence.extras import install_line
from ringfence.gates.http.heads import as_octets, as_text
from ringfence.gates.http.local import Going, Refused, at_once, fields_of
from ringfence.gates.http.media import Fields
from ringfence.integrations._gate import LocalGate, PathLike, told_of
from ringfence.integrations._outgoing import Incoming, Outgoing, Outlet, Pieces, Request

try:
    import httpx
except ImportError as missing:
    raise ImportError(f"this needs the package httpx, which is not installed\n  {install_line('httpx')}") from missing

_KEPT: Final = frozenset({"timeout"})  # of a request's extensions: others lead to another target, or past this
_TOLD: Final = frozenset({"http_version"})  # of an answer's


class RingfenceTransport(httpx.BaseTransport):
    """A transport around another, which is httpx's own unless one is given. `gate` is one of kind http in the policy.

    `policy`, `overlay` and `home` are found as by the command line: RINGFENCE_POLICY, RINGFENCE_OVERLAY and RINGFENCE_HOME, else
    `ringfence.yaml` and `.ringfence` in the current folder.
    """

    def __init__(
        self,
        gate: str,
        transport: httpx.BaseTransport | None = None,
        *,
        policy: PathLike = None,
        overlay: PathLike = None,
        home: PathLike = None,
    ) -> None:
        self._outlet = Outlet(LocalGate(gate, policy, overlay, home))
        self._within = transport if transport is not None else httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and give its answer."""
        stream = request.stream
        if not isinstance(stream, httpx.SyncByteStream):
            raise TypeError("a request of an asynchronous client: use AsyncRingfenceTransport")
        pieces = Pieces(stream)
        try:
            rim = self._outlet.gate.ready_at_once()
            outgoing = at_once(self._outlet.ask(rim, _asked(request), pieces))
        except Exception as error:
            if error is pieces.fault:
                raise
            return _refused(request, error, of_request=True)
        try:
            answer = self._within.handle_request(_sent(request, outgoing, _Sent(outgoing)))
        except BaseException as error:
            outgoing.close()
            if isinstance(error, Refused):  # the rest of the request
                return _refused(request, error, of_request=True)
            raise
        return self._answered(request, outgoing, answer)

    def close(self) -> None:
        """Close the wrapped transport."""
        self._within.close()

    def _answered(self, request: httpx.Request, outgoing: Outgoing, answer: httpx.Response) -> httpx.Response:
        stream = answer.stream
        if not isinstance(stream, httpx.SyncByteStream):
            raise TypeError("the wrapped transport is an asynchronous one")
        pieces = Pieces(stream)
        try:
            incoming = at_once(outgoing.answer(answer.status_code, _fields(answer.headers), pieces))
        except BaseException as error:
            outgoing.close()
            stream.close()
            if error is pieces.fault or not isinstance(error, Exception):
                raise
            return _refused(request, error, of_request=False)
        return _response(request, answer, incoming, _Answer(outgoing, incoming, stream))


class AsyncRingfenceTransport(httpx.AsyncBaseTransport):
    """As `RingfenceTransport`, for an `AsyncClient` under asyncio."""

    def __init__(
        self,
        gate: str,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        policy: PathLike = None,
        overlay: PathLike = None,
        home: PathLike = None,
    ) -> None:
        self._outlet = Outlet(LocalGate(gate, policy, overlay, home))
        self._within = transport if transport is not None else httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and give its answer."""
        stream = request.stream
        if not isinstance(stream, httpx.AsyncByteStream):
            raise TypeError("a request of a synchronous client: use RingfenceTransport")
        pieces = _AsyncPieces(stream)
        try:
            rim = await self._outlet.gate.ready()
            outgoing = await self._outlet.ask(rim, _asked(request), pieces)
        except Exception as error:
            if error is pieces.fault:
                raise
            return _refused(request, error, of_request=True)
        try:
            answer = await self._within.handle_async_request(_sent(request, outgoing, _AsyncSent(outgoing)))
        except BaseException as error:
            outgoing.close()
            if isinstance(error, Refused):  # the rest of the request
                return _refused(request, error, of_request=True)
            raise
        return await self._answered(request, outgoing, answer)

    async def aclose(self) -> None:
        """Close the wrapped transport."""
        await self._within.aclose()

    async def _answered(self, request: httpx.Request, outgoing: Outgoing, answer: httpx.Response) -> httpx.Response:
        stream = answer.stream
        if not isinstance(stream, httpx.AsyncByteStream):
            raise TypeError("the wrapped transport is a synchronous one")
        pieces = _AsyncPieces(stream)
        try:
            incoming = await outgoing.answer(answer.status_code, _fields(answer.headers), pieces)
        except BaseException as error:
            outgoing.close()
            await stream.aclose()
            if error is pieces.fault or not isinstance(error, Exception):
                raise
            return _refused(request, error, of_request=False)
        return _response(request, answer, incoming, _AsyncAnswer(outgoing, incoming, stream))


class _Sent(httpx.SyncByteStream):
    """The request's body, as it goes."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    def __iter__(self) -> Iterator[bytes]:
        piece = self._outgoing.first
        while piece:
            yield piece
            piece = at_once(self._outgoing.rest())


class _AsyncSent(httpx.AsyncByteStream):
    """The request's body, as it goes."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    async def __aiter__(self) -> AsyncIterator[bytes]:
        piece = self._outgoing.first
        while piece:
            yield piece
            piece = await self._outgoing.rest()


class _Answer(httpx.SyncByteStream):
    """The answer's body, as it may be read."""

    def __init__(self, outgoing: Outgoing, incoming: Incoming, stream: httpx.SyncByteStream) -> None:
        self._outgoing = outgoing
        self._incoming = incoming
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        piece = self._incoming.first
        while piece:
            yield piece
            try:
                piece = at_once(self._incoming.rest())
            except Refused:
                raise httpx.ReadError("ringfence cut the answer off") from None

    def close(self) -> None:
        """End it, whether or not it was taken to its end."""
        self._stream.close()
        self._outgoing.close()


class _AsyncAnswer(httpx.AsyncByteStream):
    """The answer's body, as it may be read."""

    def __init__(self, outgoing: Outgoing, incoming: Incoming, stream: httpx.AsyncByteStream) -> None:
        self._outgoing = outgoing
        self._incoming = incoming
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        piece = self._incoming.first
        while piece:
            yield piece
            try:
                piece = await self._incoming.rest()
            except Refused:
                raise httpx.ReadError("ringfence cut the answer off") from None

    async def aclose(self) -> None:
        """End it, whether or not it was taken to its end."""
        try:
            await self._stream.aclose()
        finally:
            self._outgoing.close()


def _asked(request: httpx.Request) -> Request:
    url = request.url
    target = as_text(url.raw_path)
    return Request(request.method, url.scheme, url.raw_host.decode("ascii"), url.port, target, _fields(request.headers))


def _sent(
    request: httpx.Request, outgoing: Outgoing, stream: httpx.SyncByteStream | httpx.AsyncByteStream
) -> httpx.Request:
    headers = _headers(outgoing.going)
    if outgoing.first and outgoing.going.length is None:
        headers.append((b"transfer-encoding", b"chunked"))
    extensions = {name: value for name, value in request.extensions.items() if name in _KEPT}
    url = request.url.copy_with(raw_path=as_octets(outgoing.target))
    return httpx.Request(request.method, url, headers=headers, stream=stream, extensions=extensions)


def _response(
    request: httpx.Request,
    answer: httpx.Response,
    incoming: Incoming,
    stream: httpx.SyncByteStream | httpx.AsyncByteStream,
) -> httpx.Response:
    extensions = {name: value for name, value in answer.extensions.items() if name in _TOLD}
    return httpx.Response(
        answer.status_code, headers=_headers(incoming.going), stream=stream, extensions=extensions, request=request
    )


def _refused(request: httpx.Request, error: Exception, *, of_request: bool) -> httpx.Response:
    """Give a refusal as an answer."""
    told = told_of(error, of_request=of_request)
    body = b"" if request.method == "HEAD" else told.body
    return httpx.Response(told.status, headers=fields_of(told), stream=httpx.ByteStream(body), request=request)


class _AsyncPieces:
    """As `Pieces`, of what is waited for."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._pieces = aiter(stream)
        self.fault: BaseException | None = None

    async def __call__(self) -> bytes:
        """Give the next octets, b"" at the end."""
        try:
            async for piece in self._pieces:
                if piece:
                    return piece
        except BaseException as fault:
            self.fault = fault
            raise
        return b""


def _fields(headers: httpx.Headers) -> Fields:
    return tuple((as_text(name).lower(), as_text(value)) for name, value in headers.raw)


def _headers(going: Going) -> list[tuple[bytes, bytes]]:
    headers = [(as_octets(name), as_octets(value)) for name, value in going.fields]
    if going.length is not None:
        headers.append((b"content-length", str(going.length).encode()))
    return headers
