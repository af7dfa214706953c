"""wrk2 and Nighthawk cannot be installed here: programs that print their documented output stand in for them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from smp_check.errors import MeasurementError
from smp_check.load.port import Load
from smp_check.load.registry import generator_for
from smp_check.spec.histogram import Histogram

RECORDED = Path(__file__).parent / "recorded"
STAND_IN = """#!{python}
import sys
from pathlib import Path
if sys.argv[1:] == ["{flag}"]:
    print({version!r})
else:
    Path({arguments!r}).write_text("\\n".join(sys.argv[1:]))
    sys.stdout.write(Path({output!r}).read_text())
    sys.stderr.write("a line of its log\\n")
    sys.exit({code})
"""
LOAD = Load(client="client-1", urls=("http://127.0.0.1:8080/",), rate=200, connections=8)


def stand_in(folder: Path, name: str, output: Path, *, flag: str, version: str, code: int = 0) -> Path:
    arguments = folder / "arguments"
    text = STAND_IN.format(
        python=sys.executable, flag=flag, version=version, arguments=str(arguments), output=str(output), code=code
    )
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)
    return arguments


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_wrk2(alone: Path) -> None:
    usage = "wrk 4.0.0 [epoll] Copyright (C) 2012 Will Glozer\nUsage: wrk <options> <url>\n  -R, --rate <T>"
    arguments = stand_in(alone, "wrk", RECORDED / "wrk2.txt", flag="-v", version=usage)
    generator = generator_for("wrk2")
    info = generator.probe()
    assert (info.version, info.open_loop) == ("4.0.0", True)
    with generator.session(LOAD) as session:
        sample = session.measure(30.0, lambda tick: None)
    assert {"-R200", "-c8", "-d30s", "--latency"} <= set(arguments.read_text().splitlines())
    assert (sample.counts.sent, sample.counts.ok) == (6001, 5991)
    assert sample.latency.count == 3998, "what wrk2 measured after its calibration"
    assert sample.latency.histogram is not None
    histogram = Histogram.decode(sample.latency.histogram)
    assert histogram.percentile(50) == pytest.approx(0.001201, rel=1e-2)
    assert histogram.percentile(99) == pytest.approx(0.0034, rel=3e-2)
    assert sample.achieved_rps == pytest.approx(199.93)


def test_plain_wrk_is_not_taken_for_wrk2(alone: Path) -> None:
    stand_in(alone, "wrk", RECORDED / "wrk.txt", flag="-v", version="wrk 4.1.0 [epoll]\nUsage: wrk <options> <url>")
    with pytest.raises(MeasurementError, match="is not wrk2") as caught:
        generator_for("wrk2").probe()
    assert "giltene/wrk2" in str(caught.value.hint)
    assert generator_for("wrk").probe().version == "4.1.0"


def test_nighthawk(alone: Path) -> None:
    """It may exit with 1 when requests failed; the output tells how many."""
    version = "Nighthawk client version 0.5.0/abcdef"
    arguments = stand_in(
        alone, "nighthawk_client", RECORDED / "nighthawk.json", flag="--version", version=version, code=1
    )
    generator = generator_for("nighthawk")
    assert generator.probe().version == "0.5.0/abcdef"
    with generator.session(LOAD) as session:
        sample = session.measure(2.0, lambda tick: None)
    words = arguments.read_text().splitlines()
    assert words[words.index("--rps") + 1] == "200"
    assert words[-1] == "http://127.0.0.1:8080/"
    assert (sample.counts.sent, dict(sample.counts.errors)) == (20, {"status": 1})
    assert sample.connections == 2
    assert sample.latency.histogram is not None
    assert any("held up" in warning for warning in sample.warnings)
    assert any("2 of the 8 connections" in warning for warning in sample.warnings)


def test_output_that_is_no_result_fails_with_the_programs_own_words(alone: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text('{"results": [')
    stand_in(alone, "nighthawk_client", broken, flag="--version", version="Nighthawk 0.5.0", code=1)
    with generator_for("nighthawk").session(LOAD) as session, pytest.raises(MeasurementError) as caught:
        session.measure(2.0, lambda tick: None)
    assert "nighthawk failed for http://127.0.0.1:8080/" in caught.value.message
    assert "exit code 1" in caught.value.message
    assert "a line of its log" in caught.value.message


def test_a_version_that_is_not_told_is_found_in_the_program(alone: Path) -> None:
    """Two builds that both say nothing must not look alike."""
    from smp_check.load.adapters.command import built_version

    go, plain, other = alone / "go", alone / "plain", alone / "other"
    go.write_bytes(b"\x00...\nmod\tgithub.com/tsenart/vegeta/v12\tv12.13.0\th1:abc\n\x00")
    plain.write_bytes(b"one")
    other.write_bytes(b"two")
    assert built_version(str(go)) == "12.13.0"
    assert built_version(str(plain)).startswith("build ")
    assert built_version(str(plain)) != built_version(str(other))
