"""From the document's endpoints to an asset's: names read, judgements checked, none there twice.

The rule: an endpoint's name is a method and a path template, or an error at its place; so is one that another one is by another
name. What stands in a wrong name is quoted nowhere: a path may hold what somebody pasted.
"""

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Final

import re2

from ringfence.policy import document as doc
from ringfence.policy.endpoints import BadTemplate, clashes, rivals, segments_of
from ringfence.policy.model import NONE, SCAN, UNKNOWN, Endpoint
from ringfence.policy.problems import Position
from ringfence.policy.tree import Step
from ringfence.taxonomy import CATEGORIES

Known = Callable[[str, tuple[str, ...], str, tuple[Step, ...]], None]
Wrong = Callable[..., None]
PlaceOf = Callable[..., Position]

JUDGEMENTS: Final = (NONE, SCAN, UNKNOWN)
MOST_RIVALS: Final = 1_000
_VALID: Final = (*CATEGORIES, *JUDGEMENTS)
_VALID_SET: Final = frozenset(_VALID)
_METHOD: Final = re2.compile(r"[A-Z]{1,20}")


class EndpointResolver:
    """Reads the endpoints of one policy's assets. `known`, `wrong` and `place_of` report and place."""

    def __init__(self, known: Known, wrong: Wrong, place_of: PlaceOf) -> None:
        self._known = known
        self._wrong = wrong
        self._place_of = place_of

    def endpoints(self, asset: str, written: doc.AssetDocument) -> Mapping[str, Endpoint]:
        """Give an asset's endpoints by their names."""
        for key in ("endpoints", "undeclared"):
            if written.kind != "http" and key in written.model_fields_set:
                mend = f"remove it: an asset of kind {written.kind} has none"
                self._wrong(("assets", asset, key), f"{key} belongs to assets of kind http", mend, of_key=True)
        found = [
            self._endpoint(name, each, ("assets", asset, "endpoints", name)) for name, each in written.endpoints.items()
        ]
        made = [each for each in found if each is not None]
        for first, second in clashes(made):
            at = self._place_of(("assets", asset, "endpoints", first.name), of_key=True)
            what = f"this is the endpoint in {at.file}, line {at.line}: only the names of its parameters differ"
            path: tuple[Step, ...] = ("assets", asset, "endpoints", second.name)
            self._wrong(path, what, "keep one of them", of_key=True)
        if next(islice(rivals(made), MOST_RIVALS, None), None) is not None:
            what = f"more than {MOST_RIVALS} pairs of endpoints that one request could mean both of"
            self._wrong(("assets", asset, "endpoints"), what, "declare endpoints that can be told apart", of_key=True)
        return {each.name: each for each in made}

    def _endpoint(self, name: str, written: doc.EndpointDocument, path: tuple[Step, ...]) -> Endpoint | None:
        method, _, template = name.partition(" ")
        if not _METHOD.fullmatch(method):
            what = "an endpoint whose name is not a method in capitals and a path"
            self._wrong(path, what, "write `GET /customers/{id}`", of_key=True)
            return None
        try:
            segments_of(template)
        except BadTemplate as bad:
            self._wrong(path, bad.what, bad.mend, of_key=True)
            return None
        for way in ("request", "response"):
            for field, judgement in getattr(written, way).items():
                if judgement not in _VALID_SET:
                    self._known(judgement, _VALID, "category", (*path, way, field))
        return Endpoint(method, template, dict(written.request), dict(written.response))
