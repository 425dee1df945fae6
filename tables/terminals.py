"""What is remembered of each terminal, and of each merchant."""

from app.features.declarations import Declarations
from app.features.merchants import MerchantRow
from app.features.telling import MERCHANT, TURNED, Turned
from app.features.terminals import TerminalRow
from app.main import app

terminals = app.checkpointed(
    "terminals",
    row=TerminalRow,
    shared=Declarations,
    others={MERCHANT: MerchantRow, TURNED: Turned},
    source="terminal-activity",
    help="What is remembered of each terminal, and of merchants: payments and frauds.",
)
