"""What the routers hold: restorable copies, a readable history, drift from what was accepted, and rules."""
