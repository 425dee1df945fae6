"""A made-up bank: people, shops, habits and fraud, the same bytes for the same seed."""
