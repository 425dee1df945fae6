"""Sensors: what devices send becomes readings, fixes, and news for the bank."""
