"""What is shown at once to somebody whose answer speaks of death or self-harm, in the questionnaire's language."""

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from integration_api.config import CrisisResource
from integration_api.measures.scoring import safety_of
from integration_api.measures.use_cases import measure_named
from integration_api.safety.support import Support
from models import MeasureResponse

WORDS = Path(__file__).with_name("support.toml")


def support_for(response: MeasureResponse, resources: Sequence[CrisisResource] = ()) -> Support | None:
    """Give what to show who answered; None where there is no cause, or where the response holds no more."""
    if response.status != "final":
        return None
    themes = {told.theme for told, _ in safety_of(measure_named(response.measure), response.answers)}
    words = _words()[response.language]
    return Support(" ".join(words[theme] for theme in sorted(themes)), resources) if themes else None


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(WORDS.read_text("utf-8"))
