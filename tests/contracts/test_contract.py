"""openapi.yaml: it is the code's, it is complete, and its examples are true."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from jsonschema_rs import validator_for

from integration_api.web.openapi import contract

pytestmark = pytest.mark.database_free
METHODS = ("get", "post", "put", "patch", "delete")


def operations(found: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(f"{m} {path}", each[m]) for path, each in found["paths"].items() for m in METHODS if m in each]


def test_the_file_is_what_the_code_says(app: Flask, root: Path) -> None:
    assert (root / "openapi.yaml").read_text("utf-8") == contract(app.extensions["api"])


def test_every_operation_is_whole(app: Flask) -> None:
    found = app.extensions["contract"]
    assert found["openapi"].startswith("3.1")
    names = [each["operationId"] for _, each in operations(found)]
    assert len(set(names)) == len(names)
    for where, each in operations(found):
        assert each["summary"], where
        assert each["description"], where
        assert each["tags"], where
        if "/v1/" in where:
            assert {"401", "403", "503"} <= each["responses"].keys(), where
        for status, response in each["responses"].items():
            if "$ref" in response or status in ("204", "304"):
                continue
            for content in response["content"].values():
                is_file = content["schema"].get("format") == "binary"
                assert "example" in content or is_file or status == "503", (where, status)
        for content in each.get("requestBody", {}).get("content", {}).values():
            assert "example" in content or content["schema"].get("format") == "binary", where


def test_every_error_is_a_problem(app: Flask) -> None:
    for response in app.extensions["contract"]["components"]["responses"].values():
        assert list(response["content"]) == ["application/problem+json"]


def test_every_example_is_as_its_schema_says(app: Flask) -> None:
    found = app.extensions["contract"]
    checked = 0
    for where, each in operations(found):
        bodies = [each.get("requestBody", {}), *each["responses"].values()]
        for content in (c for body in bodies if "$ref" not in body for c in body.get("content", {}).values()):
            schema = {**content["schema"], "components": found["components"]}
            if "example" in content:
                errors = [str(error) for error in validator_for(schema).iter_errors(content["example"])]
                assert not errors, (where, errors)
                checked += 1
    assert checked > 50


def test_the_file_is_plain_yaml(root: Path) -> None:
    assert yaml.safe_load((root / "openapi.yaml").read_text("utf-8"))["paths"]
