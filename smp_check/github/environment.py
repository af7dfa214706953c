"""Which variables the measuring step hands on: an allow-list, so that no token can be among them. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smp_check.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAMES = frozenset(
    """
    PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TERM TMPDIR TEMP TMP XDG_RUNTIME_DIR XDG_CACHE_HOME XDG_CONFIG_HOME
    KUBECONFIG DOCKER_HOST DOCKER_CONFIG DOCKER_CONTEXT DOCKER_CERT_PATH DOCKER_TLS_VERIFY COMPOSE_FILE
    COMPOSE_PROJECT_NAME MINIKUBE_HOME HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY SSL_CERT_FILE SSL_CERT_DIR
    REQUESTS_CA_BUNDLE JAVA_HOME GOROOT GOPATH GOCACHE GOMODCACHE GOFLAGS NODE_OPTIONS NODE_PATH DOTNET_ROOT CARGO_HOME
    RUSTUP_HOME PYENV_ROOT LD_LIBRARY_PATH DYLD_LIBRARY_PATH CI NO_COLOR FORCE_COLOR GITHUB_ACTIONS IMAGEOS IMAGEVERSION
    GITHUB_SHA GITHUB_REF GITHUB_REF_NAME GITHUB_HEAD_REF GITHUB_BASE_REF GITHUB_REPOSITORY GITHUB_EVENT_NAME
    GITHUB_EVENT_PATH GITHUB_RUN_ID GITHUB_RUN_ATTEMPT GITHUB_RUN_NUMBER GITHUB_WORKFLOW GITHUB_JOB GITHUB_SERVER_URL
    GITHUB_WORKSPACE GITHUB_ACTOR RUNNER_OS RUNNER_ARCH RUNNER_NAME RUNNER_ENVIRONMENT RUNNER_TEMP RUNNER_TOOL_CACHE
    SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT PROGRAMFILES PROGRAMFILES(X86) PROGRAMDATA APPDATA LOCALAPPDATA
    USERPROFILE USERNAME COMPUTERNAME NUMBER_OF_PROCESSORS PROCESSOR_ARCHITECTURE OS MSYSTEM
    """.split()  # noqa: SIM905 - a list of 90 words reads better so
)
_FAMILIES = re.compile(r"LC_[A-Z]+|(JAVA_HOME|GOROOT)_[0-9A-Z_]+")
_NEVER = re.compile(r"ACTIONS_.*|SMP_(INPUT_.*|TOKEN)|GITHUB_(TOKEN|OUTPUT|ENV|PATH|STATE|STEP_SUMMARY)")


def allowed(environ: Mapping[str, str], further: Sequence[str] = ()) -> dict[str, str]:
    """The variables of the job that a measurement may see, and those that the user names.

    Raises ``InputError`` for a name that leads to a token or into the runner's own files.
    """
    for name in further:
        if _NEVER.fullmatch(name.upper()):
            raise InputError(
                f"pass_environment names {name}, which the measured code must not see",
                hint="pass a value of your own under another name",
            )
    wanted = {name.upper() for name in further}
    return {name: value for name, value in environ.items() if _known(name.upper()) or name.upper() in wanted}


def _known(name: str) -> bool:
    return name in _NAMES or _FAMILIES.fullmatch(name) is not None
