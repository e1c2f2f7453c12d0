"""The steps before and after a check, for the adapters."""

from consentry.gate.gate import Gate, UnknownPermissionError, names_of

__all__ = ["Gate", "UnknownPermissionError", "names_of"]
