"""Sinks: the stores that decisions are delivered to, and how they are."""
