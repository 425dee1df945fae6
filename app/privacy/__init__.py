"""Privacy: keyed tokens in the place of card numbers."""
