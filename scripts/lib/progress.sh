# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# How far a slow step is, for who waits: in place on a terminal, elsewhere a line every 10 s. Each filter reads what a
# program says and hands on what a person has to read. Needs common.sh.
#
#   filtered FILTER CMD...   runs CMD through one
#   package_progress         for apt-get or mmdebstrap, in English, with dpkg's lines; hands on nothing
#   build_progress           for ninja

if [ -t 2 ]; then
    PROGRESS_SECONDS=1 PROGRESS_FORMAT='\r\033[K    %s' PROGRESS_END='\r\033[K'
else
    PROGRESS_SECONDS=10 PROGRESS_FORMAT='    %s\n' PROGRESS_END=
fi

# progress TEXT: shown when the last one was long enough ago. SECONDS starts with the filter.
progress() {
    [ "$SECONDS" -ge "$PROGRESS_NEXT" ] || return 0
    PROGRESS_NEXT=$((SECONDS + PROGRESS_SECONDS))
    # shellcheck disable=SC2059
    printf "$PROGRESS_FORMAT" "$1" >&2
}

# progress_now TEXT: shown in any case, before something that says nothing for long.
progress_now() {
    PROGRESS_NEXT=0
    progress "$1"
}

start_progress() {
    SECONDS=0 PROGRESS_NEXT=$PROGRESS_SECONDS
}

# shellcheck disable=SC2059
end_progress() {
    printf "$PROGRESS_END" >&2
}

# hand_on LINE
hand_on() {
    end_progress
    printf '%s\n' "$1" >&2
}

package_progress() {
    local line total=0 fetched=0 unpacked=0 configured=0
    start_progress
    while read -r line; do
        case $line in
        *" newly installed, "*)
            total=${line%% newly installed*}
            total=$((${line%% *} + ${total##* })) fetched=0 unpacked=0 configured=0
            ;;
        "I: running apt-get update..."*) progress_now "fetching the package lists" ;;
        Get:*" Packages "*) progress "fetching the package lists" ;;
        Get:*) progress "packages fetched: $((fetched += 1)) of $total" ;;
        "I: extracting archives..."*) progress_now "unpacking the first $total packages" ;;
        Unpacking*) progress "packages unpacked: $((unpacked += 1)) of $total" ;;
        "Setting up "*) progress "packages set up: $((configured += 1)) of $total" ;;
        esac
    done
    end_progress
}

build_progress() {
    local line
    start_progress
    while IFS= read -r line; do
        if [[ $line =~ ^\[([0-9]+)/([0-9]+)\]" " ]]; then
            progress "files built: ${BASH_REMATCH[1]} of ${BASH_REMATCH[2]}"
        elif ! [[ $line =~ ^(INFO: |ninja: Entering|ninja: no work) ]]; then
            hand_on "$line"
        fi
    done
    end_progress
}

# filtered FILTER CMD...: runs CMD, all that it says going through FILTER. CMD stays this shell's own child, so that it
# ends with it; FILTER has ended when this returns.
filtered() {
    local out filter status=0
    exec {out}> >("$1")
    filter=$!
    "${@:2}" >&"$out" 2>&1 || status=$?
    exec {out}>&-
    wait "$filter" || true
    return "$status"
}
