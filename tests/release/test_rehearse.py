"""The action `rehearse` passes if PyPI's answer is the one that the job expects, and says what to do if it is not."""

from pathlib import Path

import pytest

from tests.support.steps import run_step

UNCLEAR = "PyPI gave no clear answer"
ANSWERS = [  # what the job expects, what uv prints if it fails, the answer, and the error
    ("accepted", "", "accepted", ""),
    ("refused", "", "accepted", "PyPI accepts a token without the environment"),
    ("refused", 'PyPI says "invalid-publisher"', "refused", ""),
    ("accepted", 'PyPI says "invalid-publisher"', "refused", "PyPI knows no publisher for this run's token"),
    ("refused", 'PyPI says "invalid-pending-publisher"', "", UNCLEAR),
    ("accepted", "error sending request", "", UNCLEAR),
]


@pytest.mark.parametrize(("expected", "printed", "answer", "error"), ANSWERS)
def test_a_job_passes_with_the_answer_that_it_expects(
    expected: str, printed: str, answer: str, error: str, tmp_path: Path
) -> None:
    """Only a refusal of the publisher counts as one; the answer is an output, and what uv prints is shown."""
    uv = tmp_path / "meltano-release/uv/bin/uv"
    uv.parent.mkdir(parents=True)
    uv.write_text(f"#!/bin/sh\necho '{printed}' >&2\nexit {int(bool(printed))}\n", encoding="utf-8")
    uv.chmod(0o755)
    (tmp_path / "meltano-release/index").touch()
    variables = {"EXPECTED": expected, "GITHUB_OUTPUT": str(tmp_path / "output")}
    step = "Exchange a token for PyPI's and discard it"
    done = run_step("rehearse", step, tmp_path, tmp_path, check=False, env=variables)
    assert (tmp_path / "output").read_text(encoding="utf-8") == f"answer={answer}\n"
    assert done.returncode == int(bool(error))
    assert printed in done.stdout
    assert ("::error title=Dry run::" in done.stdout, error in done.stdout) == (bool(error), True)
