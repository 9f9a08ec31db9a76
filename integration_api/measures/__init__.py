"""Validated questionnaires: the catalogue, patients' answers, scores and how they change. Description, no diagnosis."""
