"""``python -m benchmarks.load [--quick]``: the embedded generator against the others, as Markdown on stdout.

Generators that are missing are named in the tables. `make tools` installs most of them; Debian has h2load
(nghttp2-client) and ab (apache2-utils); Locust is looked for in .tools/locust, a virtual environment of its own.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from benchmarks.load import accuracy, precision, throughput
from benchmarks.load.servers import CLIENT_CORE, SERVER_CORE, nginx, pin, truth
from benchmarks.load.tools import CONNECTIONS, SEARCH_PATH

INTRODUCTION = f"""\
## Load generators

Server on core {SERVER_CORE}, generator on core {CLIENT_CORE}, loopback, keep-alive, a small body, {{connections}}
connections at full speed. All generators take turns within each of {{repeats}} repetitions; figures are medians, ratios
medians of the ratios within a repetition (above 1: we are faster), of the time at full work: starting and reporting
are left out. Everything that a real run records is recorded:
response and service times, first bytes, statuses, bytes, errors.
"""
TRUTH = """\
### Truth

A server that spins on its own core answers after delays that it draws and remembers. Cells show how far each
generator's percentile lies from the truth of the same requests (network and kernel add some 50 to 100 µs for
everybody); **bold** is within 1 % or 0.1 ms. For stalls the truth is what an open loop with enough connections sees:
generators that wait for an answer before they send on (coordinated omission) miss it. Each is run as smp-check
drives it.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny settings, to see that everything works")
    parser.add_argument("--only", choices=["speed", "truth", "precision"], help="one part")
    given = parser.parse_args()
    quick = given.quick
    repeats, seconds = (1, 1) if quick else (5, 3)
    pin(CLIENT_CORE)
    os.environ["PATH"] = SEARCH_PATH
    print(INTRODUCTION.format(connections=CONNECTIONS, repeats=repeats))
    with tempfile.TemporaryDirectory() as name, nginx(Path(name)) as web, truth() as known:
        if given.only in {None, "speed"}:
            print("\n".join(throughput.tables(web, Path(name), seconds, repeats)), flush=True)
        if given.only in {None, "truth"}:
            rates = (1000.0,) if quick else (100.0, 1000.0, 5000.0)
            print(TRUTH)
            print("\n".join(accuracy.tables(known, rates, 2.0 if quick else 5.0, 1)), flush=True)
        if given.only in {None, "precision"}:
            print(precision.rate_table(web, 1.0 if quick else 4.0, 1 if quick else 3))
            print(precision.jitter_table(known, 1.0 if quick else 5.0))
            print(precision.memory_table(web, 10_000 if quick else 100_000, 50_000 if quick else 10_000_000))


if __name__ == "__main__":
    main()
