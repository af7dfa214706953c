"""GitHub's own OpenAPI description: which operation a request is, whether it fits, and what an answer must hold."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

API = Path(__file__).resolve().parents[1] / "api"
WITH_SLASHES = {"ref", "basehead", "path"}


@dataclass(frozen=True)
class Operation:
    method: str
    template: str
    parameters: dict[str, str]


class Description:
    def __init__(self) -> None:
        from openapi_core import OpenAPI

        self.spec: dict[str, Any] = json.loads((API / "rest.json").read_text(encoding="utf-8"))
        self._openapi = OpenAPI.from_dict(self.spec)
        self._routes = sorted(((self._pattern(path), path) for path in self.spec["paths"]), key=lambda r: -len(r[1]))

    @staticmethod
    def _pattern(template: str) -> re.Pattern[str]:
        def part(match: re.Match[str]) -> str:
            return f"(?P<{match[1]}>{'.+' if match[1] in WITH_SLASHES else '[^/]+'})"

        return re.compile(re.sub(r"\{(\w+)\}", part, template))

    def operation(self, method: str, path: str) -> Operation | None:
        for pattern, template in self._routes:
            match = pattern.fullmatch(path)
            if match and method.lower() in self.spec["paths"][template]:
                return Operation(method.lower(), template, match.groupdict())
        return None

    def check(
        self,
        operation: Operation,
        query: dict[str, str],
        headers: dict[str, str],
        body: bytes,
        answer: tuple[int, dict[str, str], bytes],
    ) -> list[str]:
        """What GitHub would not have understood, or would not have answered."""
        from openapi_core.testing import MockRequest, MockResponse

        path = operation.template
        for name, value in operation.parameters.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        request = MockRequest(
            "http://localhost",
            operation.method,
            path,
            path_pattern=operation.template,
            args=query,
            view_args=operation.parameters,
            headers=headers,
            data=body or None,
            content_type="application/json",
        )
        status, answered, content = answer
        found = [] if status in {400, 401, 403, 404, 422} else self._faults(self._openapi.iter_request_errors, request)
        if str(status) in self.spec["paths"][operation.template][operation.method]["responses"]:
            response = MockResponse(data=content, status_code=status, headers=answered, content_type="application/json")
            found += self._faults(self._openapi.iter_response_errors, request, response)
        return [f"{operation.method.upper()} {operation.template} -> {status}: {fault}" for fault in found]

    @staticmethod
    def _faults(check: Any, *arguments: Any) -> list[str]:
        faults = []
        for error in check(*arguments):
            cause = error.__cause__ or error
            details = getattr(cause, "schema_errors", None) or [cause]
            faults += [f"{getattr(each, 'json_path', '')} {getattr(each, 'message', each)}" for each in details]
        return faults

    def complete(self, operation: Operation, status: int, value: Any) -> Any:
        """Fill in what GitHub always answers and nobody here asks about, so that the whole answer can be checked."""
        responses = self.spec["paths"][operation.template][operation.method]["responses"]
        response = self.resolve(responses.get(str(status), {}))
        schema = response.get("content", {}).get("application/json", {}).get("schema")
        return value if schema is None or value is None else self._fill(schema, value)

    def resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            _, _, kind, name = schema["$ref"].split("/")
            schema = self.spec["components"][kind][name]
        return schema

    def _fill(self, schema: dict[str, Any], value: Any) -> Any:
        schema = self.resolve(schema)
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                return self._fill(self._choose(schema[choice], value), value)
        for part in schema.get("allOf", ()):
            value = self._fill(part, value)
        if isinstance(value, list):
            return [self._fill(schema.get("items", {}), each) for each in value]
        if not isinstance(value, dict):
            return value
        properties = schema.get("properties", {})
        filled = {name: self._fill(properties.get(name, {}), each) for name, each in value.items()}
        missing = [name for name in schema.get("required", ()) if name not in filled]
        return filled | {name: self._plausible(properties.get(name, {})) for name in missing}

    def _choose(self, options: list[dict[str, Any]], value: Any) -> dict[str, Any]:
        kinds = {dict: "object", list: "array", str: "string", int: "integer", bool: "boolean"}
        for option in options:
            if self.resolve(option).get("type") == kinds.get(type(value)):
                return option
        return options[0]

    def _plausible(self, schema: dict[str, Any]) -> Any:
        schema = self.resolve(schema)
        if schema.get("nullable") and not {"anyOf", "oneOf"} & schema.keys():
            return None
        for choice in ("anyOf", "oneOf", "allOf"):
            if choice in schema:
                return self._plausible(schema[choice][0])
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if kind == "object":
            return self._fill(schema, {})
        formats = {"uri": "https://example.com/x", "date-time": "2026-01-31T12:00:00Z", "email": "a@example.com"}
        plain = {"array": [], "integer": 1, "number": 1.0, "boolean": False}
        return plain.get(kind, formats.get(schema.get("format", ""), "x"))


@lru_cache(maxsize=1)
def description() -> Description:
    """Read once: it takes most of a second."""
    return Description()
