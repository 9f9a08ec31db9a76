"""A sentence encoder with an output layer over it: reads a sentence among those around it. Kept in a folder.

Devlin, Chang, Lee and Toutanova, "BERT: pre-training of deep bidirectional transformers for language understanding",
NAACL 2019. `nlp/learned/teacher.py` lets it learn. Needs the extra: pip install 'integration-journal[encoder]'.
"""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any
from zipfile import BadZipFile

import numpy as np
from spacy.util import registry

from nlp.learned.reader import Reader, ReaderError, Sentences
from nlp.learned.segments import starts_of
from nlp.learned.windows import NOBODY, Marks, Packed, Pieces, Window, batches, pack, windows
from nlp.learned.word_table import Floats

LONGEST_SENTENCE = 64  # word pieces; what is longer is cut
LONGEST_READ = 240  # word pieces of one document that are read together
RARE = -3.5  # log odds of a label before anything is known
ABOUT, OUTPUT, ENCODER = "about.json", "output.npz", "encoder"  # what lies in a reader's folder


@dataclass(frozen=True, slots=True)
class Training:
    """How a teacher learns: how often it reads all, how fast, and whether numbers of half the length are enough.

    rate: of the encoder's own weights; the larger it is, the lower (2e-4 for all-MiniLM-L6-v2, 8e-5 for
    all-mpnet-base-v2). is_half: multiply in bfloat16, where the processor has it: twice as fast; it then reads so, too.
    minutes: learn for so long, in place of so many epochs. trust: how much of what is learned is what the soft labels
    that ship say, in place of the labels.
    """

    epochs: float = 5.0
    rate: float = 2e-4
    is_half: bool = False
    minutes: float | None = None
    trust: float = 0.35


@dataclass(frozen=True, slots=True)
class About:
    """What a reader tells of, how it was made, and which writers of the corpus it was kept from."""

    columns: tuple[str, ...]
    training: Training = Training()
    kept_from: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> "About":
        """Read it from a file; raise KeyError, TypeError or ValueError where that is of another make."""
        kept = json.loads(path.read_text("utf-8"))
        return cls(tuple(kept["columns"]), Training(**kept["training"]), tuple(kept["kept_from"]))


class FineTuned:
    """An encoder with one score a label for each sentence: from the mean and the most of its word pieces.

    encoder: of BERT's make, all-MiniLM-L6-v2 or all-mpnet-base-v2 for two, by name or path. options: for reading it.
    Raises ReaderError where the extra is missing, or the encoder is, or is of another make.
    """

    def __init__(self, encoder: str, about: About, seed: int = 0, **options: bool) -> None:
        torch, transformers = _libraries()
        self._torch = torch
        self.about = about
        torch.manual_seed(seed)
        try:
            self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(encoder, **options)
            self._encoder: Any = transformers.AutoModel.from_pretrained(encoder, **options)
        except Exception as error:  # noqa: BLE001 -- a file that is cut short has errors of the library's own
            raise ReaderError(f"{encoder} cannot be read: {error}") from None
        if not hasattr(getattr(self._encoder, "encoder", None), "layer"):
            raise ReaderError(f"{encoder} is not of BERT's make")
        self._tokenizing = Lock()  # a tokenizer sets how it cuts with each call, which two threads must not do at once
        self._marks = Marks(*(getattr(self._tokenizer, f"{each}_token_id") for each in ("cls", "sep", "pad")))
        self._output: Any = torch.nn.Linear(2 * self._encoder.config.hidden_size, len(about.columns))
        torch.nn.init.constant_(self._output.bias, RARE)

    @property
    def columns(self) -> tuple[str, ...]:
        """What it tells of."""
        return self.about.columns

    @property
    def kept_from(self) -> tuple[str, ...]:
        """Writers of the corpus that it has not learned from."""
        return self.about.kept_from

    @classmethod
    def read(cls, folder: Path) -> "FineTuned":
        """Read one that was written; nothing in its files is executed, nothing fetched. Raises ReaderError."""
        try:
            about = About.read(folder / ABOUT)
            with (folder / OUTPUT).open("rb") as file, np.load(file, allow_pickle=False) as kept:
                weight, bias = kept["weight"].astype(np.float32), kept["bias"].astype(np.float32)
        except (OSError, KeyError, TypeError, ValueError, BadZipFile) as error:
            raise ReaderError(
                f"{folder} is no reader ({type(error).__name__}): python -m nlp teach --reader FOLDER makes one"
            ) from None
        made = cls(str(folder / ENCODER), about, use_safetensors=True, local_files_only=True)
        if weight.shape != tuple(made._output.weight.shape) or bias.shape != (len(weight),):
            raise ReaderError(f"{folder} is no reader: its output layer is of another encoder or of other columns")
        made._output.load_state_dict({"weight": made._torch.tensor(weight), "bias": made._torch.tensor(bias)})
        return made

    def write(self, folder: Path) -> None:
        """Write it to a folder, which is replaced: encoder and tokenizer as transformers keeps them, in safetensors."""
        beside = folder.with_name(f"new.{folder.name}")  # what is there may be what is read from
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        for each in (self._tokenizer, self._encoder):
            each.save_pretrained(beside / ENCODER)
        kept = {name: value.numpy() for name, value in self._output.state_dict().items()}
        np.savez(beside / OUTPUT, **kept)
        (beside / ABOUT).write_text(json.dumps(asdict(self.about), indent=1), "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)

    def tell(self, documents: Sequence[Sentences]) -> list[Floats]:
        """Give the chances of labels, for each document an array, shape (sentences, labels)."""
        pieces, first = self.laid_out(documents)
        told = np.zeros((first[-1], len(self.columns)), np.float32)
        self._encoder.eval()
        with self._torch.inference_mode():
            for batch in batches(windows(pieces, LONGEST_READ), pieces):
                chances = self.scores(pieces, batch).sigmoid().numpy()
                ends = np.cumsum([each.last - each.first for each in batch])
                for each, end in zip(batch, ends.tolist(), strict=True):
                    new = each.last - each.first - each.known
                    last = first[each.document] + each.last
                    told[last - new : last] = chances[end - new : end]
        return [told[start:end] for start, end in pairwise(first)]

    def laid_out(self, documents: Sequence[Sentences]) -> tuple[list[Pieces], list[int]]:
        """Give the word pieces of documents, and the number of each one's first sentence, with one more at the end."""
        lengths = np.array([len(each) for each in documents], np.int64)
        return [self._pieces(each) for each in documents], starts_of(lengths).tolist()

    def _pieces(self, document: Sentences) -> Pieces:
        if not document:
            return []
        with self._tokenizing:
            cut = self._tokenizer(
                list(document), add_special_tokens=False, truncation=True, max_length=LONGEST_SENTENCE
            )
        return [each or [self._tokenizer.unk_token_id] for each in cut["input_ids"]]

    def scores(self, pieces: Sequence[Pieces], batch: Sequence[Window], dropout: float = 0.0) -> Any:
        """Score the sentences of a batch: a tensor of log odds, shape (sentences, labels)."""
        packed = pack([pieces[each.document][each.first : each.last] for each in batch], self._marks)
        pooled = self._pooled(packed, sum(each.last - each.first for each in batch))
        return self._output(self._torch.nn.functional.dropout(pooled, dropout, dropout > 0))

    def _pooled(self, packed: Packed, sentences: int) -> Any:
        torch, places = self._torch, np.flatnonzero(packed.owner != NOBODY)
        ids, mask = torch.from_numpy(packed.ids), torch.from_numpy(packed.mask)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.about.training.is_half):
            states = self._encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        states = states.float().reshape(packed.ids.size, -1)[torch.from_numpy(places)]
        owner = torch.from_numpy(packed.owner[places])
        mean = torch.zeros(sentences, states.shape[1]).index_add_(0, owner, states)
        mean = mean / torch.bincount(owner, minlength=sentences)[:, None]
        most = torch.full_like(mean, -1e4).scatter_reduce(0, owner[:, None].expand_as(states), states, "amax")
        return torch.cat([mean, most], 1)


def _libraries() -> tuple[Any, Any]:
    try:
        import torch  # noqa: PLC0415 -- an extra, and slow to import
        import transformers  # noqa: PLC0415
    except ImportError:
        raise ReaderError("an encoder needs the extra: pip install 'integration-journal[encoder]'") from None
    return torch, transformers


@registry.misc("integration_journal.FineTuned.v1")
def fine_tuned() -> Callable[[Path], Reader]:
    """Name it for the pipeline's configuration: how a reader is read from its folder, to serve.

    It reads with one thread. gunicorn's workers are forks of the process that loaded the pipeline, in which OpenMP's
    threads, once it has any, are missing: a worker would wait for them for good.
    """

    def read(folder: Path) -> Reader:
        _libraries()[0].set_num_threads(1)
        return FineTuned.read(folder)

    return read
