"""A release publishes what was approved, every failure is explained, and nothing is half done."""
