"""Asking as a client does: statements by the simple and the extended protocol, results in text and binary, copies, errors, notices.

The rule: a client of its own, over the wire, with no knowledge of the gate. Everything happens in a transaction that is
rolled back, and that is read-only unless the attack writes, and no later than when the next begins. Each statement has a
deadline and a most that is read of its answer; each counts towards a budget and waits for its turn.
"""

import select
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer
from psycopg.conninfo import make_conninfo

from ringfence.probe.attacks import Attack, How
from ringfence.probe.recognising import Reply

CONNECT_SECONDS = 15
STATEMENT_SECONDS = 20.0
MOST_READ = 1 << 20  # bytes of one answer: a table that is copied may have no end
GATES_OWN = (b"ringfence", b"refused by ringfence")  # how the words of a gate begin
LOST = "08006"
REFUSED = "42501"

_FORMATS = {How.EXTENDED: pq.Format.TEXT, How.BINARY: pq.Format.BINARY}
_COPYING = (pq.ExecStatus.COPY_OUT, pq.ExecStatus.COPY_BOTH)


class BudgetSpent(Exception):
    """All statements that the run may make are made."""


class CannotBegin(Exception):
    """No transaction, so nothing was tried."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"no transaction ({code})")


class CannotConnect(Exception):
    """No connection. `code` is the SQLSTATE where the other side gave one; its words are not kept: they may quote a password."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.what = f"a login of the probe gets no connection ({code or 'no answer'})"
        self.mend = "check its address, user and password, and that the gate and the database run"
        super().__init__(f"{self.what}\n  {self.mend}")


@dataclass(slots=True)
class Budget:
    """How many statements a run may make, and how many in a second."""

    left: int
    rate: int
    pause: Callable[[float], None] = field(default=time.sleep, repr=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    made: int = 0
    _next: float = 0.0

    def take(self) -> None:
        """Wait for the turn of one statement. Raises `BudgetSpent`."""
        if self.left <= 0:
            raise BudgetSpent
        self.left -= 1
        self.made += 1
        now = self.clock()
        if self._next > now:
            self.pause(self._next - now)
        self._next = max(self._next, now) + 1 / self.rate


class Client:
    """A connection that is opened when it is needed, and anew where an attack has ended it."""

    def __init__(self, address: str, budget: Budget, parameters: Mapping[str, str] | None = None) -> None:
        self._address = make_conninfo(address, connect_timeout=CONNECT_SECONDS, **(parameters or {}))
        self._budget = budget
        self._open: psycopg.Connection | None = None
        self._notices: list[bytes] = []
        self._began = False  # a transaction is open that an attack has ended with

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._open is not None:
            self._open.close()
            self._open = None
        self._began = False

    def connect(self) -> psycopg.Connection:
        """Give the connection. Raises `CannotConnect`."""
        if self._open is None or self._open.closed:
            self._began = False
            self._budget.take()
            try:
                self._open = psycopg.connect(self._address, autocommit=True, prepare_threshold=None)
            except psycopg.Error as error:
                raise CannotConnect(getattr(error, "sqlstate", None) or "") from None
            self._open.add_notice_handler(lambda notice: self._notices.append(_said_of(notice)))
        return self._open

    def attempt(self, attack: Attack, statements: Sequence[str]) -> list[Reply]:
        """Send an attack's statements, one after the other as far as they run, and undo what they did. Raises `CannotBegin`."""
        begin = "begin" if attack.writes else "begin read only"
        opened = self.ask(f"rollback; {begin}" if self._began else begin)  # one way there and back for both
        if opened.code:
            raise CannotBegin(opened.code)
        replies: list[Reply] = []
        for number, statement in enumerate(statements, 1):
            last = number == len(statements)
            replies.append(self.ask(statement, attack.how, attack.parameters if last else ()))
            if replies[-1].code:
                break
        self._began = self._open is not None
        if attack.writes:
            self.ask("rollback")  # what was written, and what is locked by it, waits for nothing
            self._began = False
        return replies

    def ask(self, statement: str, how: How = How.SIMPLE, parameters: Sequence[str] = ()) -> Reply:
        """Send one statement; give all that came back."""
        connection = self.connect()
        self._budget.take()
        self._notices.clear()
        taken = _Taken()
        try:
            for send in _ways(connection.pgconn, statement, how, parameters):
                send()
                for result in _results(connection.pgconn, taken):
                    taken.take(result, connection)
        except (_TooMuch, TimeoutError):
            self.close()
            taken.code = taken.code or ("" if taken.size >= MOST_READ else "57014")
        except (psycopg.Error, OSError):
            self.close()
            taken.code = taken.code or LOST
        taken.texts += self._notices
        return Reply(taken.code, taken.by_gate, taken.rows, taken.texts)


class _TooMuch(Exception):
    """More came than is read."""


@dataclass(slots=True)
class _Taken:
    code: str = ""
    by_gate: bool = False
    rows: list[list[bytes | None]] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    size: int = 0

    def take(self, result: pq.abc.PGresult, connection: psycopg.Connection) -> None:
        if result.status == pq.ExecStatus.FATAL_ERROR:
            self.code = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"XX000").decode("ascii", "replace")
            parts = [result.error_field(each) for each in pq.DiagnosticField]
            self.by_gate = (result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b"").startswith(GATES_OWN)
            self.texts.append(b"\n".join(part for part in parts if part))
        for row in range(result.ntuples):
            self.rows.append([result.get_value(row, column) for column in range(result.nfields)])
            self.count(sum(len(cell or b"") for cell in self.rows[-1]))
        if result.ntuples and result.fformat(0) == pq.Format.BINARY:
            self.texts += _spelt(result, connection)

    def count(self, size: int) -> None:
        self.size += size
        if self.size > MOST_READ:
            raise _TooMuch


def _ways(line: pq.abc.PGconn, statement: str, how: How, parameters: Sequence[str]) -> Iterator[Callable[[], object]]:
    """Give what has to be sent for a statement, step by step."""
    text = statement.encode()
    given = [one.encode() for one in parameters]
    if how in (How.SIMPLE, How.COPY):
        yield lambda: line.send_query(text)
    elif how is How.PREPARED:
        yield lambda: line.send_prepare(b"probed", text)
        yield lambda: line.send_query_prepared(b"probed", given)
        yield lambda: line.send_query_prepared(b"probed", given, result_format=pq.Format.BINARY)
        yield lambda: line.send_query(b"deallocate probed")
    else:
        yield lambda: line.send_query_params(text, given, result_format=_FORMATS[how])


def _results(line: pq.abc.PGconn, taken: _Taken) -> Iterator[pq.abc.PGresult]:
    deadline = time.monotonic() + STATEMENT_SECONDS
    while True:
        while line.is_busy():
            _wait(line, deadline)
        result = line.get_result()
        if result is None:
            return
        if result.status in _COPYING:
            for piece in _copied(line, deadline):
                taken.texts.append(piece)
                taken.count(len(piece))
        elif result.status == pq.ExecStatus.COPY_IN:
            line.put_copy_end(b"nothing to copy")
        else:
            yield result


def _copied(line: pq.abc.PGconn, deadline: float) -> Iterator[bytes]:
    while True:
        size, piece = line.get_copy_data(1)
        if size < 0:
            return
        if size:
            yield bytes(piece)
        else:
            _wait(line, deadline)


def _wait(line: pq.abc.PGconn, deadline: float) -> None:
    left = deadline - time.monotonic()
    ready, _, _ = select.select([line.socket], [], [], max(0.0, left))
    if not ready:
        raise TimeoutError
    line.consume_input()


def _spelt(result: pq.abc.PGresult, connection: psycopg.Connection) -> list[bytes]:
    """Spell binary values as text, as a driver would."""
    loading = Transformer(connection)
    try:
        loading.set_pgresult(result)
        return [str(value).encode() for row in loading.load_rows(0, result.ntuples, tuple) for value in row]
    except (psycopg.Error, ValueError, ArithmeticError):
        return []  # of a type that the driver does not know: its bytes are searched as they are


def _said_of(notice: psycopg.errors.Diagnostic) -> bytes:
    parts = (notice.message_primary, notice.message_detail, notice.message_hint, notice.context)
    return "\n".join(part for part in parts if part).encode()
