"""What the tests share."""

from . import source

source.fill()
