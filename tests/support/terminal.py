"""A terminal of 80 columns and 24 lines, as a person has it before them."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pyte

from tests.support.commands import ENVIRONMENT

COLUMNS, LINES = 80, 24
PATIENCE = 60.0  # seconds


class Terminal:
    """A command that runs in a terminal, and what the terminal shows."""

    def __init__(self, command: str, arguments: Sequence[str], folder: Path) -> None:
        """Start a command in a folder."""
        environment = {**ENVIRONMENT, "TERM": "xterm-256color"}
        self.process = pexpect.spawn(
            command,
            list(arguments),
            cwd=str(folder),
            env=environment,
            encoding="utf-8",
            dimensions=(LINES, COLUMNS),
        )
        self.screen = pyte.Screen(COLUMNS, LINES)
        self.stream = pyte.Stream(self.screen)

    def shown(self) -> str:
        """Return the lines on the screen, without the spaces at their ends."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait_for(self, *texts: str) -> str:
        """Wait until all texts are on the screen, each on lines of its own as it is written here; return the screen."""
        end = time.monotonic() + PATIENCE
        while not all(text in self.shown() for text in texts):
            assert time.monotonic() < end, f"{texts} not in:\n{self.shown()}"
            self.read()
        return self.shown()

    def read(self) -> bool:
        """Show what the command printed in the last moment; tell whether it still runs."""
        try:
            self.stream.feed(self.process.read_nonblocking(65536, timeout=0.1))
        except pexpect.TIMEOUT:
            pass
        except pexpect.EOF:
            return False
        return True

    def type(self, text: str) -> None:
        """Replace what stands in the line with a text, and press Enter."""
        self.process.send(f"\x15{text}\r")

    def press_enter(self) -> None:
        """Take what is offered."""
        self.process.send("\r")

    def wait_for_end(self) -> int:
        """Wait until the command ends; return its exit code."""
        end = time.monotonic() + PATIENCE
        while self.read():
            assert time.monotonic() < end, self.shown()
        self.process.close()
        return int(self.process.exitstatus)


@contextmanager
def open_terminal(command: str, *arguments: str, folder: Path) -> Iterator[Terminal]:
    """Run a command in a terminal; it is ended with the block."""
    terminal = Terminal(command, arguments, folder)
    try:
        yield terminal
    finally:
        terminal.process.close(force=True)
