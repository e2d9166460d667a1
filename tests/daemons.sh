#!/usr/bin/env bash
# The daemons that the tests talk to, from Debian. As root: installs what is missing. Otherwise: says the one command.
set -euo pipefail
declare -A package=(
  [snmpd]=snmpd [snmpget]=snmp [sshd]=openssh-server [ssh-keygen]=openssh-client [dropbear]=dropbear-bin [influxd]=influxdb
  [chromium]=chromium [ip]=iproute2 [collectd]=collectd-core [prometheus-snmp-exporter]=prometheus-snmp-exporter [iperf3]=iperf3
  [vtysh]=frr [frr-reload.py]=frr-pythontools
)
export PATH="$PATH:/usr/sbin:/sbin:/usr/lib/frr"
missing=()
for program in "${!package[@]}"; do
  command -v "$program" >/dev/null || missing+=("${package[$program]}")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "Tests that need these are skipped: ${missing[*]}"
  echo "To run them too:  sudo apt-get install -y --no-install-recommends ${missing[*]}"
  exit 0
fi
echo "Installing for the tests: ${missing[*]}"
# Debian starts some of these when it installs them; the tests start their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
