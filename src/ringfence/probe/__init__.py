"""The probe: attacks on running gates, from outside, as a client would; and what of them got through.

The rule: it reads, and nothing else, unless the policy says `probe: {write: true}`. What it knows of a gate is its address, a
login for each role, and the policy; what must not come back it learns from a reference that the owner lends, or plants
itself.
"""

from ringfence.probe.attacks import attacks
from ringfence.probe.matrix import Cell, Matrix, Verdict
from ringfence.probe.running import Chosen, NothingToAsk, Run, probe

__all__ = ["Cell", "Chosen", "Matrix", "NothingToAsk", "Run", "Verdict", "attacks", "probe"]
