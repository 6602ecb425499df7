"""The log gate: streams of lines taken across a boundary window by window, and single payloads taken as one.

The rule: no byte of a stream is written before the crossing of its window released it.
"""

from ringfence.gates.logs.child import STDERR, STDOUT, run_child
from ringfence.gates.logs.payload import serve_payload
from ringfence.gates.logs.reading import Source
from ringfence.gates.logs.stream import LogGate, serve_stream
from ringfence.gates.logs.writing import Sink

__all__ = ["STDERR", "STDOUT", "LogGate", "Sink", "Source", "run_child", "serve_payload", "serve_stream"]
