"""`python -m nlp`: see commands.py."""

from nlp.commands import main

if __name__ == "__main__":
    main()
