"""Serving: the gates of a policy as supervised processes, with readiness, drain, reload, health and metrics.

The rule: a parent that handles no foreign bytes keeps workers that do. It opens the sockets, reads the policy once for all of
them, and starts anew what dies; a worker serves nobody before it has seen its canary masked, and does not outlive its parent.

>>> from ringfence.serve import parse_address
>>> str(parse_address("127.0.0.1:9090", "--health"))
'127.0.0.1:9090'
"""

from ringfence.serve.addresses import parse_address
from ringfence.serve.control import NotRunning, ask_reload, ask_status
from ringfence.serve.faults import ServeFault
from ringfence.serve.figures import Figures
from ringfence.serve.log import LogFormat
from ringfence.serve.messages import Place
from ringfence.serve.reading import Reading, capture
from ringfence.serve.running import DRAINED, Event, EventKind, Instance, run
from ringfence.serve.slot import GaveUp
from ringfence.serve.status import Reloaded, State, Status, WorkerState, write_status

__all__ = [
    "DRAINED",
    "Event",
    "EventKind",
    "Figures",
    "GaveUp",
    "Instance",
    "LogFormat",
    "NotRunning",
    "Place",
    "Reading",
    "Reloaded",
    "ServeFault",
    "State",
    "Status",
    "WorkerState",
    "ask_reload",
    "ask_status",
    "capture",
    "parse_address",
    "run",
    "write_status",
]
