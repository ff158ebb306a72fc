"""The release gate accepts what PyPI accepts, and refuses what PyPI refuses."""
