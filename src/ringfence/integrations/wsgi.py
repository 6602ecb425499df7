"""WSGI: an application, in Flask, Django, Bottle or none, whose requests and responses cross as behind the HTTP gate.

    from ringfence.integrations.wsgi import RingfenceMiddleware
    app = RingfenceMiddleware(app, gate="api")

The rule: as in `ringfence.integrations.asgi`. Each request is driven on the thread that the server calls on; the ledger is written
from one thread for all. What a server offers that would lead past this (its socket, a wrapper for files) is taken out of `environ`.

A body of up to 128 KiB has its `CONTENT_LENGTH`, whatever was changed in it. A longer one passes as it comes, without a length that
could be told: `wsgi.input_terminated` says that it is read to its end. Werkzeug and Flask do; Django, which reads nothing without a
length, is served over ASGI.
"""

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import quote, unquote_to_bytes

from ringfence.gates.http.asking import Client
from ringfence.gates.http.edits import RequestHead
from ringfence.gates.http.heads import as_octets, as_text
from ringfence.gates.http.local import (
    PIECE,
    BadMessage,
    Going,
    LocalExchange,
    Message,
    at_once,
    fields_of,
    has_no_body,
)
from ringfence.gates.http.media import Fields
from ringfence.gates.http.targets import normalised
from ringfence.integrations._gate import CutOff, LocalGate, PathLike, told_of

if TYPE_CHECKING:
    from types import TracebackType

Environ: TypeAlias = MutableMapping[str, Any]
ExceptionInfo: TypeAlias = "tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None"
Write: TypeAlias = Callable[[bytes], object]

_LEAD_PAST: Final = ("wsgi.file_wrapper", "wsgi.early_hints", "wsgi.websocket", "gunicorn.socket", "werkzeug.socket")
_TARGETS: Final = ("RAW_URI", "REQUEST_URI")  # of some servers: the request's target as it came
_BARE: Final = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}


StartResponse: TypeAlias = Callable[..., Write]
"""What a server hands to an application: called with a status, header fields and, where an error is answered, what was raised."""

Application: TypeAlias = Callable[[Environ, StartResponse], Iterable[bytes]]


class RingfenceMiddleware:
    """A WSGI application around another. `gate` is one of kind http in the policy; its `upstream` stands for the application.

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

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve what the server hands over."""
        call = _Call(self._gate, environ, start_response)
        try:
            asked = call.ask()
        except Exception as error:  # noqa: BLE001 (the gate's rim: what broke blocks the request)
            call.close()
            return call.refused(error, of_request=True)
        try:
            return call.answered(self._app(asked, call.start))
        except CutOff:
            call.close()
            return call.ending()
        except BaseException:
            call.close()
            raise


class _Call:
    """One request and its answer."""

    def __init__(self, gate: LocalGate, environ: Environ, start_response: StartResponse) -> None:
        self._gate = gate
        self._environ = environ
        self._server_start = start_response
        self._server_write: Write | None = None  # once the head has gone
        self._exchange: LocalExchange | None = None
        self._response: Message | None = None
        self._head: tuple[int, Fields] | None = None  # what the application answers with
        self._problem: list[bytes] | None = None  # what the client is told in the place of an answer
        self.is_over = False
        self.is_cut = False

    # ---------------------------------------------------------------- the request

    def ask(self) -> Environ:
        """Take the head across, and as much of the body as may go at first; give what the application is called with."""
        rim = self._gate.ready_at_once()
        environ = self._environ
        fields = _fields_of(environ)
        if any(name == "upgrade" and value.lower() == "websocket" for name, value in fields):
            raise BadMessage("a WebSocket is not carried")
        path = normalised(_path_of(environ))
        raw = environ.get("QUERY_STRING", "")
        query = as_text(raw.encode("latin-1")) if raw else None
        body = _Input(environ)
        piece = body.read()
        self._exchange = LocalExchange(rim)
        head = RequestHead(environ["REQUEST_METHOD"], path, fields, not piece, query)
        request = at_once(self._exchange.request(head, Client(environ.get("REMOTE_ADDR", ""))))
        pending = [piece] if piece else []

        async def pull() -> bytes:
            return pending.pop() if pending else body.read()

        first = at_once(request.through(pull))
        return self._environ_of(path, request.going(first), _Released(self, request, first, pull))

    def _environ_of(self, path: str, going: Going, body: "_Released") -> Environ:
        environ = {
            name: value
            for name, value in self._environ.items()
            if not name.startswith("HTTP_") and name not in _BARE and name not in _LEAD_PAST
        }
        for name, value in going.fields:
            key = next((key for key, bare in _BARE.items() if bare == name), f"HTTP_{name.upper().replace('-', '_')}")
            environ[key] = as_octets(value).decode("latin-1")
        if going.length is not None:
            environ["CONTENT_LENGTH"] = str(going.length)
        script = environ.get("SCRIPT_NAME", "")
        whole = unquote_to_bytes(path).decode("latin-1")
        environ["PATH_INFO"] = whole.removeprefix(script) if whole.startswith(script) else whole
        if going.query is not None:
            environ["QUERY_STRING"] = as_octets(going.query).decode("latin-1")
        target = f"{path}?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else path
        environ.update({name: target for name in _TARGETS if name in environ})
        environ["wsgi.input"] = body
        environ["wsgi.input_terminated"] = True
        return environ

    # ---------------------------------------------------------------- the answer

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: ExceptionInfo = None, /) -> Write:
        """Take the head of the application's answer; it goes with the first of the body that may."""
        if exc_info is not None and exc_info[1] is not None and self._server_write is not None:
            raise exc_info[1].with_traceback(exc_info[2])
        if self._head is not None and exc_info is None:
            raise RuntimeError("an answer that has begun already")
        self._response = None
        self._head = (int(status[:3]), tuple((_text(name).lower(), _text(value)) for name, value in headers))
        return self._write

    def answered(self, body: Iterable[bytes]) -> "_Answer":
        """Give what the server takes the answer from."""
        return _Answer(self, body)

    def take(self, piece: bytes) -> bytes:
        """Take a piece of the answer, b"" at its end; give what may go, after its head has."""
        if self.is_over:
            raise CutOff("the answer is over")
        try:
            octets = self._crossed(piece)
        except Exception as error:  # noqa: BLE001 (what broke blocks the answer)
            self.refuse(error, of_request=False)
            raise CutOff("the answer was refused") from None
        if not piece:
            self.is_over = True
        return octets

    def _crossed(self, piece: bytes) -> bytes:
        if self._head is None or self._exchange is None:
            raise BadMessage("an answer without its head")
        status, fields = self._head
        method = self._environ["REQUEST_METHOD"]
        if self._response is None:
            self._response = at_once(self._exchange.response(status, fields, is_empty=not piece))
        octets = b""
        if not has_no_body(method, status):
            octets = at_once(self._response.feed(piece) if piece else self._response.end())
        if self._server_write is None and (octets or not piece):
            self._begin(status, _written(self._response.going(octets)))
        return octets

    def _begin(self, status: int, headers: list[tuple[str, str]]) -> None:
        self._server_write = self._server_start(f"{status} {_phrase(status)}", headers)

    def _write(self, piece: bytes) -> None:
        """Take what an application writes rather than returns."""
        octets = self.take(piece) if piece else b""
        if octets and self._server_write is not None:
            self._server_write(octets)

    # ---------------------------------------------------------------- what is refused, and the end

    def refuse(self, error: Exception, *, of_request: bool) -> None:
        """Answer the client in the application's place; cut the answer off where some of it has gone."""
        self.is_over = True
        if self._server_write is not None:
            self.is_cut = True
            return
        told = told_of(error, of_request=of_request)
        self._begin(told.status, list(fields_of(told)))
        self._problem = [] if self._environ["REQUEST_METHOD"] == "HEAD" else [told.body]

    def refused(self, error: Exception, *, of_request: bool) -> Iterable[bytes]:
        """Refuse, and give what the server takes the refusal from."""
        self.refuse(error, of_request=of_request)
        return self.ending()

    def ending(self) -> list[bytes]:
        """Give what the client is told at the end of what was refused. Raises `CutOff` where it can be told nothing more."""
        if self.is_cut:
            raise CutOff("ringfence cut the answer off")
        problem, self._problem = self._problem, None
        return problem or []

    def close(self) -> None:
        """Close what was opened."""
        if self._exchange is not None:
            self._exchange.close()


class _Answer:
    """What the server takes the answer from."""

    def __init__(self, call: _Call, body: Iterable[bytes]) -> None:
        self._call = call
        self._body = body
        self._pieces: Iterator[bytes] = iter(body)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        call = self._call
        try:
            while not call.is_over:
                octets = call.take(self._next())
                if octets:
                    return octets
        except CutOff:
            pass
        for problem in call.ending():
            return problem
        raise StopIteration

    def close(self) -> None:
        """End it, whether or not it was taken to its end."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._call.close()

    def _next(self) -> bytes:
        """Give the next octets, b"" at the end."""
        return next((bytes(piece) for piece in self._pieces if piece), b"")


class _Released:
    """The request's body as the application reads it: what may go, when it may."""

    def __init__(self, call: _Call, request: Message, first: bytes, pull: Callable[[], Any]) -> None:
        self._call = call
        self._request = request
        self._held = bytearray(first)
        self._pull = pull

    def read(self, size: int | None = -1, /) -> bytes:
        """Give so many octets, or all."""
        wanted = -1 if size is None or size < 0 else size
        while (wanted < 0 or len(self._held) < wanted) and self._more():
            pass
        return self._cut(len(self._held) if wanted < 0 else wanted)

    def readline(self, size: int | None = -1, /) -> bytes:
        """Give a line."""
        most = -1 if size is None or size < 0 else size
        searched = 0
        while True:
            end = self._held.find(b"\n", searched)
            if end >= 0 or 0 <= most <= len(self._held):
                break
            searched = len(self._held)
            if not self._more():
                break
        length = end + 1 if end >= 0 else len(self._held)
        return self._cut(length if most < 0 else min(length, most))

    def readlines(self, hint: int = -1, /) -> list[bytes]:
        """Give all lines, or some."""
        lines: list[bytes] = []
        total = 0
        for line in self:
            lines.append(line)
            total += len(line)
            if 0 < hint <= total:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def _cut(self, length: int) -> bytes:
        given = bytes(self._held[:length])
        del self._held[:length]
        return given

    def _more(self) -> bool:
        if self._call.is_over:
            return False
        try:
            octets = at_once(self._request.through(self._pull))
        except Exception as error:  # noqa: BLE001 (what broke blocks the rest of it)
            self._call.refuse(error, of_request=True)
            raise CutOff("the request was refused") from None
        self._held += octets
        return bool(octets)


class _Input:
    """The request's body as the server has it."""

    def __init__(self, environ: Environ) -> None:
        self._input = environ["wsgi.input"]
        length = environ.get("CONTENT_LENGTH") or ""
        chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        to_its_end = chunked or bool(environ.get("wsgi.input_terminated"))
        if length and not (length.isascii() and length.isdigit()):
            raise BadMessage("a length that is no number")
        self._left = int(length) if length else (None if to_its_end else 0)

    def read(self) -> bytes:
        """Give the next octets, b"" at the end. Raises `BadMessage` where the client broke off."""
        if self._left == 0:
            return b""
        octets: bytes = self._input.read(PIECE if self._left is None else min(PIECE, self._left))
        if self._left is not None:
            if not octets:
                raise BadMessage("a body that is cut off")
            self._left -= len(octets)
        return octets


def _fields_of(environ: Environ) -> Fields:
    fields = [
        (name.removeprefix("HTTP_").replace("_", "-").lower(), _text(value))
        for name, value in environ.items()
        if name.startswith("HTTP_")
    ]
    fields += [(bare, _text(environ[name])) for name, bare in _BARE.items() if environ.get(name)]
    return tuple(fields)


def _path_of(environ: Environ) -> str:
    """Give the path as it came, where the server says it; else as what it unescaped would be spelt."""
    whole = (environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1") or b"/"
    for name in _TARGETS:
        path = environ.get(name, "").partition("?")[0]
        if unquote_to_bytes(path) == whole:
            return _text(path)
    return quote(whole, safe="/:@!$&'()*+,;=-._~")


def _text(value: str) -> str:
    """Read a string of WSGI, whose characters stand for octets."""
    return as_text(value.encode("latin-1"))


def _written(going: Going) -> list[tuple[str, str]]:
    headers = [(name, as_octets(value).decode("latin-1")) for name, value in going.fields]
    if going.length is not None:
        headers.append(("content-length", str(going.length)))
    return headers


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"
