#!/bin/sh
# The first process of one router, in its own network, mount and process namespaces: when it ends, all in them ends.
# Arguments: the router's folder (survives a restart; everything in /run does not). Leaves `ready` there once all serve.
set -eu
folder=$1
PATH=$PATH:/usr/sbin:/sbin:/usr/lib/frr
mount --make-rprivate /
mount -t tmpfs -o size=8m,mode=755 tmpfs /run
mount -t tmpfs tmpfs /var/tmp
mkdir -p /run/frr /run/sshd /run/lock /var/log/frr
mount --bind "$folder/frr" /etc/frr
mount --bind "$folder/root" /root
mount --bind "$folder/log" /var/log/frr
chown -R frr:frr /run/frr /etc/frr
hostname "$(cat "$folder/name")"
ip link set lo up
waited=0
until ip link show eth0 >/dev/null 2>&1; do
  waited=$((waited + 1))
  [ "$waited" -lt 500 ] || exit 1
  sleep 0.02
done
ip link set eth0 up
sysctl -qw net.ipv4.ip_forward=1 || true
zebra -d -A 127.0.0.1 -i /run/frr/zebra.pid --log file:/var/log/frr/zebra.log
staticd -d -A 127.0.0.1 -i /run/frr/staticd.pid --log file:/var/log/frr/staticd.log
vtysh -b
"$(command -v sshd)" -D -e -f "$folder/sshd_config" 2>"$folder/log/sshd.log" &
MIBS="" SNMP_PERSISTENT_DIR=/run/snmp snmpd -f -C -c "$folder/snmpd.conf" -Lf "$folder/log/snmpd.log" udp:161 &
: >"$folder/ready"
while :; do wait || :; sleep 1; done
