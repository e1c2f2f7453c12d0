"""How long a document of others is good, by what its server said: within a floor and a ceiling of ours. RFC 9111.

The floor keeps a stranger from making us fetch on every request, the ceiling keeps a change from waiting for ever.
"""

import re
from collections.abc import Mapping
from datetime import timedelta

FLOOR = timedelta(minutes=1)
CEILING = timedelta(days=1)

_UNSAID = timedelta(minutes=10)
_MAX_AGE = re.compile(r'(?:^|,)\s*max-age\s*=\s*"?([0-9]{1,10})"?\s*(?=,|$)', re.IGNORECASE)
_UNCACHED = re.compile(r"(?:^|,)\s*(?:no-store|no-cache)\s*(?=,|=|$)", re.IGNORECASE)


def freshness(headers: Mapping[str, str]) -> timedelta:
    """Return how long an answer with these headers (names in lower case) is good. *Source:* RFC 9111 §4.2.1, §5.2.2.

    What the server forbids to keep is kept for the floor all the same: one document serves several requests.
    """
    control = headers.get("cache-control", "")
    if _UNCACHED.search(control):
        return FLOOR
    match = _MAX_AGE.search(control)
    if match is None:
        return _UNSAID
    age = headers.get("age", "").strip()
    left = int(match[1]) - (int(age) if age.isascii() and age.isdigit() and len(age) < len("1000000000") else 0)
    return min(max(timedelta(seconds=left), FLOOR), CEILING)
