"""Where our own log lines go: events with fields, by structlog, which is loaded for the first line.

structlog brings a terminal's renderer with it, as large as a third of everything else that a server loads, and most
processes never write a line.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Log:
    """The log of one module. A line is an event's name and fields; no field may hold a secret."""

    module: str

    def warning(self, event: str, **fields: object) -> None:
        """Write that something did not go as it should, and will be tried again."""
        self._logger().warning(event, **fields)

    def error(self, event: str, **fields: object) -> None:
        """Write that something failed, and somebody was told so."""
        self._logger().error(event, **fields)

    def critical(self, event: str, **fields: object) -> None:
        """Write that a part of the whole is down."""
        self._logger().critical(event, **fields)

    def _logger(self) -> Any:
        import structlog  # noqa: PLC0415 - see the module's text

        return structlog.get_logger(self.module)
