"""The failure scenarios: every way in which a release is known to fail.

docs/how-to/troubleshoot.md says for each what the user sees and what to do. `scenarios.yml` says what is broken, and
`test_failures.py` carries it out.
"""
