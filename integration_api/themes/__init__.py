"""The taxonomy, tagging of a stored document, recurrence, reviews."""
