"""The demo clinic: invented people, whose entries read like real ones."""
