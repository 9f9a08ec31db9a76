"""Patients for fleets of phones."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from callers import Caller


@pytest.fixture
def make(clinic: Any) -> Callable[[], tuple[Any, Caller, str]]:
    """Make a patient whom the therapist cares for."""
    numbers = itertools.count()

    def one() -> tuple[Any, Caller, str]:
        name = f"patient{next(numbers)}"
        made = clinic.admin.create("/v1/patients", {"name": name, "username": name})["id"]
        path = f"/v1/patients/{made}/care-team"
        members = {"members": [{"clinician_id": clinic.ids["therapist"]}]}
        assert clinic.admin.put(path, members, if_match="*").status_code == 200
        return clinic, clinic.caller(name), made

    return one
