"""Links: where other pages are that pages lead to."""

from urllib.parse import quote

CUSTOMERS = "/ui/customers/"
SKETCHES = "/ui/sketches"
TRANSACTIONS = "/ui/transactions/"


def customer(identity: str) -> str:
    """Return the address of a customer's page.

    >>> customer("ann/1")
    '/ui/customers/ann%2F1'
    """
    return CUSTOMERS + quote(identity, safe="")


def transaction(identity: str) -> str:
    """Return the address of a payment's page."""
    return TRANSACTIONS + quote(identity, safe="")
