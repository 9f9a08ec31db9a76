"""What an app shows somebody at once, beside what they sent: kind words, and where help is."""

from collections.abc import Sequence
from dataclasses import dataclass

from integration_api.config import CrisisResource


@dataclass(frozen=True, slots=True)
class Support:
    """What to show now."""

    message: str
    resources: Sequence[CrisisResource] = ()
    kind: str = "support"
