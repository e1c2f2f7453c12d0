"""Write `docs/errors.md` anew from what the code explains."""

from pathlib import Path

from consentry.error_reference import error_reference_markdown

PAGE = Path(__file__).parent.parent / "docs" / "errors.md"

if __name__ == "__main__":
    PAGE.write_text(error_reference_markdown(), encoding="utf-8")
