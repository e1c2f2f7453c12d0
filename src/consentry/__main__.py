"""`python -m consentry` is the command `consentry`."""

from consentry.cli import main

main()
