#!/bin/sh
# Brings everything that run, test and bench need onto a Debian machine: the pinned Node 24 and the libraries by npm ci,
# plain tools by apt, daemons unpacked into .work. Can be run again; what is there already is left alone.
# `bootstrap.sh libraries` stops after npm ci, which needs no root and no Debian.
set -eu
cd "$(dirname "$0")/.."

say() { echo "· $*" >&2; }
fail() { printf '\n%s\n' "$*" >&2; exit 1; }

missing=""
for tool in git make node npm; do command -v "$tool" >/dev/null || missing="$missing $tool"; done
[ -z "$missing" ] || fail "Missing:$missing. Install them first: apt-get install git make nodejs npm"

check_machine() {
  if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    name=$(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-}" || true)
    fail "This set-up knows Debian 12 and newer; this is ${name:-an unknown system}.
To go on here, put these into place yourself: Node 24 and 'npm ci'; iptables, nft, ip, libseccomp; and below
.work/daemons/distro, laid out as Debian's packages are: containerd, runc, the CNI plugins, docker-registry, busybox-static."
  fi
  [ "$(id -u)" = 0 ] || fail "Root is needed (containers, mounts, networks): try again with sudo."
}
[ "${1:-}" = libraries ] || check_machine

mkdir -p .work
wanted=$(sha256sum package-lock.json | cut -d' ' -f1)
if [ ! -x node_modules/.bin/node ] || [ "$(cat .work/npm-ci 2>/dev/null)" != "$wanted" ]; then
  say "installing Node 24 and the libraries (npm ci)"
  npm ci --no-audit --no-fund --loglevel=error >&2
  echo "$wanted" >.work/npm-ci
fi
[ "${1:-}" != libraries ] || exit 0

exec node_modules/.bin/node dev/setup.ts
