"""Browsers: a user agent comes down to a family and a system, on purpose no more.

The whole text, versions and builds, would tell one person from another.
"""

from functools import lru_cache

_FAMILIES = (  # the first that is found; each later one is in the text of others too
    ("HeadlessChrome", "headless Chrome"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("BankApp/", "the bank's app"),
    ("curl/", "a script"),
    ("python", "a script"),
    ("okhttp", "a script"),
    ("Go-http-client", "a script"),
    ("bot", "a bot"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("iOS", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


@lru_cache(maxsize=10_000)
def browser(user_agent: str) -> str:
    """Return what a user agent comes down to.

    >>> browser("Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari/537.36")
    'Chrome on Android'
    >>> browser("python-requests/2.32")
    'a script'
    >>> browser("a telephone")
    'another'
    """
    family = next((name for sign, name in _FAMILIES if sign in user_agent), "another")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    return f"{family} on {system}" if system else family
