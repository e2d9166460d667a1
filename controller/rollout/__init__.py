"""Bulk change of routers: plan, approve, push in waves, resume, and the record of it."""
