#!/usr/bin/env bash
# Downloads the four official Fashion-MNIST files (30 MB), checks them and puts them into a folder:
#   bash examples/fetch_data.sh [folder]      default: $OFFRAMP_DATA_DIR/fashion-mnist, or ./data/fashion-mnist
# A file appears under its name only after its checksum was right; a good file is never fetched or written again.
# OFFRAMP_FASHION_MNIST_URL names another place to fetch from (a folder URL, file:// too).
set -euo pipefail

if [ $# -gt 1 ] || [[ "${1:-}" == -* ]]; then
  echo "usage: bash examples/fetch_data.sh [folder]" >&2
  exit 2
fi
if [ $# -eq 1 ]; then folder=$1; else folder=${OFFRAMP_DATA_DIR:-data}/fashion-mnist; fi

urls=("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
      "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion")
if [ -n "${OFFRAMP_FASHION_MNIST_URL:-}" ]; then urls=("${OFFRAMP_FASHION_MNIST_URL%/}"); fi

# The checksums stand in the data set's own README.
files="train-images-idx3-ubyte.gz 8d4fb7e6c68d591d4c3dfef9ec88bf0d
train-labels-idx1-ubyte.gz 25c81989df183df01b3e8a0aad5dffbe
t10k-images-idx3-ubyte.gz bef4ecab320f06d8554ea6380940ec79
t10k-labels-idx1-ubyte.gz bb300cfdad3c16e7a12a480ee83cd310"

fail() { echo "fetch_data: $*" >&2; exit 1; }

sum_of() {
  if command -v md5sum > /dev/null; then md5sum < "$1" | cut -d ' ' -f 1; else md5 -q "$1"; fi
}

# fetch URL FILE
if command -v curl > /dev/null; then
  fetch() { curl --fail --location --silent --show-error --retry 2 --connect-timeout 20 --output "$2" "$1"; }
elif command -v wget > /dev/null; then
  fetch() { wget --quiet --tries=3 --timeout=20 --output-document="$2" "$1"; }
else
  fail "found neither curl nor wget, expected one of them (Debian package curl)"
fi
command -v md5sum > /dev/null || command -v md5 > /dev/null || fail "found neither md5sum nor md5, expected one of them"

mkdir -p "$folder" || fail "cannot create folder $folder"
part=$(mktemp -d "$folder/.part.XXXXXX") || fail "cannot write into folder $folder"
trap 'rm -rf "$part"' EXIT

while read -r name expected; do
  if [ -e "$folder/$name" ]; then
    found=$(sum_of "$folder/$name")
    if [ "$found" = "$expected" ]; then echo "$folder/$name: already here, checksum right"; continue; fi
    fail "$folder/$name exists with MD5 $found, expected $expected; nothing was overwritten, move it away and try again"
  fi
  why="no address answered"
  for url in "${urls[@]}"; do
    echo "fetching $url/$name"
    if ! fetch "$url/$name" "$part/$name"; then
      why="could not fetch $url/$name"
      echo "fetch_data: $why" >&2
      continue
    fi
    found=$(sum_of "$part/$name")
    if [ "$found" = "$expected" ]; then why=""; break; fi
    why="$url/$name has MD5 $found, expected $expected"
    echo "fetch_data: $why" >&2
  done
  [ -z "$why" ] || fail "$why; $folder/$name was not written"
  mv "$part/$name" "$folder/$name"
done <<< "$files"

echo "Fashion-MNIST is complete in $folder"
if [ "$(basename "$folder")" = fashion-mnist ]; then
  echo "To use it: export OFFRAMP_DATA_DIR=$(cd "$folder/.." && pwd)"
fi
