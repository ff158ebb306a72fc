"""A repository that exists gets the release setup, and its own files stay as they are."""
