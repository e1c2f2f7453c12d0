"""A list of any length on standard output, written a page at a time."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from consentry.cli.shown_values import Item, cell, heading, json_text

_WIDTH_UNLESS_A_TERMINAL = 200


@dataclass(slots=True)
class ShownList:
    """Writes one JSON array on one line with `as_json`, otherwise a table for a person, as `show` writes a short one.

    The columns of the table are those of the first row, and as wide as the first page needs; where a later page needs
    more, its rows are wider.
    """

    as_json: bool
    _begun: bool = False
    _widths: dict[str, int] = field(default_factory=dict)

    def add(self, items: Sequence[Item]) -> None:
        """Write these, after those that came before."""
        if not items:
            return
        if self.as_json:
            written = ", ".join(json.dumps(item, ensure_ascii=False, default=json_text) for item in items)
            sys.stdout.write(f"{', ' if self._begun else '['}{written}")
        else:
            self._add_rows([{key: cell(value) for key, value in item.items()} for item in items])
        self._begun = True

    def end(self) -> None:
        """Write what ends the list. Left out where a page could not be read: the JSON shows that it is not whole."""
        if self.as_json:
            sys.stdout.write("]\n" if self._begun else "[]\n")
        elif not self._begun:
            sys.stdout.write("None.\n")
        sys.stdout.flush()

    def _add_rows(self, rows: Sequence[Mapping[str, str]]) -> None:
        # Loaded here because most commands write no table, and Rich is slow to load.
        from rich.cells import cell_len  # noqa: PLC0415 - see above
        from rich.console import Console  # noqa: PLC0415 - see above
        from rich.table import Table  # noqa: PLC0415 - see above
        from rich.text import Text  # noqa: PLC0415 - see above

        if not self._begun:
            self._widths = {
                key: max(cell_len(heading(key)), *(cell_len(row.get(key, "")) for row in rows)) for key in rows[0]
            }
        table = Table(box=None, pad_edge=False, header_style="bold", show_header=not self._begun)
        console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else _WIDTH_UNLESS_A_TERMINAL)
        # Wider columns than fit are wrapped, by Rich, each page for itself.
        fits = sum(self._widths.values()) + len(self._widths) < console.width
        for key, width in self._widths.items():
            # Identifiers are copied into the next command, so they keep to one line.
            table.add_column(
                heading(key), no_wrap=key.endswith("id"), overflow="fold", min_width=width if fits else None
            )
        for row in rows:
            table.add_row(*(Text(row.get(key, cell(None))) for key in self._widths))
        console.print(table)
