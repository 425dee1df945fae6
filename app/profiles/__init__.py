"""Profiles: who a customer is, from what is remembered and what was decided."""
