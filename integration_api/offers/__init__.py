"""Which prompts are put to a patient now, and why."""
