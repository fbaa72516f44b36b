#!/bin/sh
# Install Debian's Chromium for the browser tests where that is possible; otherwise say what to do, and go on.
set -u
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
else
  echo "No Chromium here, so the browser tests will be skipped. On Debian: sudo apt-get install chromium" >&2
fi
