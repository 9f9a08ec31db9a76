"""What `make run` says: where the reference is, and lines to paste."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from models import Patient, User

PATIENT, THERAPIST = "tom.ferris", "daniel.okoro"

_TEXT = """
The integration journal is at {address}
  reference        {address}/docs
  accounts         {accounts}
  another token    .venv/bin/integration-api token --as NAME
  sign in as one   .venv/bin/integration-api invite --as NAME      (then {address}/oauth/login)

Write a journal entry as the patient {patient}:

  curl -sS {address}/v1/journal-entries \\
    -H 'Authorization: Bearer {patient_token}' \\
    -H 'Content-Type: application/json' \\
    -d '{{"text": "Slept till six. Dreamt of Dad at the slip, and did not turn away.", "visibility": "care_team"}}'

Read what returns for this patient, as the therapist {therapist}:

  curl -sS '{address}/v1/patients/{patient_id}/themes?limit=3' \\
    -H 'Authorization: Bearer {therapist_token}'

Stop with Ctrl-C. Everybody in the demo clinic is invented.
"""


def text(db_session: DbSession, address: str, mint: Callable[[User], str]) -> str:
    """Write the lines out for this installation; without the demo clinic there is little to try."""
    accounts = {user.username: user for user in db_session.scalars(select(User).order_by(User.username))}
    patient_id = db_session.scalar(select(Patient.id).join(User).where(User.username == PATIENT))
    if patient_id is None or THERAPIST not in accounts:
        return f"\nThe integration journal is at {address}; its reference at {address}/docs\n"
    return _TEXT.format(
        address=address,
        accounts=", ".join(accounts),
        patient=PATIENT,
        therapist=THERAPIST,
        patient_id=patient_id,
        patient_token=mint(accounts[PATIENT]),
        therapist_token=mint(accounts[THERAPIST]),
    )
