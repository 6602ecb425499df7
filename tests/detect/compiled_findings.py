"""What a detector finds in a seeded corpus, as lines of JSON: with compiled modules and with plain ones it must be the same.

The corpus: the benchmarks' texts, every example of the tables, examples grown together and mutated, and everything made to be slow.
The first line says whether the detector is compiled.
"""

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

# The modules beside this file's room are looked for in the checkout, those of ringfence where PYTHONPATH says.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from benchmarks import detection
from benchmarks._adversarial import UNITS, prefixes

from ringfence.detect import RECOGNIZERS, Detector
from ringfence.detect import detector as module

_SIZE = 60_000
_MIXED = 6_000
_SIGNS = "0123456789abcXYZ -_./:@%\\\n\x1eé\u0661"
_JOINTS = (" ", "-", "/", ",", "\n", "_", ".", ":", "")


def texts() -> Iterator[bytes]:
    for write in (
        detection._sparse,
        detection._dense,
        detection._access,
        detection._json,
        detection._numbers,
        detection._digits,
    ):
        yield write()[:_SIZE]
    examples = [example.text for recognizer in RECOGNIZERS for example in recognizer.examples]
    yield from (text.encode() for text in examples)
    yield from (unit * (2_000 // len(unit)) for unit in (*UNITS.values(), *prefixes().values()))
    yield from (unit * (140_000 // len(unit)) for unit in list(UNITS.values())[:4])
    rng = random.Random(11)
    for _ in range(_MIXED):
        signs = list(rng.choice(_JOINTS).join(rng.choice(examples) for _ in range(rng.randint(1, 4))))
        for _ in range(rng.randint(0, 4)):
            signs[rng.randrange(len(signs))] = rng.choice(_SIGNS)
        data = "".join(signs).encode()
        yield data[rng.choice((0, 0, 1, 7)) : len(data) - rng.choice((0, 0, 1, 5))]


def main() -> None:
    detector = Detector()
    print(json.dumps(not str(module.__file__).endswith(".py")))
    for data in texts():
        print(json.dumps(detector.find(data)))
    paths = [recognizer.fields[0] if recognizer.fields else "note" for recognizer in RECOGNIZERS]
    values = [recognizer.examples[0].text.encode() for recognizer in RECOGNIZERS]
    print(json.dumps(detector.find_fields(list(zip(paths, values, strict=True)))))
    print(json.dumps(detector.find_many([value.decode() for value in values])))


if __name__ == "__main__":
    main()
