#!/bin/sh
# Installs Berth and what it needs on a Debian host without a network: run it as root from the unpacked bundle.
# What is there already is left alone: a containerd, CNI plugins, a pod network. It may be run again.
set -eu
cd "$(dirname "$0")"

say() { echo "· $*"; }
fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || fail "root is needed: sudo ./install.sh"
command -v dpkg >/dev/null || fail "this bundle is for Debian and its kin: there is no dpkg"
architecture=$(cat architecture)
[ "$(dpkg --print-architecture)" = "$architecture" ] || fail "this bundle is for $architecture"
say "checking the files"
sha256sum --check --quiet --strict SHA256SUMS || fail "the bundle is damaged: fetch it again"

# Adds the packages of a folder that the host does not have in any version.
add_missing() {
  missing=""
  for deb in "$1"/*.deb; do
    name=$(dpkg-deb --field "$deb" Package)
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing="$missing $deb"
  done
  [ -z "$missing" ] || { say "installing$missing"; dpkg --install $missing >/dev/null; }
}

# Where containerd looks for plugins; told by its own configuration.
setting() { containerd config dump 2>/dev/null | sed -n "s/^ *$1 *= *[\"']\(.*\)[\"'] *$/\1/p" | head -n 1; }

command -v containerd >/dev/null || add_missing runtime
containerd config dump 2>/dev/null | grep -q '^ *disabled_plugins.*cri' &&
  fail "containerd has CRI switched off: take \"cri\" out of disabled_plugins in /etc/containerd/config.toml, restart it"
plugins=$(setting bin_dir)
plugins=${plugins:-/opt/cni/bin}
if [ ! -x "$plugins/bridge" ]; then
  add_missing network
  if [ ! -x "$plugins/bridge" ]; then
    say "linking the CNI plugins into $plugins"
    mkdir -p "$plugins"
    for plugin in /usr/lib/cni/*; do [ -e "$plugins/${plugin##*/}" ] || ln -s "$plugin" "$plugins/"; done
  fi
fi
command -v iptables >/dev/null || add_missing network

systemctl is-active --quiet containerd || systemctl start containerd
for archive in images/*.tar; do
  [ -e "$archive" ] || continue
  say "importing $archive"
  ctr --namespace k8s.io images import "$archive" >/dev/null
done

say "installing Berth"
dpkg --install berth_*.deb >/dev/null
systemctl is-active --quiet berthd || fail "berthd did not start: see journalctl -u berthd"
say "a pod network and a pause image, if they are missing"
berth doctor --fix || say "not all is well yet, see above"
say "done: put manifests into /etc/berth/manifests, and watch them with: berth get pods -A -w"
