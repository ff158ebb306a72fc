"""The failure scenarios: every way in which a release is known to fail.

`table.py` says for each what is broken, what the user sees and what to do. `test_failures.py` carries them out, and
`docs/how-to/troubleshoot.md` is the table as a page: `python -m tests.release.scenarios` writes it.
"""
