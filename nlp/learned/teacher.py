"""The teacher: a sentence encoder, fine-tuned whole on the corpus, that reads a sentence among those around it.

It finds a little more than the network that ships, is some twelve times as slow as the whole pipeline, and far larger.
So it tells the network what it makes of the corpus (`nlp/learned/soft_labels.py`), and who has the machine for it can
have it read along (`nlp/learned/second_reading.py`). Needs the extra: pip install 'integration-journal[encoder]'.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

import numpy as np

from nlp.learned.fine_tuned import About, FineTuned
from nlp.learned.reader import Sentences
from nlp.learned.windows import Pieces, Window, batches, windows
from nlp.learned.word_table import Floats

LONGEST_WINDOW = 224  # word pieces of one document that are read together in training
RATE_OF_OUTPUT, WARMUP = 2e-3, 150  # a learning rate, and steps until it is reached; then it falls to 0
DECAY, STEEPEST, DROPOUT = 0.01, 5.0, 0.1
FROZEN_LAYERS = 2  # the lowest of the encoder, and its word pieces, stay as they are


class Teacher(FineTuned):
    """An encoder that is fine-tuned. Encoder and errors are those of `FineTuned`."""

    def __init__(self, encoder: str, about: About, seed: int = 0) -> None:
        super().__init__(encoder, about, seed)
        self._training = about.training
        self._chance = random.Random(seed)  # noqa: S311 -- no secret
        for part in (self._encoder.embeddings, *self._encoder.encoder.layer[:FROZEN_LAYERS]):
            part.requires_grad_(False)  # noqa: FBT003 -- torch has it so

    def learn(self, documents: Sequence[Sentences], truth: Floats, say: Callable[[str], None]) -> None:
        """Fine-tune on documents; truth: a row for each of their sentences, labels 0 or 1."""
        pieces, first = self.laid_out(documents)
        optimiser, learned = self._optimiser(), self._learned(pieces)
        for step, (batch, is_new) in enumerate(self._without_end(pieces)):
            self._encoder.train(not is_new)  # what is read for the first time cannot be learned by heart
            gone = learned(step)
            if gone >= 1:
                return
            for group, rate in zip(optimiser.param_groups, self._rates(), strict=True):
                group["lr"] = rate * min(1, (step + 1) / WARMUP) * (1 - gone)
            rows = np.concatenate([np.arange(each.first, each.last) + first[each.document] for each in batch])
            wanted = self._torch.tensor(truth[rows])
            scores = self.scores(pieces, batch, 0.0 if is_new else DROPOUT)
            loss = self._torch.nn.functional.binary_cross_entropy_with_logits(scores, wanted, reduction="sum")
            optimiser.zero_grad()
            (loss / len(rows)).backward()
            self._torch.nn.utils.clip_grad_norm_([each for group in self._groups() for each in group], STEEPEST)
            optimiser.step()
            if step % 100 == 0:
                say(f"step {step}, {gone:.0%} learned: {loss.item() / len(rows):.2f}")

    def _learned(self, pieces: Sequence[Pieces]) -> Callable[[int], float]:
        """Give what tells, before each step, which part of learning is over: by the clock, or by steps."""
        minutes = self._training.minutes
        if minutes is not None:
            start, seconds = time.monotonic(), 60 * minutes
            return lambda _: (time.monotonic() - start) / seconds
        steps = max(1, int(self._training.epochs * len(self._shuffled(pieces))))
        return lambda step: step / steps

    def _groups(self) -> tuple[list[Any], list[Any]]:
        return [each for each in self._encoder.parameters() if each.requires_grad], list(self._output.parameters())

    def _rates(self) -> tuple[float, float]:
        return self._training.rate, RATE_OF_OUTPUT

    def _optimiser(self) -> Any:
        groups = [{"params": of, "lr": rate} for of, rate in zip(self._groups(), self._rates(), strict=True)]
        return self._torch.optim.AdamW(groups, weight_decay=DECAY)

    def _without_end(self, pieces: Sequence[Pieces]) -> Iterator[tuple[list[Window], bool]]:
        """Give batches, and whether they are read for the first time."""
        for reading in count():
            yield from ((batch, reading == 0) for batch in self._shuffled(pieces))

    def _shuffled(self, pieces: Sequence[Pieces]) -> list[list[Window]]:
        cut = windows(pieces, LONGEST_WINDOW, shifted=self._chance)
        self._chance.shuffle(cut)
        found = list(batches(cut, pieces))
        self._chance.shuffle(found)
        return found
