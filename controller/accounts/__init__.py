"""Who may do what: accounts, passwords, sessions, and the limit on guessing. Names are exported by its files."""
