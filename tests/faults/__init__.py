"""Fault runs: what becomes of real routers when the program, the link or the router fails in the middle."""
