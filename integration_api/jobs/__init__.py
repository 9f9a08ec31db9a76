"""Work in the background: named jobs that survive a restart, and the worker that does them and all that recurs."""
