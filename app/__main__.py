"""`python -m app …` is `saywho …`, also from a checkout that is not installed."""

from app.cli import main

main()
