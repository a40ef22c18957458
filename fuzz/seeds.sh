#!/bin/sh
# Fills fuzz/corpus from the project's own files: run it once before fuzzing.
set -eu
cd "$(dirname "$0")"
for target in seeds/*; do
    mkdir -p "corpus/${target#seeds/}"
    cp "$target"/* "corpus/${target#seeds/}/"
done
mkdir -p corpus/policy corpus/event_json
cp ../domain/policy/*.toml corpus/policy/
cp ../domain/tests/golden/*.json corpus/event_json/
