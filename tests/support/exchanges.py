"""Changes as a phone sends them, and what it is answered."""

from typing import Any

from models import new_id

SYNC = "/v1/sync"


def put(record: dict[str, Any], base_version: int | None = None, **more: Any) -> dict[str, Any]:
    made = {"change_id": str(new_id()), "kind": "journal_entry", "id": str(new_id()), "op": "put"}
    return made | {"base_version": base_version, "record": record} | more


def delete(record_id: str, base_version: int, **more: Any) -> dict[str, Any]:
    made = {"change_id": str(new_id()), "kind": "journal_entry", "id": record_id, "op": "delete"}
    return made | {"base_version": base_version} | more


def sync(caller: Any, *changes: dict[str, Any], token: str | None = None, **more: Any) -> Any:
    answer = caller.post(SYNC, {"token": token, "changes": list(changes), **more})
    assert answer.status_code == 200, answer.text
    return answer.json


def outcomes(answer: Any) -> list[str]:
    return [each["outcome"] for each in answer["results"]]
