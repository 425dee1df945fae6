"""What is remembered of each terminal."""

from app.features.declarations import Declarations
from app.features.terminals import TerminalRow
from app.main import app

terminals = app.checkpointed(
    "terminals",
    row=TerminalRow,
    shared=Declarations,
    source="terminal-activity",
    help="What is remembered of each terminal: payments and frauds of 38 days.",
)
