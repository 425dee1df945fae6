"""What is remembered of each customer."""

from app.features.customers import CustomerRow
from app.features.declarations import Declarations
from app.main import app

customers = app.checkpointed(
    "customers",
    row=CustomerRow,
    shared=Declarations,
    source="customer-activity",
    help="What is remembered of each customer: the payments of the last 31 days.",
)
