"""Does a TCP port accept connections? Another question than ping: a host may answer one and not the other."""

from __future__ import annotations

import asyncio
import socket

from devices.model import Domain
from devices.transport.snmp.endpoint import open_socket, resolve


async def connects(host: str, port: int, timeout_s: float, *, domain: Domain | None = None) -> float | None:
    """Milliseconds until a connection to the port was accepted; None when it was refused or not answered in time.

    Args:
        host: an IPv4 or IPv6 address.
        port: TCP port.
        timeout_s: how long to wait.
        domain: from where the host is reached; None: the usual way.

    Raises:
        NotSupported: not an address, or the domain cannot be used here.
    """
    domain = domain or Domain(name="")
    family, address = resolve(host, port, domain)
    sock = open_socket(domain, family, socket.SOCK_STREAM)
    loop = asyncio.get_running_loop()
    started = loop.time()
    try:
        async with asyncio.timeout(timeout_s):
            await loop.sock_connect(sock, address)
    except OSError:  # TimeoutError is one
        return None
    finally:
        sock.close()
    return (loop.time() - started) * 1000
