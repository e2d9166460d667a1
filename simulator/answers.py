"""From a PDU asked to the varbinds answered: GET, GETNEXT and GETBULK over a view (RFC 3416, section 4.2)."""

from __future__ import annotations

from devices.transport.snmp import ber
from simulator.mib import Now, View

#: Longest list of varbinds sent, octets: an answer that fits one Ethernet frame a few times over.
MOST_OCTETS = 8_000
_NO_OBJECT = ber.value(ber.TAG_NO_SUCH_OBJECT, None)
_NO_INSTANCE = ber.value(ber.TAG_NO_SUCH_INSTANCE, None)
_END = ber.value(ber.TAG_END_OF_MIB_VIEW, None)
MOST_REPETITIONS = 200


def answer(pdu: ber.Pdu, view: View, now: Now) -> bytes | None:
    """The encoded response PDU; None for what an agent does not answer (responses, traps, reports).

    SET is refused with noAccess on its first object: the story cannot be changed from outside.
    """
    if pdu.tag == ber.GET:
        found = [_get(view, now, oid) for oid in pdu.oids]
    elif pdu.tag == ber.GET_NEXT:
        found = [_next(view, now, oid)[0] for oid in pdu.oids]
    elif pdu.tag == ber.GET_BULK:
        return ber.pdu(ber.RESPONSE, pdu.request_id, _bulk(pdu, view, now))
    elif pdu.tag == ber.SET:
        asked = b"".join(map(ber.varbind, pdu.oids))
        return ber.pdu(ber.RESPONSE, pdu.request_id, asked, status=ber.NO_ACCESS, index=1 if pdu.oids else 0)
    else:
        return None
    varbinds = b"".join(found)
    if len(varbinds) > MOST_OCTETS:
        return ber.pdu(ber.RESPONSE, pdu.request_id, b"", status=ber.TOO_BIG)
    return ber.pdu(ber.RESPONSE, pdu.request_id, varbinds)


def _get(view: View, now: Now, oid: bytes) -> bytes:
    place = view.exact(oid)
    if place is None:
        return ber.varbind(oid, _NO_INSTANCE if view.knows_column(oid) else _NO_OBJECT)
    return view.varbind(place, now) or ber.varbind(oid, _NO_INSTANCE)


def _next(view: View, now: Now, oid: bytes) -> tuple[bytes, bytes]:
    """The encoded varbind after `oid` and its object identifier."""
    return _from(view, now, view.after(oid), oid)[:2]


def _from(view: View, now: Now, place: int, oid: bytes) -> tuple[bytes, bytes, int]:
    """First object at `place` or after that is there now: (varbind, its identifier, the place after it)."""
    while place < len(view.bodies):
        varbind = view.varbind(place, now)
        if varbind is not None:
            return varbind, view.bodies[place], place + 1
        place += 1
    return ber.varbind(oid, _END), oid, place


def _bulk(pdu: ber.Pdu, view: View, now: Now) -> bytes:
    """Varbinds of GETBULK; a list that grows too long is cut short, which the asker must bear."""
    once = max(0, min(pdu.error_status, len(pdu.oids)))
    found = [_next(view, now, oid)[0] for oid in pdu.oids[:once]]
    columns = [(oid, view.after(oid)) for oid in pdu.oids[once:]]
    size = sum(map(len, found))
    for _ in range(min(max(0, pdu.error_index), MOST_REPETITIONS) if columns else 0):
        ended = True
        for which, (oid, place) in enumerate(columns):
            varbind, oid, place = _from(view, now, place, oid)  # noqa: PLW2901 - the column moves on
            size += len(varbind)
            if size > MOST_OCTETS:
                return b"".join(found)
            found.append(varbind)
            columns[which] = (oid, place)
            ended = ended and place >= len(view.bodies) and varbind.endswith(_END)
        if ended:
            break
    return b"".join(found)
