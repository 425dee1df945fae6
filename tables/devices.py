"""What is remembered of each device that sends readings."""

from app.main import app
from app.sensors.row import DeviceRow

devices = app.checkpointed(
    "devices",
    row=DeviceRow,
    source="sensor-readings",
    help="What is remembered of each device: which messages came, its last fixes.",
)
