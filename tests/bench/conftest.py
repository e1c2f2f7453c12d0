"""The benchmark's own files are not a package: they are found where they stand."""

import sys
from pathlib import Path

BENCH = Path(__file__).parent.parent.parent / "bench"
sys.path += [str(BENCH), str(BENCH / "peers")]
