"""Token keys: what tokens are made with, and the key before while it changes."""

from app.errors import SettingError
from app.privacy.envelopes import Keys
from app.privacy.tokens import Tokens
from app.settings import Settings, secret

MOST = 2
"""Keys at a time: tokens of a third could be told from no card."""


def token_keys(settings: Settings) -> dict[str, bytes]:
    """Return the keys by their ids, the newest last.

    Raises:
        SettingError: there is none, or one too many, or one that does not fit.
    """
    if not settings.token_keys:
        return {settings.token_key_id: secret(settings.token_key, "token_key")}
    keys = Keys.parse(settings.token_keys, setting="token_keys").named()
    if len(keys) > MOST:
        message = (
            f"SMARTBANK_TOKEN_KEYS: got {len(keys)} keys, expected the old and the new "
            "one; finish one change before the next"
        )
        raise SettingError(message)
    return keys


def tokens_of(settings: Settings) -> Tokens:
    """Return what makes tokens, with those of the key before while it changes.

    Raises:
        SettingError: there is no key, or one that does not fit.
    """
    tokens: Tokens | None = None
    for key_id, key in token_keys(settings).items():
        tokens = Tokens(key, key_id=key_id, before=tokens)
    if tokens is None:
        message = "SMARTBANK_TOKEN_KEYS: expected a key"
        raise SettingError(message)
    return tokens
