#!/bin/sh
# Get Debian's headless Chromium for the tests where that is possible, as each window of a whole browser costs five
# times the processor's time. Else the machine's own browser is used.
set -u
can_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null
}
install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}
if ! command -v chromium-headless-shell >/dev/null && can_install && apt-get update -qq; then
  install chromium-headless-shell fonts-dejavu-core
fi
for browser in chromium-headless-shell chromium google-chrome; do
  command -v "$browser" >/dev/null && exit
done
if can_install; then
  install chromium fonts-dejavu-core
else
  echo "No Chromium here, so the browser tests will be skipped. On Debian: apt-get install chromium-headless-shell" >&2
fi
