"""Features: state rows that learn, and the catalogue that names what they say."""
