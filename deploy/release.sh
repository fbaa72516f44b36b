#!/bin/sh
# Make dist/: the source, what the image is built of, a list of what both stand on, and checksums. From the same commit,
# with the same gzip, come the same bytes.
set -eu
umask 022
export LC_ALL=C TZ=UTC PYTHONWARNINGS=ignore
cd "$(dirname "$0")/.."
if ! git diff --quiet HEAD --; then
  echo "There are changes that are not committed, and a release is made of a commit: commit them, or take them back." >&2
  exit 1
fi
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

pack() { # NAME PREFIX PATH...: the files of the commit, each as old as the commit
  archive=dist/$1.tar prefix=$2
  shift 2
  git -c tar.umask=0022 archive --format=tar --prefix="$prefix" --output="$archive" HEAD "$@"
  gzip -9 -n "$archive" # without its name and the time
}

rm -rf dist
mkdir dist
pack "countersign-$version" "countersign-$version/"
# shellcheck disable=SC2046 # words they are meant to be
pack "countersign-$version-image" "" .dockerignore deploy/Dockerfile $(sed -n 's/^!//p' .dockerignore)
.venv/bin/cyclonedx-py requirements --output-reproducible --pyproject pyproject.toml \
  --output-file "dist/countersign-$version.cdx.json" requirements.lock
cd dist
sha256sum countersign-* > SHA256SUMS
cat SHA256SUMS
