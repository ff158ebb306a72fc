"""Releases by bots, as the how-to says, on act."""
