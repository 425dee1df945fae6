"""Rekeying: tokens of the key before, rewritten in each kind of store."""
