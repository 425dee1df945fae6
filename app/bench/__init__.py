"""Bench: the product's figures, measured side by side, one JSON line each."""
