"""Sources: files and simulations that payments are replayed from."""
