"""One file a command; each holds `command`, a click command."""
