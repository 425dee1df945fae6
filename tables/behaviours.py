"""What each customer has done of late."""

from app.main import app
from app.sketches.behaviour import BehaviourRow, Swept

behaviours = app.checkpointed(
    "behaviours",
    row=BehaviourRow,
    shared=Swept,
    source="customer-activity",
    help="What each customer has done in a day, as acts that others can share.",
)
