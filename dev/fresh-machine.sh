#!/bin/sh
# Shows that a fresh Debian can do it: a minimal chroot with git, make, nodejs and npm, a fresh clone of this checkout's HEAD,
# and in it the given commands (without any: make run, make down, make test), each with the time that it took.
#   sudo dev/fresh-machine.sh bookworm|trixie [COMMAND...]
# FRESH_FOLDER says where (default /var/tmp/berth-fresh-SUITE); what debootstrap made there is kept for the next time.
# All runs in mount and process namespaces of its own, which take mounts and processes with them when they end; the chroot is
# a plain one, with proc, sys and dev from outside, as anybody would make it.
set -eu
suite=${1:?say bookworm or trixie}
shift
[ "$(id -u)" = 0 ] || { echo "root is needed" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "debootstrap is missing: apt-get install debootstrap" >&2; exit 1; }
checkout=$(cd "$(dirname "$0")/.." && pwd)
base=${FRESH_FOLDER:-/var/tmp/berth-fresh-$suite}
[ $# -gt 0 ] || set -- "make run" "make down" "make test"

if [ ! -e "$base/.whole" ]; then
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(COMPONENT) $(RELEASE)' 'Created-By: Packages' |
    awk '$2 == "Debian" && $3 == "main" && $4 !~ /-/ { print $1; exit }')
  rm -rf "$base"
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$base" "$mirror" >"$base.log" ||
    { tail -20 "$base.log" >&2; exit 1; }
  cp -L /etc/resolv.conf "$base/etc/resolv.conf"
  DEBIAN_FRONTEND=noninteractive chroot "$base" sh -c \
    'apt-get update && apt-get install -y --no-install-recommends git make nodejs npm' >>"$base.log" 2>&1 ||
    { tail -20 "$base.log" >&2; exit 1; }
  touch "$base/.whole"
fi

# What this machine needs to reach its registries: its own authorities, and how npm and apt are set up.
cp -L /etc/resolv.conf "$base/etc/resolv.conf"
[ -z "${NODE_EXTRA_CA_CERTS:-}" ] || cp -L "$NODE_EXTRA_CA_CERTS" "$base/etc/ssl/reach.pem"
for file in /etc/npmrc /root/.npmrc; do [ ! -e "$file" ] || grep -v '^nodedir' "$file" >"$base$file"; done

apt-config dump --format '%f "%v";%n' Acquire >"$base/etc/apt/apt.conf.d/99reach"

clone=/root/berth-fresh
rm -rf "${base:?}$clone"
git clone --quiet --no-hardlinks "$checkout" "$base$clone"
inner="$base/root/inner.sh"
{
  echo 'set -u; code=0'
  [ -z "${NODE_EXTRA_CA_CERTS:-}" ] || echo 'export NODE_EXTRA_CA_CERTS=/etc/ssl/reach.pem npm_config_cafile=/etc/ssl/reach.pem'
  echo "export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8; cd $clone"
  for command in "$@"; do
    printf 'begin=$(date +%%s); %s; last=$?; echo "== %s: exit $last after $(($(date +%%s) - begin)) s"; [ $last = 0 ] || code=1\n' \
      "$command" "$command"
  done
  echo 'exit $code'
} >"$inner"

exec env -i PATH="$PATH" TERM="${TERM:-dumb}" ${NODE_EXTRA_CA_CERTS:+NODE_EXTRA_CA_CERTS=x} \
  unshare --mount --pid --fork --kill-child --ipc --uts --propagation private sh -ec '
    mount -t proc proc "$1/proc"
    mount --rbind /sys "$1/sys"
    mount --rbind /dev "$1/dev"
    exec chroot "$1" sh /root/inner.sh
  ' sh "$base"
