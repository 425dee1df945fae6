"""What is known of all payments in summary."""

from app.main import app
from app.sketches.rows import Population, SketchRow

sketches = app.checkpointed(
    "sketches",
    row=SketchRow,
    shared=Population,
    source="decisions",
    help="What was seen before, and fair samples: blocks of 16 KiB.",
)
