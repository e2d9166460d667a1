"""The journal: what the program was asked, what it did and what happened. Many processes write it."""
