#!/bin/sh
# own-root.sh COMMAND...: runs a command as it is; in a chroot, in a mount namespace of its own that begins at the chroot's root.
# In a plain chroot a container runtime cannot do its work: it cannot change the root of a container where its own root is no
# mount, and a command that it runs inside a container would begin at the root of the whole machine.
set -eu

fail() { printf '\n%s\n' "$*" >&2; exit 1; }

[ -e /proc/self/mountinfo ] || fail "/proc is not mounted here. From outside of this chroot, with its folder for \$ROOT:
  mount -t proc proc \$ROOT/proc; mount --rbind /sys \$ROOT/sys; mount --rbind /dev \$ROOT/dev"

# Entering a mount namespace anew leads to its root.
whole_machine="nsenter --mount=/proc/self/ns/mnt"
identity="stat -Lc %d:%i /"
[ "$(id -u)" = 0 ] && there=$($whole_machine $identity 2>/dev/null) && [ "$there" != "$($identity)" ] || exec "$@"

export BERTH_OWN_ROOT_FOLDER="$PWD"
# Three steps: a copy of all mounts; to the root of the machine with the chroot's folder in hand; and back with it as the root.
exec unshare --mount --propagation unchanged $whole_machine --wd=/ sh -ec '
  mount --make-rprivate /
  root=$(pwd -P)
  mount --rbind "$root" "$root"
  cd "$root"
  [ -n "$(ls sys/fs/cgroup 2>/dev/null)" ] || mount --rbind /sys/fs/cgroup sys/fs/cgroup
  pivot_root . mnt
  cd /
  umount -l /mnt
  mount --make-rshared /
  cd "$BERTH_OWN_ROOT_FOLDER"
  unset BERTH_OWN_ROOT_FOLDER
  exec "$@"
' sh "$@"
