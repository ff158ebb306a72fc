"""Repositories that adopt the release setup: a table of them, one for each cause of trouble seen in real ones."""
