"""This repository: its documentation, its scripts, its locks, its CI."""
