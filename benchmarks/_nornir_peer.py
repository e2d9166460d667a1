"""nornir with nornir-netmiko on the same simulated routers; run by the peers' own environment, prints one JSON line.

python _nornir_peer.py FOLDER WORKERS PORT USER HOST...
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from nornir.core import Nornir
from nornir.core.inventory import ConnectionOptions, Defaults, Groups, Host, Hosts, Inventory
from nornir.core.plugins.connections import ConnectionPluginRegister
from nornir.core.task import Result, Task
from nornir.plugins.runners import ThreadedRunner
from nornir_netmiko.tasks import netmiko_send_command

COMMANDS = ("show version", "show running-config", "show startup-config")


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def three(task: Task) -> Result:
    """Three commands and the end of the session."""
    for command in COMMANDS:
        said = task.run(task=netmiko_send_command, command_string=command)
        if "router" not in said.result and "version" not in said.result.lower() and "hostname" not in said.result:
            raise RuntimeError(f"unexpected answer to {command}")
    task.host.close_connections()
    return Result(host=task.host)


def main() -> None:
    """Run once over the hosts."""
    folder, workers, port, user, *hosts = sys.argv[1:]
    known = sorted((Path(folder) / "known_hosts.d").iterdir())
    inventory = Inventory(hosts=Hosts(), groups=Groups(), defaults=Defaults())
    for host, pinned in zip(hosts, known, strict=True):
        extras = {
            "use_keys": True, "key_file": f"{folder}/id", "ssh_strict": True, "system_host_keys": False,
            "alt_host_keys": True, "alt_key_file": str(pinned), "conn_timeout": 60, "banner_timeout": 60,
            "auth_timeout": 60, "read_timeout_override": 60,
        }  # fmt: skip
        options = {"netmiko": ConnectionOptions(extras=extras)}
        inventory.hosts[host] = Host(
            name=host, hostname=host, port=int(port), username=user, platform="cisco_ios", connection_options=options,
            defaults=inventory.defaults,
        )  # fmt: skip
    ConnectionPluginRegister.auto_register()
    nornir = Nornir(inventory=inventory, runner=ThreadedRunner(num_workers=int(workers)))
    cpu, began = _cpu_s(), time.monotonic()
    done = nornir.run(task=three)
    print(json.dumps({"cpu_s": _cpu_s() - cpu, "seconds": time.monotonic() - began, "failed": len(done.failed_hosts)}))


if __name__ == "__main__":
    main()
