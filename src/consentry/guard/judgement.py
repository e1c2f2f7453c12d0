"""What stands in the way of an operation, for the adapters."""

from consentry.gate.judgement import find_refusal

__all__ = ["find_refusal"]
