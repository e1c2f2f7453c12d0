"""Write `docs/conformance.md` anew from what the tests say that they show."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests" / "conformance"))

from conformance_page import conformance_page  # noqa: E402 - found only after the line above

if __name__ == "__main__":
    (ROOT / "docs" / "conformance.md").write_text(conformance_page(), encoding="utf-8")
