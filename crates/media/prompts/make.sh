#!/usr/bin/env bash
# Speaks the announcements into prompts/*.wav (8 kHz, mono, 16 bit). Needs espeak-ng and sox.
# Run it after changing a sentence, listen, and commit the files with the script.
set -euo pipefail
cd "$(dirname "$0")"

speak() {
    local name=$1 sentence=$2 raw
    raw=$(mktemp --suffix=.wav)
    espeak-ng -v en-us -s 150 -w "$raw" "$sentence"
    # Telephone band, -6 dBFS, and 250 ms of silence before and after so that no phone cuts the first word.
    sox "$raw" -r 8000 -c 1 -b 16 "$name.wav" highpass 200 gain -n -6 pad "${pad:-0.25}" "${pad:-0.25}"
    rm "$raw"
}

speak unavailable "The person you are calling is not available."
speak not-in-service "The number you dialled is not in service."
speak emergency-unavailable "This system can not yet connect emergency calls. Please hang up and dial from another phone."

# The pieces that applications speak in follow each other, so there is little silence around them.
mkdir -p en
pad=0.05
while IFS=$'\t' read -r name sentence; do
    speak "en/$name" "$sentence"
done <en.tsv
