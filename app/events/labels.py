"""Labels: what is learnt later about a payment, and how it comes down the log."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from app.events.payments import Id, Instant, type_tag

Remark = Annotated[str, Meta(max_length=256)]


Kind = Literal["chargeback", "verdict", "all-clear"]


class TransactionLabel(
    Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True
):
    """A label of a sender who knows only the transaction, on `labels-by-transaction`.

    Its customer, its terminal and its time are found in the archive; then it is a
    `Label` on the raw topic.
    """

    transaction_id: Id
    labelled_at: Instant
    fraud: bool
    kind: Kind = "verdict"
    scenario: Remark | None = None
    author: Remark | None = None
    synthetic: bool = False


class Label(
    Struct,
    frozen=True,
    gc=False,  # records hold no cycles: the collector need not look
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag="label",
    tag_field=type_tag,
):
    """A chargeback, an analyst's verdict or an all-clear for one payment.

    On the raw topic `labels`, then on `customer-activity` and `terminal-activity`.
    `occurred_at` is the payment's own event time; `labelled_at` is when the label
    became known.
    """

    transaction_id: Id
    customer_id: Id
    terminal_id: Id
    occurred_at: Instant
    labelled_at: Instant
    fraud: bool
    kind: Kind = "chargeback"
    scenario: Remark | None = None
    author: Remark | None = None
    synthetic: bool = False
