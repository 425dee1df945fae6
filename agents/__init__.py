"""Agents: each reads one topic, calls pure code, and publishes."""
