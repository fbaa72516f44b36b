#!/bin/sh
# See that there is a Chromium for the browser tests: Debian's headless shell where it can be installed, since each window
# of a whole browser costs five times the processor's time; else the machine's browser; else say what to do, and go on.
set -u
install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" fonts-dejavu-core
}
if command -v chromium-headless-shell >/dev/null; then
  exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && install chromium-headless-shell; then
  exit 0
fi
if command -v chromium >/dev/null || command -v google-chrome >/dev/null; then
  exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  install chromium
else
  echo "No Chromium here, so the browser tests will be skipped. On Debian: apt-get install chromium-headless-shell" >&2
fi
