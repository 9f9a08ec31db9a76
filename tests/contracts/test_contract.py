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


def test_a_merge_patch_has_no_defaults(app: Flask) -> None:
    """A generated client would send them: whoever mends a word would make a shared entry private by it."""
    schemas = app.extensions["contract"]["components"]["schemas"]
    patches = {name: each["properties"] for name, each in schemas.items() if name.endswith("Patch")}
    assert "JournalEntryDraftPatch" in patches
    assert [(name, key) for name, of in patches.items() for key, each in of.items() if "default" in each] == []


def test_generated_clients_get_good_names(app: Flask) -> None:
    found: dict[str, list[str]] = {}

    def walk(node: Any, place: str) -> None:
        if isinstance(node, list):
            for each in node:
                walk(each, place)
        elif isinstance(node, dict):
            kind = node.get("type")
            assert not isinstance(kind, list) or len(set(kind)) == len(kind), place
            if isinstance(node.get("enum"), list) and len(node["enum"]) > 1:
                assert None not in node["enum"], f"{place}: give it a name in web/naming.py"
                found.setdefault(str(node["enum"]), []).append(place)
            for name, each in node.items():
                if name != "example":
                    walk(each, f"{place}/{name}")

    schemas = app.extensions["contract"]["components"]["schemas"]
    walk(schemas, "")
    shared = [places for places in found.values() if len(places) > 1]
    assert shared == [], "give it a name in web/naming.py"
    assert schemas["RecurringTheme"]["properties"]["trajectory"]["anyOf"] == [
        {"$ref": "#/components/schemas/Trajectory"},
        {"type": "null"},
    ]
    assert not {"Response", "Client", "Unset", "File"} & schemas.keys()  # generators have their own of these names


def test_the_file_is_plain_yaml(root: Path) -> None:
    assert yaml.safe_load((root / "openapi.yaml").read_text("utf-8"))["paths"]
