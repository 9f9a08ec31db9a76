"""What the app shows a writer at once, beside the entry: kind words and where help is, never an interpretation."""

from models import JournalEntry

# A wish to be dead, affirmed or weighed, is answered; one that is denied, past, or somebody else's is not.
ANSWERED_THEME = "suicidality"
ANSWERED_ASSERTIONS = frozenset({"affirmed", "hypothetical"})
MESSAGE = (
    "Thank you for writing this down. It is kept. This journal is not watched around the clock, so it cannot answer "
    "you in an emergency. If you feel unsafe, or might act on thoughts of dying, please call your local emergency "
    "number or a crisis line now, or reach somebody you trust. Your care team is there for you at its usual hours."
)


def support_for(entry: JournalEntry) -> dict[str, str] | None:
    """Give what to show the writer of this entry now; None where there is no cause."""
    for mention in entry.mentions:
        is_meant = mention.assertion in ANSWERED_ASSERTIONS and mention.review != "rejected"
        if mention.theme == ANSWERED_THEME and is_meant:
            return {"kind": "support", "message": MESSAGE}
    return None
