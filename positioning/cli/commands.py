"""The names of the commands."""

COMMANDS = {
    "run": "run", "today": "today", "check": "check", "grid-search": "grid_search", "event-study": "event_study",
    "stress": "stress", "capacity": "capacity", "claims": "claims", "compare": "compare", "verify": "verify",
    "events": "events", "screen": "screen", "fetch": "fetch", "serve": "serve", "list": "listing", "init": "init",
}  # fmt: skip
"""Each command's module, imported when it is asked for."""
