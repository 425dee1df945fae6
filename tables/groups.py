"""Which customers move together."""

from app.main import app
from app.sketches.group_rows import GroupRow, SharedGroups

groups = app.checkpointed(
    "groups",
    row=GroupRow,
    shared=SharedGroups,
    source="behaviours",
    partitions=1,
    help="Which customers move together, and what each was last told of doing.",
)
