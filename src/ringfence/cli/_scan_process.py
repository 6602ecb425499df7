"""How a process ends that looks at what people's files hold: at once, with the processes that it began, and without a trace.

The rule: values are in its memory, so no image of that is left behind; and every way of being ended is taken as Ctrl-C is.
"""

import resource
import signal
from types import FrameType


def end_without_a_trace() -> None:
    """Set this process so. A signal that whoever began it has it ignore stays ignored, as under nohup."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (a signal handler's)
    """Take every way of being ended as Ctrl-C is taken: processes end, and no draft stays."""
    raise KeyboardInterrupt
