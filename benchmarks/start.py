"""How long the command line takes to start, against the interpreter alone; and a verdict on a long history."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

REPEATS = 15


def seconds(command: list[str]) -> float:
    """Median wall-clock time of a command over the repeats."""
    took = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        took.append(time.perf_counter() - begin)
    return statistics.median(took)


def main() -> None:
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "smp-check --help": [sys.executable, "-m", "smp_check", "--help"],
        "smp-check schema run": [sys.executable, "-m", "smp_check", "schema", "run"],
        "python -c 'import click'": [sys.executable, "-c", "import click"],
        "python -c 'import jsonschema, jinja2, requests'": [
            sys.executable,
            "-c",
            "import jsonschema, jinja2, requests",
        ],
    }
    took = {name: seconds(command) for name, command in commands.items()}
    bare = took["python -c pass"]
    print("## Start-up\n")
    print(f"Wall-clock time of whole processes, median of {REPEATS}; the ratio is to the bare interpreter.\n")
    print("| command | seconds | ratio |\n| --- | --: | --: |")
    for name, value in took.items():
        print(f"| `{name}` | {value:.3f} | {value / bare:.1f} |")


if __name__ == "__main__":
    main()
