#!/bin/bash
# The shell of every step on act. It keeps a copy of what is printed, because act loses the last lines of a step that
# fails: it closes the terminal without reading to its end (`pkg/container/host_environment.go`, `exec`).
set -o pipefail
command=(/bin/bash "$@")
if grep --quiet 'run uv build' -- "${!#}"; then
    command=("$ACT_ENGINE/python" "${BASH_SOURCE[0]%/*}/build_cache.py" "$@")
fi
"${command[@]}" < /dev/null 2>&1 | /usr/bin/tee -a "$ACT_ENGINE/printed/$ACT_JOB"
