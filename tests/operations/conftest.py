"""The load that revocations are tried under is that of the benchmark, whose files are found where they stand."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent.parent / "bench"))
