"""A repository that exists gets the release setup, and nothing of its own is touched."""
