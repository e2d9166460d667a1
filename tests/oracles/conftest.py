"""Other people's libraries as judges of ours. They need an environment of their own (716 MB): `make oracles`.

Where they are not installed, as in `make test`, this folder is not collected.
"""

from importlib.util import find_spec

collect_ignore_glob = (
    [] if all(find_spec(name) for name in ("spopt", "access", "inequality", "pulp")) else ["test_*.py"]
)
