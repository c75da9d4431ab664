#!/bin/sh
# Builds the client of the working folder among crates that were built before, one client at a time.
# build-rust.sh CACHE ARTIFACT cargo build ...
set -e
cache=$1
artifact=target/debug/$2
shift 2
mkdir -p "$cache/client" "$(dirname "$artifact")"
exec 9>"$cache/lock"
flock 9
# Cargo of another version may not read the lock.
rm -rf "$cache/client/examples" "$cache/client/Cargo.lock" "$cache/client"/*.rs
for one in ./*.rs Cargo.toml examples; do
  if [ -e "$one" ]; then cp -r "$one" "$cache/client/"; fi
done
(cd "$cache/client" && "$@")
cp "$cache/client/$artifact" "$artifact"
