from __future__ import annotations

import pytest

from emo_assets.progress import terminal_progress


def test_the_terminal_shows_a_bar_per_stage_with_its_latest_count(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal_progress() as progress:
        progress("reading", 1, 4)
        progress("writing", 2, 2)
        progress("reading", 3, 5)
    shown = capsys.readouterr()
    last = {line.split(":")[0].strip(): line for line in shown.err.replace("\r", "\n").splitlines() if line}
    assert shown.out == ""
    assert "3/5" in last["reading"]
    assert "2/2" in last["writing"]
