"""A terminal of 80 columns and 24 lines, as a person has it before them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pexpect
import pyte

from tests.support.commands import ENVIRONMENT

COLUMNS, LINES = 80, 24
PATIENCE = 60.0  # seconds


class Terminal:
    """A command that runs in a terminal, and what the terminal shows."""

    def __init__(self, process: pexpect.spawn) -> None:
        """Show what a process prints."""
        self.process = process
        self.screen = pyte.Screen(COLUMNS, LINES)
        self.stream = pyte.Stream(self.screen)

    def shown(self) -> str:
        """Return the lines on the screen, without the spaces at their ends."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait_for(self, *texts: str) -> str:
        """Wait until all texts are on the screen, each on separate lines as it is written here; return the screen.

        Without a text, wait for the end of the command.
        """
        end = time.monotonic() + PATIENCE
        with suppress(pexpect.EOF):
            while not texts or not all(text in self.shown() for text in texts):
                assert time.monotonic() < end, f"{texts} not in:\n{self.shown()}"
                with suppress(pexpect.TIMEOUT):
                    self.stream.feed(self.process.read_nonblocking(65536, timeout=0.1))
        assert all(text in self.shown() for text in texts), f"{texts} not in:\n{self.shown()}"
        return self.shown()

    def type(self, text: str) -> None:
        """Replace the text of the line, and press Enter; without a text, accept the default."""
        self.process.send(f"\x15{text}\r" if text else "\r")

    def exit_code(self) -> int:
        """Wait until the command ends; return its exit code."""
        self.wait_for()
        self.process.close()
        return int(self.process.exitstatus)


@contextmanager
def copier_in_terminal(template: Path, destination: str, folder: Path) -> Iterator[Terminal]:
    """Run `copier copy` in a terminal; it is ended with the block."""
    environment = {**ENVIRONMENT, "TERM": "xterm-256color"}
    options = {"cwd": str(folder), "env": environment, "encoding": "utf-8", "dimensions": (LINES, COLUMNS)}
    process = pexpect.spawn("copier", ["copy", str(template), destination], **options)
    try:
        yield Terminal(process)
    finally:
        process.close(force=True)
