"""How a stream of Opus begins, whatever it lies in: RFC 7845, 5.1."""

_BYTES = 19  # with one or two channels; the last says that it is so


def is_opus_head(found: bytes) -> bool:
    """Tell whether this is a head of one or two channels, and nothing else."""
    return found.startswith(b"OpusHead") and found[_BYTES - 1 :] == b"\0"
