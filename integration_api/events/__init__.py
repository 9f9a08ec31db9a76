"""The outbox: other systems are told that something happened, in order and at least once; never what was said."""
