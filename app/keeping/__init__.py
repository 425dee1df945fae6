"""Keeping: for how long each topic and store holds what it holds, and that it does."""
