"""The Action's inputs become commands: a pure function, held by tables."""

from __future__ import annotations

from typing import Any

import pytest

from smp_check.errors import InputError
from smp_check.github.environment import allowed
from smp_check.github.inputs import Inputs, inputs_from

FETCHED = ["--store=F/baselines", "--history=F/history", "--update-baseline=never"]
FILES = {"smp-check.yaml", ".github/load-test.yaml", "other.yaml"}


def given(**inputs: str) -> Inputs:
    environ = {f"SMP_INPUT_{name.upper()}": value for name, value in inputs.items()}
    return inputs_from(environ, is_file=FILES.__contains__, usual=("smp-check.yml", "smp-check.yaml"))


def test_nothing_given_is_the_usual_file() -> None:
    """Empty inputs add no option."""
    found = given(config="", endpoint_url="", rps="", fail_on="", args="", comment="", update_baseline="")
    assert found.measure_command("F") == ["check", "smp-check.yaml", *FETCHED, "--output=F"]
    assert (found.comment, found.update_baseline) == ("auto", "auto")


def test_every_measuring_input_becomes_its_option() -> None:
    """As one word each, so that no value can become an option of its own."""
    found = given(
        config="other.yaml",
        endpoint_url="http://a/\nhttp://b/",
        service_mesh="open service mesh",
        test_name="--help",
        load_generator="fortio",
        duration="30s",
        rps="0",
        connections="4",
        reference="none",
        fail_on="regression, inconclusive\nno-baseline",
        args="--quiet '--ca file'",
    )
    assert found.measure_command("F") == [
        "check",
        "other.yaml",
        "--endpoint-url=http://a/",
        "--endpoint-url=http://b/",
        "--service-mesh=open service mesh",
        "--test-name=--help",
        "--load-generator=fortio",
        "--duration=30s",
        "--rps=0",
        "--connections=4",
        "--reference=none",
        "--fail-on=regression,inconclusive,no-baseline",
        *FETCHED,
        "--quiet",
        "--ca file",
        "--output=F",
    ]
    compared = found.compare_command("F")
    assert compared[:3] == ["compare", "F/baselines", "F/run.json"]
    assert "--fail-on=regression,inconclusive,no-baseline" in compared


def test_a_base_ref_measures_side_by_side() -> None:
    """`ab` instead of `check`."""
    command = given(base_ref="origin/main").measure_command("F")
    assert command == ["ab", "smp-check.yaml", "--base-ref=origin/main", "--output=F"]


@pytest.mark.parametrize(
    ("profile", "config"),
    [("load-test.yaml", ".github/load-test.yaml"), ("other.yaml", "other.yaml"), ("none.yaml", "none.yaml")],
)
def test_mesherys_name_for_the_configuration(profile: str, config: str) -> None:
    """Looked for as it is, and below .github."""
    assert given(profile_filename=profile).config == config
    assert given(profile_filename=profile, config="smp-check.yaml").config == "smp-check.yaml"


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"comment": "sometimes"}, "comment is 'sometimes'"),
        ({"update_baseline": "yes"}, "update_baseline is 'yes'"),
        ({"check_run": "1"}, "check_run is '1'"),
        ({"args": "--x 'y"}, "args cannot be split"),
    ],
)
def test_a_bad_input_is_named(inputs: dict[str, str], message: str) -> None:
    """With what it may be."""
    with pytest.raises(InputError, match=message) as fault:
        given(**inputs)
    assert fault.value.hint


@pytest.mark.parametrize(
    ("inputs", "matrix", "key"),
    [
        ({}, "null", ""),
        ({}, "", ""),
        ({}, '{\n  "mesh": "istio"\n}', '{ "mesh": "istio" }'),
        ({"comment_key": "mine"}, '{"mesh": "istio"}', "mine"),
        ({"comparisons": "a/*.json"}, "null", "all legs"),
    ],
)
def test_each_leg_of_a_matrix_has_its_comment(inputs: dict[str, str], matrix: str, key: str) -> None:
    """Unless the user says otherwise; a job that collects legs has one, whichever legs there are today."""
    environ = {f"SMP_INPUT_{name.upper()}": value for name, value in inputs.items()} | {"SMP_MATRIX": matrix}
    found = inputs_from(environ, is_file=FILES.__contains__, usual=())
    assert found.comment_key == key


JOB: dict[str, Any] = {
    "PATH": "/bin",
    "HOME": "/root",
    "LC_ALL": "C",
    "KUBECONFIG": "/k",
    "GITHUB_SHA": "c",
    "RUNNER_OS": "Linux",
    "GITHUB_TOKEN": "secret",
    "GH_TOKEN": "secret",
    "NPM_TOKEN": "secret",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "ACTIONS_RUNTIME_TOKEN": "secret",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "secret",
    "GITHUB_OUTPUT": "/o",
    "GITHUB_ENV": "/e",
    "GITHUB_PATH": "/p",
    "GITHUB_STEP_SUMMARY": "/s",
    "SMP_INPUT_CONFIG": "x",
    "SMP_TOKEN": "secret",
    "DATABASE_URL": "postgres://",
}


def test_a_measurement_sees_an_allow_list() -> None:
    """No secret is on it, whatever it is called."""
    seen = allowed(JOB)
    assert set(seen) == {"PATH", "HOME", "LC_ALL", "KUBECONFIG", "GITHUB_SHA", "RUNNER_OS"}
    assert "secret" not in seen.values()
    assert allowed(JOB, ["DATABASE_URL"])["DATABASE_URL"] == "postgres://"


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "github_output", "ACTIONS_RUNTIME_TOKEN", "SMP_TOKEN", "GITHUB_ENV"])
def test_some_names_cannot_be_passed(name: str) -> None:
    """Asked for by name, they are refused."""
    with pytest.raises(InputError, match="must not see"):
        allowed(JOB, [name])
