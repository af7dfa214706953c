"""Cuts GitHub's own descriptions of its API down to what smp-check uses; the cuts are kept beside this file.

REST comes from the npm package @octokit/openapi (MIT), GraphQL from @octokit/graphql-schema (MIT):

    npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-*.tgz package/generated/api.github.com.json
    npm pack @octokit/graphql-schema@15.26.1 && tar xzf octokit-graphql-schema-*.tgz package/schema.graphql
    python tests/github/api/cut.py package/generated/api.github.com.json package/schema.graphql
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
REPOSITORY = "/repos/{owner}/{repo}"
OPERATIONS = {
    "": ("get",),
    "/actions/artifacts/{artifact_id}/{archive_format}": ("get",),
    "/actions/runs/{run_id}": ("get",),
    "/actions/runs/{run_id}/artifacts": ("get",),
    "/check-runs": ("post",),
    "/check-runs/{check_run_id}": ("patch",),
    "/commits": ("get",),
    "/commits/{ref}/check-runs": ("get",),
    "/compare/{basehead}": ("get",),
    "/contents/{path}": ("get",),
    "/git/blobs": ("post",),
    "/git/blobs/{file_sha}": ("get",),
    "/git/commits": ("post",),
    "/git/commits/{commit_sha}": ("get",),
    "/git/ref/{ref}": ("get",),
    "/git/refs": ("post",),
    "/git/refs/{ref}": ("patch",),
    "/git/trees": ("post",),
    "/git/trees/{tree_sha}": ("get",),
    "/issues/comments/{comment_id}": ("patch", "delete"),
    "/issues/{issue_number}/comments": ("get", "post"),
    "/pulls": ("get",),
    "/pulls/{pull_number}": ("get",),
}
NOT_NEEDED = {
    "examples",
    "example",
    "externalDocs",
    "description",
    "tags",
    "summary",
    "x-github",
    "x-webhooks",
    "title",
}
GRAPHQL = {
    "Query": {"viewer", "repository"},
    "User": {"login"},
    "Repository": {"object"},
    "GitObject": {"oid"},
    "Blob": {"oid", "text", "byteSize", "isBinary", "isTruncated"},
    "GitObjectID": None,
    "URI": None,
    "DateTime": None,
}


def lean(value: Any, *, names: bool = False) -> Any:
    """Without prose and examples; the keys of ``properties`` are names and stay."""
    if isinstance(value, list):
        return [lean(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {key: each for key, each in value.items() if names or key not in NOT_NEEDED}
    slim = {key: lean(each, names=key in {"properties", "headers"} and not names) for key, each in kept.items()}
    for response in slim.get("responses", {}).values() if not names else ():
        if "$ref" not in response:
            response["description"] = ""
    return slim


def references(value: Any) -> set[str]:
    """Every ``$ref`` below a value."""
    if isinstance(value, list):
        return set().union(*map(references, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    found = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
    return found.union(*map(references, value.values()))


def cut_rest(whole: dict[str, Any]) -> dict[str, Any]:
    """The operations above, with everything that they refer to."""
    paths = {}
    for path, methods in OPERATIONS.items():
        operations = whole["paths"][f"{REPOSITORY}{path}"]
        paths[f"{REPOSITORY}{path}"] = {method: lean(operations[method]) for method in methods}
    components: dict[str, dict[str, Any]] = {}
    wanted = references(paths)
    done: set[str] = set()
    while wanted - done:
        reference = (wanted - done).pop()
        done.add(reference)
        _, _, kind, name = reference.split("/")
        part = lean(whole["components"][kind][name])
        if kind == "responses":
            part["description"] = ""
        components.setdefault(kind, {})[name] = part
        wanted |= references(part)
    info = {"title": "Part of GitHub's REST API", "version": whole["info"]["version"]}
    ordered = {kind: dict(sorted(parts.items())) for kind, parts in sorted(components.items())}
    return {"openapi": whole["openapi"], "info": info, "paths": paths, "components": ordered}


def cut_graphql(text: str) -> str:
    """The types and fields above."""
    from graphql import parse, print_ast
    from graphql.language import ast

    def bare(node: Any, **changed: Any) -> Any:
        return replace(node, description=None, directives=(), **changed)

    kept = []
    definition: Any
    for definition in parse(text).definitions:
        name = getattr(getattr(definition, "name", None), "value", None)
        if name not in GRAPHQL:
            continue
        fields = GRAPHQL[name]
        if fields is None:
            kept.append(bare(definition))
            continue
        shown = [f for f in definition.fields if f.name.value in fields]
        slim = tuple(bare(f, arguments=tuple(bare(a) for a in f.arguments or ())) for f in shown)
        interfaces = tuple(i for i in definition.interfaces or () if i.name.value in GRAPHQL)
        kept.append(bare(definition, fields=slim, interfaces=interfaces))
    return print_ast(ast.DocumentNode(definitions=tuple(kept))) + "\n"


def main(rest: str, graphql: str) -> None:
    """Write both cuts."""
    whole = json.loads(Path(rest).read_text(encoding="utf-8"))
    (HERE / "rest.json").write_text(json.dumps(cut_rest(whole), separators=(",", ":"), sort_keys=True) + "\n")
    (HERE / "schema.graphql").write_text(cut_graphql(Path(graphql).read_text(encoding="utf-8")))


if __name__ == "__main__":
    main(*sys.argv[1:])
