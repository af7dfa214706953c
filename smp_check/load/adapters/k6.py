"""k6 (https://k6.io): a script of ours with an arrival rate, and a summary with many percentiles."""

from __future__ import annotations

import json
from pathlib import Path

from smp_check.load.adapters.adapter import Invocation, Measured, Output
from smp_check.load.adapters.fields import SourceError, load_json
from smp_check.load.adapters.k6_result import is_k6, read_k6
from smp_check.load.adapters.tool import Tool, rate_fraction
from smp_check.load.port import Load

SCRIPT, RESULT = "round.js", "summary.json"
SHORTEST = 1.0
"""Seconds; k6 refuses shorter scenarios, so they are made as long."""
PERCENTS = (*range(1, 100), *(99 + tenth / 10 for tenth in range(1, 10)), 99.95, 99.99)
_STATUSES = (*range(200, 209), 226, *range(300, 309), *range(400, 432), 451, 499, *range(500, 512), *range(520, 531))
_TEMPLATE = """\
import http from 'k6/http';
import { Counter } from 'k6/metrics';
import exec from 'k6/execution';
const load = %(load)s;
const statuses = {};
for (const code of %(statuses)s) { statuses[code] = new Counter('smp_status_' + code); }
const other = new Counter('smp_status_other');
const errors = {};
for (const kind of ['timeout', 'dns', 'connect', 'reset', 'tls', 'protocol', 'socket']) {
  errors[kind] = new Counter('smp_error_' + kind);
}
export const options = {
  scenarios: { load: load.scenario },
  summaryTrendStats: %(stats)s,
  discardResponseBodies: true,
  insecureSkipTLSVerify: load.insecure,
};
function kind(code) {
  if (code === 1050 || code === 1211) { return 'timeout'; }
  if (code >= 1100 && code < 1200) { return 'dns'; }
  if (code === 1201 || code === 1220) { return 'reset'; }
  if (code >= 1200 && code < 1300) { return 'connect'; }
  if (code >= 1300 && code < 1400) { return 'tls'; }
  if (code >= 1600 && code < 1700) { return 'protocol'; }
  return 'socket';
}
export default function () {
  const url = load.urls[exec.scenario.iterationInTest %% load.urls.length];
  const answer = http.request(load.method, url, load.body, load.params);
  if (answer.status) { (statuses[answer.status] || other).add(1); }
  else { errors[kind(answer.error_code)].add(1); }
}
export function handleSummary(data) { return { [load.result]: JSON.stringify(data) }; }
"""


class K6Adapter(Tool):
    """Commands and results of ``k6 run``."""

    name = "k6"
    version_flag = "version"
    version_pattern = r"k6(?:\.exe)? v?(\d+\.\d+\.\d+\S*)"

    def invocation(self, load: Load, seconds: float, folder: Path) -> Invocation:
        """Nothing leaves this machine but the load: no usage report, no control port."""
        words = ["run", "--quiet", "--no-color", "--no-usage-report", "--address", ""]
        script = script_of(load, seconds, str(folder / RESULT))
        return Invocation(arguments=(*words, *load.options, str(folder / SCRIPT)), files={SCRIPT: script.encode()})

    def objection(self, load: Load) -> str | None:
        """It trusts the system's authorities only, and sends text bodies only."""
        if load.ca_file:
            return "it cannot be told to trust a certificate: add it to the system's, or use another generator"
        return None if load.body.isascii() else "it sends text bodies only"

    def measured(self, output: Output, load: Load) -> Measured:
        """The summary, with our counters of statuses and errors."""
        text = output.file(RESULT)
        if text is None:
            raise SourceError("k6 wrote no summary")
        value = load_json(text)
        if not is_k6(value):
            raise SourceError("this is no summary of k6")
        return Measured(reading=read_k6(value, complaints=output.complaints(), connections=load.connections))


def script_of(load: Load, seconds: float, result: str) -> str:
    """The script of one round. A virtual user is a connection; what finds none free is dropped, and told."""
    described = {
        "scenario": _scenario(load, seconds),
        "urls": list(load.urls),
        "method": load.method,
        "body": load.body.decode("ascii") or None,
        "params": {"headers": dict(load.headers), "redirects": 0, "timeout": f"{load.timeout * 1e3:.0f}ms"},
        "insecure": load.insecure,
        "result": result,
    }
    stats = ["avg", "min", "med", "max", "count", *(f"p({percent:g})" for percent in PERCENTS)]
    return _TEMPLATE % {
        "load": json.dumps(described),
        "statuses": json.dumps(_STATUSES),
        "stats": json.dumps(stats),
    }


def _scenario(load: Load, seconds: float) -> dict[str, object]:
    duration = max(seconds, SHORTEST)
    lasting = {"duration": f"{duration * 1e3:.0f}ms", "gracefulStop": f"{load.timeout * 1e3:.0f}ms"}
    if load.rate is None:
        return {"executor": "constant-vus", "vus": load.connections, **lasting}
    rate = rate_fraction(load.rate)
    pace = {"rate": rate.numerator, "timeUnit": f"{rate.denominator}s"}
    users = {"preAllocatedVUs": load.connections, "maxVUs": load.connections}
    return {"executor": "constant-arrival-rate", **pace, **users, **lasting}
