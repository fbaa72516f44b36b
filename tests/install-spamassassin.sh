#!/bin/sh
# Get Debian's SpamAssassin, with the rules that come in its package, for the test that has it look at every e-mail. No
# service of it is started or needed.
set -u
command -v spamassassin >/dev/null && exit
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "No SpamAssassin here, so e-mails are not tried on it. On Debian: apt-get install spamassassin" >&2
  exit
fi
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" # nothing may be started (Debian's invoke-rc.d)
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends spamassassin >/dev/null ||
  echo "SpamAssassin cannot be installed, so e-mails are not tried on it." >&2
