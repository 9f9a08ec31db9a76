"""Courses of treatment, sessions, vitals."""
