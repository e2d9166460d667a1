"""The SNMP client: v2c and v3 over UDP, one socket for all devices of a domain."""
