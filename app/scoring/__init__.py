"""Scoring: from feature vectors and a ruleset to decisions."""
