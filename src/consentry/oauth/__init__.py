"""The words of the OAuth RFCs as pure functions and frozen values: no I/O, no clock, no randomness."""
