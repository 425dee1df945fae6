"""A made-up bank: people, places, habits and the fraud that hits them."""
