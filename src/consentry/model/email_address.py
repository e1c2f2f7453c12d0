"""E-mail addresses as names that people sign in with: one form for each, and nothing that cannot be shown."""

EMAIL_LENGTH = 254


def normalise_email(text: str) -> str:
    """Return the one form in which an address is stored and looked up: trimmed, in lower case."""
    return text.strip().lower()


def find_email_fault(email: str) -> str | None:
    """Return what is wrong with a normalised address, or None.

    Choice: no more of RFC 5321 §4.1.2 than protects us (one `@`, 254 characters, nothing invisible); whether mail
    arrives, only mail can show. Linear in the length, whatever the text (IN-10).
    """
    if not email:
        return "Enter an e-mail address."
    if len(email) > EMAIL_LENGTH:
        return f"The e-mail address is too long: use at most {EMAIL_LENGTH} characters."
    if not email.isprintable() or any(character.isspace() for character in email):
        return "The e-mail address has a space or a character that cannot be seen: type it again without."
    local, at, domain = email.partition("@")
    if not local or not at or not domain or "@" in domain:
        return "The e-mail address must have one @, with something before and after it."
    return None
