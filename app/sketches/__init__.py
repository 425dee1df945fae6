"""Sketches: small summaries of long streams, with bounds on what they get wrong."""
