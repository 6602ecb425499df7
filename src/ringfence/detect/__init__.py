"""Text and bytes in, findings out: where personal data stands, what it is, how sure that is, and why.

The rule: detection is linear in its input, holds no state but a window of a stream, does no I/O, and says nothing of the
values themselves.

>>> [(f.entity, f.start, f.end) for f in Detector().find("write to anna@mail.example today")]
[('EMAIL_ADDRESS', 9, 26)]
>>> [f.evidence for f in Detector().find("Anna", field="customer.first_name")]
[('field:first name',)]
"""

from ringfence.detect._given_names import GIVEN as GIVEN_NAMES
from ringfence.detect._regular import BadPattern
from ringfence.detect._second import Model, Named
from ringfence.detect.classify import OF_PEOPLE, Classified, classify, tells_its_kind
from ringfence.detect.detector import Crowded, Detector, detector_for
from ringfence.detect.finding import Finding
from ringfence.detect.own import AllowList, DenyList, Detection, OwnPattern, OwnRecognizer
from ringfence.detect.recognizers import RECOGNIZERS
from ringfence.detect.stream import Stream

__all__ = [
    "GIVEN_NAMES",
    "OF_PEOPLE",
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
