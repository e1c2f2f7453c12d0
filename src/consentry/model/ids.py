"""Identifiers: time-ordered, readable, and the same in the database, in URLs and in credentials.

An identifier is 22 base62 characters of 48 bits of milliseconds since the epoch and 80 random bits, so that new rows
are appended to an index rather than scattered over it. Records that people see carry a prefix that names their kind.
"""

from typing import NewType

OrganisationId = NewType("OrganisationId", str)
UserId = NewType("UserId", str)
AppId = NewType("AppId", str)
ClientId = NewType("ClientId", str)
SecretId = NewType("SecretId", str)
ConnectionId = NewType("ConnectionId", str)
ApiKeyId = NewType("ApiKeyId", str)
OperatorId = NewType("OperatorId", str)
ResourceId = NewType("ResourceId", str)
SessionId = NewType("SessionId", str)
EventId = NewType("EventId", str)
RequestId = NewType("RequestId", str)
PushedRequestId = NewType("PushedRequestId", str)
DeviceCodeId = NewType("DeviceCodeId", str)
CodeId = NewType("CodeId", str)
FamilyId = NewType("FamilyId", str)
TokenId = NewType("TokenId", str)

ORGANISATION, USER, APP, SECRET, CONNECTION = "org_", "usr_", "app_", "sec_", "con_"
API_KEY, OPERATOR, RESOURCE, EVENT = "key_", "opr_", "res_", "evt_"

RANDOM_BYTES = 10
ID_LENGTH = 22

# In ASCII order, so that text of one length sorts as the numbers do.
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)


def base62(number: int, length: int) -> str:
    """Return `number` in base62, padded with zeros to `length` characters (the highest digits are cut)."""
    text = ""
    while len(text) < length:
        # Four digits at a time: dividing what is longer than a machine word is what costs.
        number, four = divmod(number, 14_776_336)
        text = PAIRS[four // 3844] + PAIRS[four % 3844] + text
    return text[-length:]


def encode_id(milliseconds: int, randomness: bytes) -> str:
    """Return the 22 characters of an identifier made at `milliseconds` since the epoch with 10 random bytes."""
    if len(randomness) != RANDOM_BYTES:
        raise ValueError("An identifier takes exactly ten random bytes.")
    return base62((milliseconds << 80) | int.from_bytes(randomness, "big"), ID_LENGTH)
