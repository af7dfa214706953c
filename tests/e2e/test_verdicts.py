"""Verdicts through the command line: confirmation, acceptance, recomputation, trends and series of other projects."""

from __future__ import annotations

import json
import math
import random
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from smp_check.spec.result import document_json
from tests.verdict.building import noisy_run


def stored(tool: Any, count: int = 10, p50: float = 0.002, first: int = 0) -> Path:
    """A folder of run documents, as `smp-check baseline export` or `import` leave them."""
    folder: Path = tool.folder / "runs"
    folder.mkdir(exist_ok=True)
    for number in range(first, first + count):
        (folder / f"{number:03}.json").write_text(json.dumps(run(number, p50)), encoding="utf-8")
    return folder


def run(number: int, p50: float = 0.002) -> dict[str, Any]:
    made = document_json(noisy_run(random.Random(number), p50, number=number))
    made["result"]["start_time"] = f"2026-02-{1 + number % 28:02}T00:00:00Z"
    return made


def test_compare_recompute_and_a_forged_verdict(tool: Any) -> None:
    """A comparison is judged anew from its own inputs; one that says something else is refused."""
    base, head = stored(tool), tool.write("head.json", run(20, 0.004))
    found = tool("compare", base, head, "-o", "comparison.json")
    assert found.code == 1, found.err
    again = tool("compare", "--recompute", "comparison.json")
    assert again.code == 1, again.err
    assert json.loads(again.out) == json.loads((tool.folder / "comparison.json").read_text())
    forged = json.loads(again.out)
    forged["verdict"], forged["failed"], forged["failures"] = "unchanged", False, []
    refused = tool("compare", "--recompute", tool.write("forged.json", forged))
    assert refused.code == 2
    assert "/verdict" in refused.err or "/failed" in refused.err
    assert "regressed" in refused.err


def test_accepted_changes(tool: Any) -> None:
    base, head = stored(tool), tool.write("head.json", run(20, 0.004))
    accept = {"series": "shop", "metric": "*", "reason": "ADR 12", "expires": "2099-01-01"}
    good = tool("compare", base, head, "--accept", tool.write("a.json", {"accept": [accept]}), "-o", "c.json")
    assert good.code == 0, good.out + good.err
    assert "ADR 12" in good.out
    unknown = tool("compare", base, head, "--accept", tool.write("b.json", {"accept": [accept | {"metric": "p51"}]}))
    assert unknown.code == 2
    assert "p51" in unknown.err
    for broken in ({"reasn": "x"}, {"expires": "soon"}, {"up_to": "much"}, {"reason": ""}):
        refused = tool("compare", base, head, "--accept", tool.write("d.json", {"accept": [accept | broken]}))
        assert refused.code == 2, broken
        assert "accept[0]" in refused.err
        assert "Traceback" not in refused.err


SERIES_HEADER = "time,commit,p50_ms,throughput\n"


def series(count: int = 60, step: float = 0.0, at: int = 40) -> str:
    chance, day = random.Random(8), datetime(2026, 1, 1, tzinfo=timezone.utc)
    rows = []
    for i in range(count):
        p50 = 12 * math.exp(chance.gauss(step if i >= at else 0, 0.02))
        when = (day + timedelta(days=i)).isoformat()
        rows.append(f"{when},{i:040x},{p50:.4f},{900 * math.exp(chance.gauss(0, 0.02)):.2f}")
    return SERIES_HEADER + "\n".join(rows) + "\n"


def test_series_of_another_project(tool: Any) -> None:
    """CSV in; a judgement of the newest row, a trend with its commits, and a calibration out."""
    assert tool("import", tool.write("s.csv", series(52, step=0.3, at=40)), "--from", "series", "-o", "runs").code == 0
    newest = sorted((tool.folder / "runs").glob("*.json"))[-1]
    found = tool("compare", "runs", newest, "--gate", "throughput=10%", "-o", "c.json")
    assert found.code == 0, found.out + found.err

    trend = tool("trend", "runs", "--metric", "p50", "--format", "json")
    assert trend.code == 0, trend.err
    (p50,) = json.loads(trend.out)
    (change,) = p50["changes"]
    assert change["worse"]
    assert change["index"] == pytest.approx(40, abs=1)
    assert change["at_commit"] == f"{change['index']:040x}"
    assert tool("trend", "runs").code == 0
    assert tool("trend", "runs", "--format", "html", "-o", "t.html").code == 0
    assert "<svg" in (tool.folder / "t.html").read_text()
    assert tool("trend", "runs", "--metric", "p51").code == 2

    table = tool("calibrate", "runs", "--metric", "throughput", "--format", "json", timeout=240)
    assert table.code == 0, table.err
    assert json.loads(table.out)[0]["recommended"]["throughput"] <= 0.2


def test_a_step_in_a_series_is_caught_by_compare(tool: Any) -> None:
    assert tool("import", tool.write("s.csv", series(30, 0.4, 29)), "--from", "series", "-o", "runs").code == 0
    newest = sorted((tool.folder / "runs").glob("*.json"))[-1]
    found = tool("compare", "runs", newest, "-o", "c.json")
    assert found.code == 1, found.out + found.err
    assert "p50" in found.out


def test_nothing_to_replay_and_wrong_use(tool: Any) -> None:
    folder = stored(tool, 2)
    few = tool("calibrate", folder)
    assert few.code == 2
    assert "--measure" in few.err
    assert tool("compare", folder).code == 2
    assert tool("compare", folder, folder).code == 2
    assert tool("compare", folder, folder / "000.json", "--gate", "x").code == 2
    assert tool("trend", "nowhere").code == 2


CONFIGURATION = """
test: {{name: confirm, duration: 2s, clients: [{{rps: 60, connections: 8, endpoint_urls: ["{url}"]}}]}}
mesh: {{}}
check:
  round: 500ms
  warmup: 300ms
  confirm: 20s
  accept: accept.yaml
  gates: {{p50: {{tolerance: 100%, absolute: 20ms}}, p90: null, p99: null, qps: null}}
"""


def test_what_looks_worse_is_measured_again_and_may_be_accepted(tool: Any) -> None:
    """Far slower than any noise: suspected, measured again, confirmed; then accepted, and the new norm."""
    from smp_check.load.embedded.target import BuiltinTarget

    tool.write("accept.yaml", "accept: []\n")
    with BuiltinTarget() as fast, BuiltinTarget(delay="constant:80ms") as target:
        config = tool.write("c.yaml", CONFIGURATION.format(url=fast.url))
        assert tool("check", config).code == 0
        suspected_confirmed_accepted(tool, config, target.url)


def suspected_confirmed_accepted(tool: Any, config: Path, slow: str) -> None:
    found = tool("check", config, "--endpoint-url", slow)
    assert found.code == 1, found.out + found.err
    assert "measuring again" in found.err
    comparison = json.loads((tool.folder / ".smp-check/last/comparison.json").read_text())
    document = json.loads((tool.folder / ".smp-check/last/run.json").read_text())
    assert comparison["verdict"] == "regressed"
    heads = [r for r in document["details"]["rounds"] if r["role"] == "head"]
    assert len(heads) == 8, "four rounds, and four more to be sure"
    assert tool("validate", ".smp-check/last/run.json").code == 0

    accept = "accept: [{series: confirm, metric: '*', reason: it sleeps now, expires: 2099-01-01}]\n"
    tool.write("accept.yaml", accept)
    accepted = tool("check", config, "--endpoint-url", slow)
    assert accepted.code == 0, accepted.out + accepted.err
    assert "it sleeps now" in accepted.out
    tool.write("accept.yaml", "accept: []\n")
    assert tool("check", config, "--endpoint-url", slow).code == 0, "the accepted level is the norm from now on"
    tool.write("accept.yaml", accept.replace("confirm", "another"))
    assert tool("check", config, "--endpoint-url", slow).code == 2
