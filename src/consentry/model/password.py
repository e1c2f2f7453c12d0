"""What a password must be. Length is what counts (NIST SP 800-63B §3.1.1.2): no rules about kinds of characters."""

from consentry.model.secret import Secret

PASSWORD_CHARACTERS_LEAST = 12
PASSWORD_BYTES_MOST = 1024


def find_password_fault(password: Secret, *, email: str) -> str | None:
    """Return what is wrong with a new password of the user with this (normalised) address, or None."""
    text = password.reveal()
    if len(text) < PASSWORD_CHARACTERS_LEAST:
        return f"The password is too short: use at least {PASSWORD_CHARACTERS_LEAST} characters."
    if not is_hashable_password(password):
        return f"The password is too long or not valid text: use at most {PASSWORD_BYTES_MOST} bytes."
    if text.strip().lower() == email:
        return "The password is the e-mail address: choose another."
    return None


def is_hashable_password(password: Secret) -> bool:
    """Tell whether the text can be a password at all: valid text without NUL, and no longer than the limit."""
    text = password.reveal()
    if "\0" in text or len(text) > PASSWORD_BYTES_MOST:
        return False
    try:
        return len(text.encode()) <= PASSWORD_BYTES_MOST
    except UnicodeEncodeError:
        return False
