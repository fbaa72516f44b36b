#!/bin/sh
# Get what tests need of Debian's, where that is possible: Chromium's headless shell, as each window of a whole browser
# costs five times the processor's time, and nginx for the shipped proxy file. Else the machine's own are used.
set -u
can_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null
}
install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}
# Unpacked beside the Python packages, not installed: Debian's package would start a server on port 80.
unpack_nginx() {
  mkdir -p .venv/nginx && cd .venv/nginx && apt-get download -qq nginx && dpkg -x nginx_*.deb . && cd ../..
}
has_nginx() {
  command -v nginx >/dev/null || [ -x .venv/nginx/usr/sbin/nginx ]
}
if ! command -v chromium-headless-shell >/dev/null && can_install && apt-get update -qq; then
  install chromium-headless-shell fonts-dejavu-core
fi
if ! has_nginx && command -v apt-get >/dev/null; then
  (unpack_nginx) || echo "No nginx here, so the shipped proxy file will not be tested." >&2
fi
if command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || command -v google-chrome >/dev/null; then
  exit 0
fi
if can_install; then
  install chromium fonts-dejavu-core
else
  echo "No Chromium here, so the browser tests will be skipped. On Debian: apt-get install chromium-headless-shell" >&2
fi
