"""Who may send a credential: any bearer, or only whoever proves to hold the key that it is bound to. RFC 9449 §7."""

from consentry.model.access import Reason, Refused

_BOUND = Refused(
    Reason.SENDER_NOT_PROVED,
    "The access token is bound to a key. Send it as Authorization: DPoP, with a proof of that key in the DPoP header.",
)
_NOT_BOUND = Refused(
    Reason.SENDER_NOT_PROVED, "This credential is bound to no key. Send it as Authorization: Bearer, without a proof."
)
_OTHER_KEY = Refused(Reason.SENDER_NOT_PROVED, "The access token is bound to another key than the proof was made with.")


def not_proved(bound_to: str | None, proved: str | None) -> Refused:
    """Return the refusal of a credential that is bound to one key by a caller who proved to hold another, or none.

    Both are thumbprints, and not the same; None stands for no key. *Source:* RFC 9449 §7.1, §7.2.
    """
    if bound_to is None:
        return _NOT_BOUND
    return _BOUND if proved is None else _OTHER_KEY
