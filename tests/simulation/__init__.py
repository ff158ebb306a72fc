"""An imitation of GitHub and of PyPI, on loopback, for a whole release on this machine.

act runs the workflow files; act.py says what it lacks. The imitation knows what the rendered workflows use and nothing
more: an action, a key or a variable that it does not know fails the test. git is the real
git, and the publishing action runs the real twine. The decisions of GitHub and of PyPI are made here as their
documentation and their source say. unfriendly_api.py and tracker.py are APIs that a tap reads.
"""
