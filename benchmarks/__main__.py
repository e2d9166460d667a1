"""`make bench`: every measurement of this folder, one after the other; results in benchmarks/results/NAME.json.

python -m benchmarks            all, at the size of the reference tables (about half an hour)
python -m benchmarks --quick    all, small: to see that they run
python -m benchmarks NAME ...   some
"""

from __future__ import annotations

import argparse
import os
import pkgutil
import platform
import subprocess
import sys
import time
from pathlib import Path

import benchmarks


def names() -> list[str]:
    """The files of this folder that measure something."""
    return sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__) if not m.name.startswith("_"))


def main() -> int:
    """Run them; a measurement that cannot run (a peer is not installed) says so and the rest goes on."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names()))
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(names()):
        print(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(names())}", file=sys.stderr)
        return 2
    Path(__file__).with_name("results").mkdir(exist_ok=True)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    failed = []
    for name in arguments.names or names():
        began = time.monotonic()
        print(f"\n== {name}", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}", *(["--quick"] if arguments.quick else [])]
        if subprocess.run(command, check=False).returncode != 0:
            failed.append(name)
        print(f"-- {name}: {time.monotonic() - began:.0f} s", flush=True)
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
