"""The teacher: a sentence encoder, fine-tuned whole on the corpus, that reads a sentence among those around it.

It finds a little more than the network that ships, is some twelve times as slow as the whole pipeline, and far larger.
So it only tells the network what it makes of the corpus (`nlp/learned/soft_labels.py`). Devlin, Chang, Lee and
Toutanova, "BERT: pre-training of deep bidirectional transformers for language understanding", NAACL 2019.
Needs the extra: pip install 'integration-journal[encoder]'.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from nlp.learned.segments import starts_of
from nlp.learned.windows import NOBODY, Marks, Packed, Pieces, Window, batches, pack, windows
from nlp.learned.word_table import Floats

LONGEST_SENTENCE = 64  # word pieces; what is longer is cut
LONGEST_WINDOW = 224  # word pieces of one document that are read together in training, and
LONGEST_READ = 240  # when it tells
RATE_OF_OUTPUT, WARMUP = 2e-3, 150  # a learning rate, and steps until it is reached; then it falls to 0
DECAY, STEEPEST, DROPOUT = 0.01, 5.0, 0.1
FROZEN_LAYERS = 2  # the lowest of the encoder, and its word pieces, stay as they are
RARE = -3.5  # log odds of a label before anything is known

Sentences = Sequence[str]


@dataclass(frozen=True, slots=True)
class Training:
    """How a teacher learns: how often it reads all, how fast, and whether numbers of half the length are enough.

    rate: of the encoder's own weights; the larger it is, the lower (2e-4 for all-MiniLM-L6-v2, 8e-5 for
    all-mpnet-base-v2). is_half: multiply in bfloat16, where the processor has it: twice as fast.
    """

    epochs: float = 5.0
    rate: float = 2e-4
    is_half: bool = False


class TeacherError(Exception):
    """There is no teacher: the extra is missing, or the encoder. The message says which."""


class Teacher:
    """A fine-tuned encoder with one score a label for each sentence: from the mean and the most of its word pieces.

    encoder: of BERT's make, all-MiniLM-L6-v2 or all-mpnet-base-v2 for two, by name or path.
    """

    def __init__(self, encoder: str, labels: int, training: Training, seed: int = 0) -> None:
        try:
            import torch  # noqa: PLC0415 -- an extra, and slow to import
            from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415
        except ImportError:
            raise TeacherError("a teacher needs the extra: pip install 'integration-journal[encoder]'") from None
        self._torch: Any = torch
        self._training = training
        torch.manual_seed(seed)
        self._chance = random.Random(seed)  # noqa: S311 -- no secret
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(encoder)
            self._encoder: Any = AutoModel.from_pretrained(encoder)
        except (OSError, ValueError) as error:
            raise TeacherError(f"{encoder} cannot be read: {error}") from None
        if not hasattr(getattr(self._encoder, "encoder", None), "layer"):
            raise TeacherError(f"{encoder} is not of BERT's make")
        self._marks = Marks(*(getattr(self._tokenizer, f"{each}_token_id") for each in ("cls", "sep", "pad")))
        self._output: Any = torch.nn.Linear(2 * self._encoder.config.hidden_size, labels)
        torch.nn.init.constant_(self._output.bias, RARE)
        for part in (self._encoder.embeddings, *self._encoder.encoder.layer[:FROZEN_LAYERS]):
            part.requires_grad_(False)  # noqa: FBT003 -- torch has it so

    def learn(self, documents: Sequence[Sentences], truth: Floats, say: Callable[[str], None]) -> None:
        """Fine-tune on documents; truth: a row for each of their sentences, labels 0 or 1."""
        pieces, first = self._laid_out(documents)
        steps = max(1, int(self._training.epochs * sum(1 for _ in self._shuffled(pieces))))
        optimiser, schedule = self._optimiser(steps)
        self._encoder.train()
        for step, batch in zip(range(steps), self._without_end(pieces), strict=False):
            rows = np.concatenate([np.arange(each.first, each.last) + first[each.document] for each in batch])
            wanted = self._torch.tensor(truth[rows])
            scores = self._scores(pieces, batch, DROPOUT)
            loss = self._torch.nn.functional.binary_cross_entropy_with_logits(scores, wanted, reduction="sum")
            optimiser.zero_grad()
            (loss / len(rows)).backward()
            self._torch.nn.utils.clip_grad_norm_([each for group in self._groups() for each in group], STEEPEST)
            optimiser.step()
            schedule.step()
            if step % 100 == 0:
                say(f"step {step} of {steps}: {loss.item() / len(rows):.2f}")

    def tell(self, documents: Sequence[Sentences]) -> list[Floats]:
        """Give the chances of labels, for each document an array, shape (sentences, labels)."""
        pieces, first = self._laid_out(documents)
        told = np.zeros((first[-1], self._output.out_features), np.float32)
        self._encoder.eval()
        with self._torch.inference_mode():
            for batch in batches(windows(pieces, LONGEST_READ), pieces):
                chances = self._scores(pieces, batch).sigmoid().numpy()
                ends = np.cumsum([each.last - each.first for each in batch])
                for each, end in zip(batch, ends.tolist(), strict=True):
                    new = each.last - each.first - each.known
                    last = first[each.document] + each.last
                    told[last - new : last] = chances[end - new : end]
        return [told[start:end] for start, end in pairwise(first)]

    def _groups(self) -> tuple[list[Any], list[Any]]:
        return [each for each in self._encoder.parameters() if each.requires_grad], list(self._output.parameters())

    def _optimiser(self, steps: int) -> tuple[Any, Any]:
        rates = (self._training.rate, RATE_OF_OUTPUT)
        groups = [{"params": of, "lr": rate} for of, rate in zip(self._groups(), rates, strict=True)]
        optimiser = self._torch.optim.AdamW(groups, weight_decay=DECAY)
        schedule = self._torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: min(1, (step + 1) / WARMUP) * max(0, 1 - step / steps)
        )
        return optimiser, schedule

    def _laid_out(self, documents: Sequence[Sentences]) -> tuple[list[Pieces], list[int]]:
        """Give the word pieces of documents, and the number of each one's first sentence, with one more at the end."""
        lengths = np.array([len(each) for each in documents], np.int64)
        return [self._pieces(each) for each in documents], starts_of(lengths).tolist()

    def _pieces(self, document: Sentences) -> Pieces:
        if not document:
            return []
        cut = self._tokenizer(list(document), add_special_tokens=False, truncation=True, max_length=LONGEST_SENTENCE)
        return [each or [self._tokenizer.unk_token_id] for each in cut["input_ids"]]

    def _without_end(self, pieces: Sequence[Pieces]) -> Iterator[list[Window]]:
        while True:
            yield from self._shuffled(pieces)

    def _shuffled(self, pieces: Sequence[Pieces]) -> list[list[Window]]:
        cut = windows(pieces, LONGEST_WINDOW, shifted=self._chance)
        self._chance.shuffle(cut)
        found = list(batches(cut, pieces))
        self._chance.shuffle(found)
        return found

    def _scores(self, pieces: Sequence[Pieces], batch: Sequence[Window], dropout: float = 0.0) -> Any:
        packed = pack([pieces[each.document][each.first : each.last] for each in batch], self._marks)
        pooled = self._pooled(packed, sum(each.last - each.first for each in batch))
        return self._output(self._torch.nn.functional.dropout(pooled, dropout, dropout > 0))

    def _pooled(self, packed: Packed, sentences: int) -> Any:
        torch, places = self._torch, np.flatnonzero(packed.owner != NOBODY)
        ids, mask = torch.from_numpy(packed.ids), torch.from_numpy(packed.mask)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._training.is_half):
            states = self._encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        states = states.float().reshape(packed.ids.size, -1)[torch.from_numpy(places)]
        owner = torch.from_numpy(packed.owner[places])
        mean = torch.zeros(sentences, states.shape[1]).index_add_(0, owner, states)
        mean = mean / torch.bincount(owner, minlength=sentences)[:, None]
        most = torch.full_like(mean, -1e4).scatter_reduce(0, owner[:, None].expand_as(states), states, "amax")
        return torch.cat([mean, most], 1)
