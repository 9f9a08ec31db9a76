"""The `integration-api` command, called as in a shell."""

from click.testing import CliRunner, Result

from integration_api.cli import main


def run(*arguments: str, **env: str) -> Result:
    """Call it in an environment that has so much more set."""
    return CliRunner(env=env).invoke(main, arguments)
