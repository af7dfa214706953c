"""The stages in order, over ports: plan -> drive -> run document -> validate -> compare -> record.

Nothing here prints, reads the environment or knows which adapter stands behind a port.
"""

from smp_check.pipeline.bench import Bench
from smp_check.pipeline.check import Checked, check
from smp_check.pipeline.judge import baseline_of, exit_code, judge, recorded_run
from smp_check.pipeline.measure import Measured, measure

__all__ = ["Bench", "Checked", "Measured", "baseline_of", "check", "exit_code", "judge", "measure", "recorded_run"]
