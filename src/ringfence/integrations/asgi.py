"""ASGI: an application, in Starlette, FastAPI, Django, Quart or none, whose requests and responses cross as behind the HTTP gate.

    from ringfence.integrations.asgi import RingfenceMiddleware
    app = RingfenceMiddleware(app, gate="api")

The rule: the application is called only when the request's head, and the first of its body or all of it, may go; nothing that it
sends reaches the server unless it was released. What a server offers that would lead past this (files by their path, trailers,
early hints, push) is not offered to the application. WebSockets are refused, as at the gate. Wrap the whole application: what
stands outside of this, an error page of the framework's own among it, is not seen here.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final, TypeAlias, cast
from urllib.parse import quote, unquote_to_bytes

from ringfence.gates.http.asking import Client
from ringfence.gates.http.edits import RequestHead
from ringfence.gates.http.heads import as_octets, as_text
from ringfence.gates.http.local import BadMessage, Going, LocalExchange, Message, Refused, fields_of, has_no_body
from ringfence.gates.http.media import Fields
from ringfence.gates.http.refusing import Told
from ringfence.gates.http.targets import normalised
from ringfence.integrations._gate import CutOff, LocalGate, PathLike, told_of
from ringfence.integrations._scribe import LOG

Scope: TypeAlias = MutableMapping[str, Any]
Event: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[Event], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_OFFERED: Final = frozenset({"tls"})  # extensions that say something and lead nowhere
_GONE: Final = {"type": "http.disconnect"}
_POLICY_VIOLATION: Final = 1008  # RFC 6455, 7.4.1


class _Gone(Exception):
    """The client has gone."""


class RingfenceMiddleware:
    """An ASGI 3 application around another. `gate` is one of kind http in the policy; its `upstream` stands for the application.

    `policy`, `overlay` and `home` are found as by the command line: RINGFENCE_POLICY, RINGFENCE_OVERLAY and RINGFENCE_HOME, else
    `ringfence.yaml` and `.ringfence` in the current folder.
    """

    def __init__(
        self,
        app: Application,
        gate: str,
        *,
        policy: PathLike = None,
        overlay: PathLike = None,
        home: PathLike = None,
    ) -> None:
        self._app = app
        self._gate = LocalGate(gate, policy, overlay, home)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve what the server hands over."""
        match scope["type"]:
            case "http":
                await _Call(self._app, self._gate, scope, receive, send).serve()
            case "lifespan":
                await self._live(scope, receive, send)
            case "websocket":
                await receive()
                await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            case _:
                raise RuntimeError("ringfence passes HTTP only")

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin before the application does, so that no request waits for it; write the last counts after it has ended."""

        async def beginning() -> Event:
            event = await receive()
            if event["type"] == "lifespan.startup":
                try:
                    await self._gate.ready()
                except Refused:  # the log says why; it is tried again when a request comes
                    LOG.warning("gate %s is not ready", self._gate.name)
            return event

        async def ending(event: Event) -> None:
            if event["type"] in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
                await self._gate.write_counts()
            await send(event)

        await self._app(scope, beginning, ending)


class _Call:
    """One request and its answer."""

    def __init__(self, app: Application, gate: LocalGate, scope: Scope, receive: Receive, send: Send) -> None:
        self._app = app
        self._gate = gate
        self._scope = scope
        self._server_receive = receive
        self._server_send = send
        self._exchange: LocalExchange | None = None
        self._request: Message | None = None
        self._response: Message | None = None
        self._first: bytes | None = None  # of the request's body, for the application
        self._came_all = False
        self._head: Event | None = None  # what the application answers with
        self._is_sent = False  # the head has gone to the client
        self._is_over = False  # the answer is whole, or will never be
        self._is_cut = False
        self._receiving = asyncio.Lock()
        self._sending = asyncio.Lock()

    async def serve(self) -> None:
        """Take the request to the application, and its answer to the client."""
        try:
            scope = await self._ask()
        except _Gone:
            self._close()
            return
        except Exception as error:  # noqa: BLE001 (the gate's rim: what broke blocks the request)
            await self._refuse(error, of_request=True)
            self._close()
            return
        except BaseException:
            self._close()
            raise
        try:
            await self._app(scope, self._receive, self._send)
        except Exception:
            if not self._is_over:
                raise
        finally:
            self._close()
        if self._is_cut:
            raise CutOff("ringfence cut the answer off")

    # ---------------------------------------------------------------- the request

    async def _ask(self) -> Scope:
        """Take the head across, and as much of the body as may go at first; give what the application is called with."""
        rim = await self._gate.ready()
        scope = self._scope
        fields = _fields(scope["headers"])
        if any("_" in name for name, _ in fields):
            raise BadMessage("a header field with an underscore in its name")
        path = normalised(as_text(_raw_path(scope)))
        raw_query = scope.get("query_string", b"")
        query = as_text(raw_query) if raw_query else None
        piece = await self._pull()
        self._exchange = LocalExchange(rim)
        head = RequestHead(scope["method"], path, fields, not piece, query)
        self._request = message = await self._exchange.request(head, _client(scope))
        pending = [piece] if piece else []

        async def pull() -> bytes:
            return pending.pop() if pending else await self._pull()

        self._first = await message.through(pull)
        return self._scope_of(path, message.going(self._first))

    def _scope_of(self, path: str, going: Going) -> Scope:
        scope = dict(self._scope)
        raw = path.encode("ascii")
        if raw != _raw_path(self._scope):
            scope["raw_path"] = raw
            scope["path"] = unquote_to_bytes(path).decode("utf-8", "surrogateescape")
        if going.query is not None:
            scope["query_string"] = as_octets(going.query)
        scope["headers"] = _written(going)
        offered = scope.get("extensions") or {}
        scope["extensions"] = {name: offered[name] for name in offered if name in _OFFERED}
        return scope

    async def _pull(self) -> bytes:
        """Take the next octets of the request's body, b"" at its end."""
        while not self._came_all:
            event = await self._server_receive()
            if event["type"] == "http.disconnect":
                raise _Gone
            self._came_all = not event.get("more_body", False)
            piece: bytes = event.get("body", b"")
            if piece:
                return piece
        return b""

    async def _receive(self) -> Event:
        """Give the application the next of the request."""
        async with self._receiving:
            if self._is_over or self._request is None:
                return dict(_GONE)
            if self._first is not None:
                octets, self._first = self._first, None
                return _body(octets, more=not self._request.ended)
            if self._request.ended:
                return await self._server_receive()
            try:
                octets = await self._request.through(self._pull)
            except _Gone:
                self._is_over = True
                return dict(_GONE)
            except Exception as error:  # noqa: BLE001 (what broke blocks the rest of it)
                await self._refuse(error, of_request=True)
                return dict(_GONE)
            return _body(octets, more=not self._request.ended)

    # ---------------------------------------------------------------- the answer

    async def _send(self, event: Event) -> None:
        """Take what the application sends."""
        async with self._sending:
            self._check_goes_on()
            match event["type"]:
                case "http.response.start" if self._head is None:
                    self._head = event
                case "http.response.body" if self._head is not None:
                    await self._answer(event.get("body", b""), more=event.get("more_body", False))
                case "http.response.trailers":
                    pass  # they are taken off, as at the gate
                case _:
                    raise RuntimeError("the application sent what ringfence does not pass on")

    async def _answer(self, piece: bytes, *, more: bool) -> None:
        try:
            going, octets = await self._crossed(bytes(piece), more=more)
        except Exception as error:  # noqa: BLE001 (what broke blocks the answer)
            await self._refuse(error, of_request=False)
            raise CutOff("the answer was refused") from None
        self._check_goes_on()
        if going is not None:
            self._is_sent = True
            await self._server_send({"type": "http.response.start", "status": self._status, "headers": _written(going)})
            self._check_goes_on()
        if octets or not more:
            self._is_over = not more
            await self._server_send({"type": "http.response.body", "body": octets, "more_body": more})

    def _check_goes_on(self) -> None:
        """See, after each wait, that the rest of the request was not refused meanwhile. Raises `CutOff`."""
        if self._is_over:
            raise CutOff("the answer is over")

    async def _crossed(self, piece: bytes, *, more: bool) -> tuple[Going | None, bytes]:
        """Take a piece of the answer across; give the head, where it goes now, and what goes after it."""
        if self._response is None:
            if not piece and more:
                return None, b""
            self._response = await self._begun(is_empty=not piece)
        message = self._response
        octets = b""
        if not has_no_body(self._scope["method"], self._status):
            octets = await message.feed(piece) if piece else b""
            octets += b"" if more else await message.end()
        going = message.going(octets) if not self._is_sent and (octets or not more) else None
        return going, octets

    async def _begun(self, *, is_empty: bool) -> Message:
        head, exchange = self._head, self._exchange
        if head is None or exchange is None:
            raise RuntimeError("an answer without its head")
        return await exchange.response(self._status, _fields(head.get("headers", ())), is_empty=is_empty)

    @property
    def _status(self) -> int:
        return cast("int", self._head["status"]) if self._head is not None else 0

    # ---------------------------------------------------------------- what is refused, and the end

    async def _refuse(self, error: Exception, *, of_request: bool) -> None:
        """Answer the client in the application's place; cut the answer off where some of it has gone."""
        self._is_over = True
        told = told_of(error, of_request=of_request)
        if self._is_sent:
            self._is_cut = True
            return
        self._is_sent = True
        headers = [(name.encode(), value.encode()) for name, value in fields_of(told)]
        await self._server_send({"type": "http.response.start", "status": told.status, "headers": headers})
        await self._server_send(_answer_body(told, self._scope["method"]))

    def _close(self) -> None:
        if self._exchange is not None:
            self._exchange.close()


def _fields(headers: Iterable[tuple[bytes, bytes]]) -> Fields:
    return tuple((as_text(name).lower(), as_text(value)) for name, value in headers)


def _client(scope: Scope) -> Client:
    """Say what the server knows of the client: its address, and the certificate that the server itself has verified."""
    address = str((scope.get("client") or ("",))[0] or "")
    tls = (scope.get("extensions") or {}).get("tls") or {}
    chain = list(tls.get("client_cert_chain") or ())
    if tls.get("client_cert_error"):
        return Client(address, b"")
    return Client(address, _der(chain[0]) if chain else None)


def _der(pem: str) -> bytes:
    """Read a certificate; b"" where it is none: somebody showed one, and it is not taken for none."""
    try:
        return ssl.PEM_cert_to_DER_cert(pem.strip())
    except ValueError:
        return b""


def _raw_path(scope: Scope) -> bytes:
    """Give the path as it came, without a query; where the server does not say it, as it would be spelt."""
    raw: bytes = scope.get("raw_path") or b""
    return raw.partition(b"?")[0] or quote(scope["path"], safe="/:@!$&'()*+,;=-._~", errors="surrogateescape").encode()


def _written(going: Going) -> list[tuple[bytes, bytes]]:
    headers = [(as_octets(name), as_octets(value)) for name, value in going.fields]
    if going.length is not None:
        headers.append((b"content-length", str(going.length).encode()))
    return headers


def _body(octets: bytes, *, more: bool) -> Event:
    return {"type": "http.request", "body": octets, "more_body": more}


def _answer_body(told: Told, method: str) -> Event:
    return {"type": "http.response.body", "body": b"" if method == "HEAD" else told.body, "more_body": False}
