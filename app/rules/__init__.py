"""Rules: SQL expressions over the feature vector, checked and evaluated by Polars."""
