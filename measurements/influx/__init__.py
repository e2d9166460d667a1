"""The InfluxDB adapter. `connection.py` is the only door to influxdb-client; nothing of it travels past."""
