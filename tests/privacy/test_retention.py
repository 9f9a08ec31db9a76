"""A clinic that must keep its records for some years keeps those, too, of which nobody has said until when."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from integration_api.privacy.erasure import years_later
from models import now

WISH = {"confirm": "erase everything"}


@pytest.mark.parametrize("own", [None, "2100-01-01"], ids=["nothing said", "of the patient"])
def test_a_record_is_kept_for_as_long_as_the_clinic_says(
    clinic: Any, monkeypatch: pytest.MonkeyPatch, own: str | None
) -> None:
    path = f"/v1/patients/{clinic.ids['maya']}"
    clinic.admin.patch(path, {"retain_until": own}, if_match="*")
    monkeypatch.setitem(clinic.app.config, "SETTINGS", replace(clinic.app.config["SETTINGS"], retain_years=7))
    entry = clinic.write("Shared.")
    wish = clinic.maya.create("/v1/me/erasure", WISH)
    until = own or str(years_later(now().date(), 7))
    assert (wish["held_until"], wish["done_at"]) == (until, None)
    assert clinic.therapist.get(f"/v1/journal-entries/{entry['id']}").status_code == 404
    assert clinic.admin.read(path)["retain_until"] == until


def test_a_leap_day_has_later_years() -> None:
    assert years_later(date(2024, 2, 29), 7) == date(2031, 2, 28)
    assert years_later(date(2024, 2, 29), 8) == date(2032, 2, 29)
