"""What tests of allowances share: findings of a text, taken out line by line, as a scan would give them."""

from io import BytesIO

from ringfence.detect import Detector, detector_for
from ringfence.detect.own import Detection
from ringfence.gates.git.allowing import Allowances
from ringfence.gates.git.model import Found, Item, Origin, Scanned, Standing
from ringfence.gates.git.scanning import Digests

DETECTOR: Detector = detector_for(Detection())


def item_of(name: str, text: bytes, origin: Origin = Origin.FILE) -> Item:
    return Item(name, origin, len(text))


def found_in(name: str, text: bytes, digests: Digests | None = None) -> tuple[Found, ...]:
    """Give what stands in a text."""
    found = list[Found]()
    for one in DETECTOR.find(text.decode()):
        start = len(text.decode()[: one.start].encode())
        value = text.decode()[one.start : one.end].encode()
        found.append(
            Found(
                file=name,
                entity=one.entity,
                category=one.category,
                score=one.score,
                evidence=one.evidence,
                standing=Standing.REFUSED,
                line=text.count(b"\n", 0, start) + 1,
                start=start,
                end=start + len(value),
                digest=digests.of(one.entity, value) if digests is not None else "",
            )
        )
    return tuple(found)


def looked_at(
    name: str, text: bytes, allowances: Allowances, digests: Digests | None = None, item: Item | None = None
) -> Scanned:
    """Look at a text as a scan does: opened, read, searched, settled."""
    item = item if item is not None else item_of(name, text)
    reading = allowances.about(item, lambda: BytesIO(text), DETECTOR)
    left_out = reading.left_out()
    if left_out is not None:
        return left_out
    with reading.open() as opened:
        assert opened.read() == text
    return reading.settled(Scanned(item, found_in(name, text, digests), size=len(text)))


def standings(scanned: Scanned) -> list[tuple[str, str, str]]:
    return [(one.standing.value, one.why, one.reason) for one in scanned.found]
