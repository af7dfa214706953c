"""wrk2 (https://github.com/giltene/wrk2): constant rate, latency from the planned time; needs long rounds."""

from __future__ import annotations

from pathlib import Path

from smp_check.load.adapters.adapter import Invocation, Measured, Output
from smp_check.load.adapters.fields import SourceError
from smp_check.load.adapters.tool import Tool, header_flags
from smp_check.load.adapters.wrk import BODY, SCRIPT, request_script, wrk_words
from smp_check.load.adapters.wrk_text import is_wrk, read_wrk_text
from smp_check.load.port import Load


class Wrk2Adapter(Tool):
    """Commands and results of wrk2; its program is called ``wrk`` like the other one's."""

    name = "wrk2"
    version_flag = "-v"
    version_pattern = r"\A(?=[\s\S]*--rate)wrk\s+([\w.+-]*)"

    def invocation(self, load: Load, seconds: float, folder: Path) -> Invocation:
        """With the whole spectrum of percentiles, which holds a count for each."""
        words = [*wrk_words(load, seconds), f"-R{load.rate or 0:.0f}", "--latency", *header_flags(load, "-H")]
        files = {}
        if load.body or load.method != "GET":
            words += ["-s", str(folder / SCRIPT)]
            files = {SCRIPT: request_script(load, folder).encode(), BODY: load.body}
        return Invocation(arguments=(*words, *load.options, load.urls[0]), files=files)

    def measured(self, output: Output, load: Load) -> Measured:  # noqa: ARG002 - the report tells all
        """Read the report."""
        text = output.stdout.decode("utf-8", "replace")
        if not is_wrk(text):
            raise SourceError("wrk2 wrote no report")
        return Measured(reading=read_wrk_text(text))
