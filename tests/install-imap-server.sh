#!/bin/sh
# Get Debian's Dovecot for the tests that read e-mails by IMAP. It looks for its parts where Debian puts them, so it is
# installed and not unpacked; the service that comes with it is not started.
set -u
command -v dovecot >/dev/null || [ -x /usr/sbin/dovecot ] && exit
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "No Dovecot here, so reading by IMAP is not tried. On Debian: apt-get install dovecot-imapd" >&2
  exit
fi
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" # nothing may be started (Debian's invoke-rc.d)
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends dovecot-imapd >/dev/null ||
  echo "Dovecot cannot be installed, so reading by IMAP is not tried." >&2
