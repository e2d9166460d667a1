"""Small networks of real routers for the tests, each in namespaces of its own."""
