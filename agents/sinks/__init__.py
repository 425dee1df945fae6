"""Sinks: where decisions are delivered to."""
