"""pysnmp as oracle: it reads what we write, and we read what it writes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api

from devices.transport.snmp import ber
from tests.unit.devices.snmp.test_ber import dotted

v2c = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]
CLASSES = {
    ber.INTEGER: v2c.Integer32,
    ber.COUNTER32: v2c.Counter32,
    ber.GAUGE32: v2c.Gauge32,
    ber.TIMETICKS: v2c.TimeTicks,
    ber.COUNTER64: v2c.Counter64,
    ber.OCTET_STRING: v2c.OctetString,
    ber.OBJECT_IDENTIFIER: v2c.ObjectIdentifier,
    ber.IP_ADDRESS: v2c.IpAddress,
}
value = st.one_of(
    st.tuples(st.just(ber.INTEGER), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.sampled_from([ber.COUNTER32, ber.GAUGE32, ber.TIMETICKS]), st.integers(0, 2**32 - 1)),
    st.tuples(st.just(ber.COUNTER64), st.integers(0, 2**64 - 1)),
    st.tuples(st.just(ber.OCTET_STRING), st.binary(max_size=300)),
    st.tuples(st.just(ber.OBJECT_IDENTIFIER), dotted),
    st.tuples(st.just(ber.IP_ADDRESS), st.ip_addresses(v=4).map(str)),
)
bindings = st.lists(st.tuples(dotted, value), min_size=1, max_size=6)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(bindings, st.integers(1, 2**31 - 1))
def test_both_write_the_same_octets(pairs, request_id: int) -> None:
    pdu = v2c.GetResponsePDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, request_id)
    v2c.apiPDU.set_varbinds(pdu, [(v2c.ObjectIdentifier(o), CLASSES[t](v)) for o, (t, v) in pairs])
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, "public")
    v2c.apiMessage.set_pdu(message, pdu)
    theirs = encoder.encode(message)
    encoded = b"".join(ber.varbind(ber.oid_body(o), ber.value(t, v)) for o, (t, v) in pairs)
    ours = ber.message(b"public", ber.pdu(ber.RESPONSE, request_id, encoded))
    if not any(isinstance(v, int) and v < 0 for _, (_, v) in pairs):  # pyasn1 writes -128 with an octet too many
        assert ours == theirs
    read, rest = decoder.decode(ours, asn1Spec=v2c.Message())
    assert not rest
    assert encoder.encode(read) == theirs
    assert [ber.oid_text(o) for o in ber.read_message(theirs)[1].oids] == [o for o, _ in pairs]
    assert ber.read_message(theirs)[1].values == [v for _, (_, v) in pairs]


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(dotted, min_size=1, max_size=8), st.integers(0, 50), st.integers(0, 50))
def test_pysnmp_reads_our_getbulk(oids: list[str], non_repeaters: int, repetitions: int) -> None:
    data = ber.request(
        b"public", ber.GET_BULK, 77, [ber.oid_body(o) for o in oids], status=non_repeaters, index=repetitions
    )
    message, rest = decoder.decode(data, asn1Spec=v2c.Message())
    assert not rest
    pdu = v2c.apiMessage.get_pdu(message)
    assert int(v2c.apiBulkPDU.get_non_repeaters(pdu)) == non_repeaters
    assert int(v2c.apiBulkPDU.get_max_repetitions(pdu)) == repetitions
    assert [str(o) for o, _ in v2c.apiBulkPDU.get_varbinds(pdu)] == oids
