"""How people sign in: invitations, passwords, second factors, and the browser's session."""
