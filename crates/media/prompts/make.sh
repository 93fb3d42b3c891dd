#!/usr/bin/env bash
# Speaks the phrases into prompts/LANGUAGE/*.wav (8 kHz, mono, 8-bit mu-law). Needs espeak-ng and sox.
# The sentences stand in LANGUAGE.tsv: a name, a tab, the sentence. Run it after changing one, listen, and commit the
# files with the text. Another voice, or a person's, needs no more than files of the same names.
set -euo pipefail
cd "$(dirname "$0")"

speak() {
    local folder=$1 voice=$2 name=$3 sentence=$4 raw
    raw=$(mktemp --suffix=.wav)
    espeak-ng -v "$voice" -s 150 -w "$raw" "$sentence"
    # Telephone band, -6 dBFS. The voice's own silence is cut off, so that words can be put together to sentences, and a
    # little is left so that no phone cuts the first word.
    sox "$raw" -r 8000 -c 1 -e mu-law "$folder/$name.wav" highpass 200 \
        silence 1 0.01 0.5% reverse silence 1 0.01 0.5% reverse gain -n -6 pad 0.06 0.1
    rm "$raw"
}

for text in "${@:-en.tsv}"; do
    language=$(basename "$text" .tsv)
    mkdir -p "$language"
    rm -f "$language"/*.wav
    voice=$(sed -n 's/^# voice: //p' "$text")
    grep -v '^#' "$text" | while IFS=$'\t' read -r name sentence; do
        speak "$language" "$voice" "$name" "$sentence"
    done
done
