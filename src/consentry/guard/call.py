"""The call that asks to be let in, for the adapters."""

from consentry.gate.call import Call, call_of, call_of_environ, read_bearer

__all__ = ["Call", "call_of", "call_of_environ", "read_bearer"]
