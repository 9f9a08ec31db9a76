"""For the five minutes before a session: one patient's brief, and a clinician's caseload at a glance."""
