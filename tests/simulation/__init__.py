"""An imitation of GitHub and of PyPI, on loopback, for a whole release on this machine.

It knows what the rendered workflows use and nothing more: an action, a key, a function or a variable that is not in its
tables is an error (`UnsupportedError`), never ignored. `run:` steps go to the real bash as GitHub starts it, git is the
real git, and the publishing action runs the real twine. The decisions of GitHub and of PyPI are made here as their
documentation and their source say.

A second engine, act, runs the same workflow files; act.py says what it lacks, and so what only this one can show.
unfriendly_api.py and tracker.py are APIs that a tap reads.
"""
