"""What an engineer wants of many routers, written once: change files, templates, where-expressions."""
