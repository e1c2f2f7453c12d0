"""The reference of error codes as Markdown: `docs/errors.md`, and what the server says at `/docs/errors.md`."""

from collections.abc import Iterable, Sequence

from consentry.model.error_guide import PAGE_ERRORS, PROTOCOL_ERRORS
from consentry.model.refusal_guide import PROBLEMS, REFUSALS, Explanation

REFUSALS_INTRODUCTION = (
    "What a guarded API answers, in `reason`; and the management API, in `code`. The codes are stable, and every "
    "answer links to its row here."
)
PROBLEMS_INTRODUCTION = (
    "What else the management API answers in `code`. Its answers are problem details (RFC 9457); `detail` says what "
    "exactly was wrong."
)
PROTOCOL_INTRODUCTION = (
    "The `error` of every endpoint under `/oauth` and of the addresses that apps are sent back to. The "
    "`error_description` beside it says what exactly was wrong."
)
PAGES_INTRODUCTION = (
    "A request whose client or redirect URI is wrong is never sent back to the app. The page shows one of these codes, "
    "and the request's ID."
)


def error_reference_markdown() -> str:
    """Return the whole page as Markdown."""
    parts = [
        "# Error codes",
        "Every code that Consentry may send, what it means, and what the developer of an app does about it.",
        "## Refusals",
        REFUSALS_INTRODUCTION,
        _explained("reason", REFUSALS),
        "## The management API",
        PROBLEMS_INTRODUCTION,
        _explained("code", PROBLEMS),
        "## OAuth",
        PROTOCOL_INTRODUCTION,
        table(
            ("error", "means", "what to do", "from"),
            [(f"`{one.code}`", one.means, one.remedy, one.source) for one in PROTOCOL_ERRORS],
        ),
        "## On our own pages",
        PAGES_INTRODUCTION,
        table(("code", "means", "what to do"), [(f"`{code}`", means, remedy) for code, means, remedy in PAGE_ERRORS]),
    ]
    return "\n\n".join(parts) + "\n"


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table. A bar in a cell stays text."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines)


def _explained(name: str, explanations: Iterable[Explanation]) -> str:
    rows = [
        (
            f"`{one.code}`",
            str(one.status),
            "" if one.error is None else f"`{one.error}`",
            one.means,
            one.remedy,
        )
        for one in explanations
    ]
    return table((name, "status", "`error`", "means", "what to do"), rows)
