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

case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) fail "No pinned Node.js for $(uname -m)." ;; esac
pinned=node_modules/node-linux-$arch/bin/node

# npm leaves out what its own Node.js is too old for, so an old one only fetches the pinned one, which then runs npm.
install_libraries() {
  quiet="--no-audit --no-fund --loglevel=error"
  if [ "$(node -p 'parseInt(process.versions.node)')" -ge 24 ]; then
    npm ci $quiet >&2
  else
    npm ci $quiet --omit=dev --ignore-scripts >&2
    [ -x "$pinned" ] || fail "npm brought no Node 24 (package node-linux-$arch)."
    mkdir -p .work/node
    ln -f "$pinned" .work/node/node 2>/dev/null || cp -f "$pinned" .work/node/node
    # Debian's npm finds its own libraries through Debian's Node.js only; another one is told where they are.
    libraries=/usr/share/nodejs:/usr/lib/nodejs:$(echo /usr/lib/*-linux-gnu/nodejs | tr ' ' :)
    PATH=$PWD/.work/node:$PATH NODE_PATH=$libraries NODE_NO_WARNINGS=1 \
      .work/node/node "$(readlink -f "$(command -v npm)")" ci $quiet >&2
    rm -r .work/node
  fi
  # npm 9 leaves out the link, too.
  [ -e node_modules/.bin/node ] || ln -s "../node-linux-$arch/bin/node" node_modules/.bin/node
}

mkdir -p .work
wanted=$(sha256sum package-lock.json | cut -d' ' -f1)
if [ ! -x node_modules/.bin/node ] || [ "$(cat .work/npm-ci 2>/dev/null)" != "$wanted" ]; then
  say "installing Node 24 and the libraries (npm ci)"
  install_libraries
  echo "$wanted" >.work/npm-ci
fi
[ "${1:-}" != libraries ] || exit 0

exec node_modules/.bin/node dev/setup.ts
