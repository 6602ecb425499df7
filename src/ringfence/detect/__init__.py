"""Text and bytes in, findings out: where personal data stands, what it is, how sure that is, and why.

The rule: detection is linear in its input, holds no state but a window of a stream, does no I/O, and says nothing of the
values themselves. Importing this package loads what finding needs: classifying, models of names and the reader of users'
patterns are loaded when they are first named.

>>> [(f.entity, f.start, f.end) for f in Detector().find("write to anna@mail.example today")]
[('EMAIL_ADDRESS', 9, 26)]
>>> [f.evidence for f in Detector().find("Anna", field="customer.first_name")]
[('field:first name',)]
"""

from typing import TYPE_CHECKING

from ringfence.detect._documentation import PUBLISHED_CARDS
from ringfence.detect.detector import Crowded, Detector, detector_for
from ringfence.detect.finding import Finding
from ringfence.detect.own import AllowList, DenyList, Detection, OwnPattern, OwnRecognizer
from ringfence.detect.recognizers import RECOGNIZERS
from ringfence.detect.stream import Stream

if TYPE_CHECKING:
    from ringfence.detect._given_names import GIVEN as GIVEN_NAMES
    from ringfence.detect._regular import BadPattern
    from ringfence.detect._second import Model, Named
    from ringfence.detect.classifying import OF_PEOPLE, Classified, classify, tells_its_kind

__all__ = [
    "GIVEN_NAMES",
    "OF_PEOPLE",
    "PUBLISHED_CARDS",
    "RECOGNIZERS",
    "AllowList",
    "BadPattern",
    "Classified",
    "Crowded",
    "DenyList",
    "Detection",
    "Detector",
    "Finding",
    "Model",
    "Named",
    "OwnPattern",
    "OwnRecognizer",
    "Stream",
    "classify",
    "detector_for",
    "tells_its_kind",
]

_LATER = {
    "GIVEN_NAMES": ("_given_names", "GIVEN"),
    "BadPattern": ("_regular", "BadPattern"),
    "Model": ("_second", "Model"),
    "Named": ("_second", "Named"),
    "OF_PEOPLE": ("classifying", "OF_PEOPLE"),
    "Classified": ("classifying", "Classified"),
    "classify": ("classifying", "classify"),
    "tells_its_kind": ("classifying", "tells_its_kind"),
}


def __getattr__(name: str) -> object:
    """Load what finding does not need when it is first named."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, known = _LATER[name]
    return getattr(import_module(f"{__name__}.{module}"), known)
