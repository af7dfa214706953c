"""What no schema can say, part by part. Every check takes canonical values and yields findings.

Values of the wrong type have been left out before, so a check may trust what it finds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smp_check.spec.kinds import Kind
from smp_check.spec.semantics.configuration import check_configuration
from smp_check.spec.semantics.parts import check_environment, check_mesh, check_service_mesh
from smp_check.spec.semantics.result import check_result
from smp_check.spec.semantics.run import check_run
from smp_check.spec.semantics.test import check_test

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from smp_check.spec.findings import Finding

_CHECKS: Mapping[Kind, Callable[[Mapping[str, Any]], Iterator[Finding]]] = {
    Kind.CONFIGURATION: check_configuration,
    Kind.TEST: check_test,
    Kind.MESH: check_mesh,
    Kind.SERVICE_MESH: check_service_mesh,
    Kind.ENVIRONMENT: check_environment,
    Kind.RESULT: check_result,
    Kind.RUN: check_run,
}


def check_meaning(value: Mapping[str, Any], kind: Kind) -> Iterable[Finding]:
    """The SMP2xx findings of a document in canonical spelling."""
    check = _CHECKS.get(kind)
    return check(value) if check else ()
