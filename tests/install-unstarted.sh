#!/bin/sh
# Get a program from its Debian package for the tests that need it, without starting the service that comes with it:
# install-unstarted.sh PROGRAM PACKAGE WHAT-IS-NOT-TRIED-WITHOUT-IT
set -u
program=$1 package=$2 missing=$3
PATH=$PATH:/usr/sbin
command -v "$program" >/dev/null && exit
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "No $program here, so $missing is not tried. On Debian: apt-get install $package" >&2
  exit
fi
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" # nothing may be started (Debian's invoke-rc.d)
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null ||
  echo "$package cannot be installed, so $missing is not tried." >&2
