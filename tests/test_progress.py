"""Lines in a log, bars on a terminal."""

import io
import re

import pytest

from bayescich import progress
from bayescich.progress import ChainReporter, say


def test_a_line_is_stamped_and_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    say("reading the returns")
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"\[ *\d+\.\d s\] reading the returns\n", err)


def test_a_log_gets_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    with ChainReporter([0, 1, 2], 200) as reporter:
        assert "sampling 3 chains of 200 iterations" in capsys.readouterr().err
        reporter.update(0, 50, 0)
        reporter.update(2, 20, 3)
        reporter.refresh()
        assert capsys.readouterr().err == ""
        now += 6
        reporter.refresh()
        line = capsys.readouterr().err
        assert "chain 0 25%" in line
        assert re.search(r"chain 2 10%\D+3 divergent", line)
        reporter.refresh()
        assert capsys.readouterr().err == ""
        reporter.finish(0)
        assert "chain 0 is finished and kept (1 of 3)" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr("sys.stderr", terminal)
    with ChainReporter([0, 3], 200) as reporter:
        reporter.update(3, 100, 2)
        reporter.refresh()
        reporter.finish(0)
        reporter.refresh()
    shown = terminal.getvalue()
    assert "chain 3" in shown
    assert "50%" in shown
    assert "100%" in shown
    assert "2 divergent" in shown
    assert "is finished and kept" not in shown
