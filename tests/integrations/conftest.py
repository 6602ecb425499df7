"""What stands before a service in process is tried with the service of the gate's own tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "gates" / "http"))
