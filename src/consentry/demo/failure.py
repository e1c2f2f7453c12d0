"""Why the demo cannot start, or had to stop."""


class DemoError(Exception):
    """The demo cannot go on; the text says why and what to do."""
