"""Pictures and voice notes of journal entries."""
