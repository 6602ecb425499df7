"""The weights that turn what speaks for a hit into a probability, as log-odds. Written by `python -m benchmarks calibration --write`."""

STATES: dict[str, tuple[float, float, float, float]] = {}
SLOPE = 1.0
THRESHOLDS: dict[str, float] = {}
BY_NAME = 0.8
AFTER = 0.0
UNLED = 0.1
AGAINST_FIELD = -1.0
INSIDE = -1.0
