"""Checks and publishes the releases of packages that the Meltano package template created.

`cli` has the commands that the actions and maintainers run. Each command has a module of its subject, and these share
`publisher`, `pypi`, `workflows` and `git`.
"""
