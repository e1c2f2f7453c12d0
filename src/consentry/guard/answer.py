"""What a caller is told when a call is refused, for the adapters."""

from consentry.gate.answer import REALM, Answer, CallRefusedError, answer_failure, answer_refused

__all__ = ["REALM", "Answer", "CallRefusedError", "answer_failure", "answer_refused"]
