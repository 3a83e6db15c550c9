# SPDX-License-Identifier: LGPL-2.1-or-later
# fish(1) completion for mymachines(1), also under the names of machinectl and importctl.
# The program knows what completes a word: see tools/verbs/complete.c.

function __mymachines_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '.*/' '' -- $words[1])
    set -l lines (command $program complete -- $words[2..-1] $current 2>/dev/null)

    switch "$lines[1]"
        case words
            printf '%s\n' $lines[2..-1]
        case files directories
            # After "--option=", the path alone is completed.
            set -l kept (string match -r -- '^--[a-z-]*=' $current)
            set -l path (string replace -r -- '^--[a-z-]*=' '' $current)
            set -l found (__fish_complete_path $path)
            test $lines[1] = directories; and set found (__fish_complete_directories $path '')
            for word in $found
                printf '%s%s\n' "$kept" $word
            end
        case 'command *'
            # The words from there on are a command line of their own.
            set -l first (math 1 + (string replace 'command ' '' $lines[1]))
            set -l before
            test $first -le (count $words); and set before (string escape -- $words[$first..-1])
            complete -C (string join ' ' -- $before $current)
    end
end

complete -c mymachines -f -a '(__mymachines_complete)'
