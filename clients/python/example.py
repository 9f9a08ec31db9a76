"""Write an entry and read what returns, with the generated client.

make clients
SERVER=http://127.0.0.1:8000 TOKEN=... python clients/python/example.py
"""

import os

from integration_journal_client import AuthenticatedClient
from integration_journal_client.api.journal import write_journal_entry
from integration_journal_client.api.people import read_me
from integration_journal_client.api.themes import list_recurring_themes
from integration_journal_client.models import JournalEntry, JournalEntryDraft, Me, Problem, RecurringThemeList


def main() -> None:
    """Write, and read."""
    client = AuthenticatedClient(os.environ["SERVER"], os.environ["TOKEN"])
    with client:
        me = read_me.sync(client=client)
        if not isinstance(me, Me) or me.patient_id is None:
            raise SystemExit("this token is not a patient's")
        draft = JournalEntryDraft("I still miss him every time the boats come in.", visibility="care_team")
        written = write_journal_entry.sync(client=client, body=draft)
        if isinstance(written, Problem):
            raise SystemExit(f"{written.title}: {written.detail}")
        if not isinstance(written, JournalEntry):
            raise SystemExit("an answer that the contract does not know")
        print("written:", written.id, [mention.theme for mention in written.themes])
        found = list_recurring_themes.sync(me.patient_id, client=client)
        if isinstance(found, RecurringThemeList):
            for theme in found.items:
                print("returns:", theme.label, theme.trajectory, [each.quote for each in theme.evidence])


if __name__ == "__main__":
    main()
