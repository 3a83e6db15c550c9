#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The shells' completions know verbs, options and the names of machines.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root

start one --share=user --share=net --share=mnt
start two --share=user --share=net --share=mnt
mymachines register web1 --leader="$one" --address=192.0.2.1 --address=192.0.2.2 --class=vm
mymachines register db1 --leader="$two"

. "$SRCDIR/tools/completion/mymachines"
# complete WORD...: what bash offers for the last one
complete_words() {
    COMP_WORDS=(mymachines "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _mymachines
    printf '%s ' "${COMPREPLY[@]}"
}
is "$(complete_words '')" "list show which register unregister refresh " "bash: verbs"
is "$(complete_words re)" "register refresh " "bash: the verbs that begin so"
is "$(complete_words show '')" "db1 web1 " "bash: names"
is "$(complete_words show w)" "web1 " "bash: the names that begin so"
is "$(complete_words unregister db1 we)" "web1 " "bash: a second name"
is "$(complete_words list --js)" "--json= " "bash: options of a verb"
is "$(complete_words list --json=p)" "--json=pretty " "bash: values of an option"
is "$(complete_words register x --cl)" "--class= " "bash: facts"
is "$(complete_words register x --class=v)" "--class=vm " "bash: their values"
is "$(complete_words show -p Time)" "Timestamp TimestampMonotonic " "bash: properties"
like "$(complete_words which "${one:0:2}")" "*$one *" "bash: pids"

if command -v zsh >/dev/null; then
    # A shell on a terminal of its own, which completes a line and says what the line then is.
    cat >"$TMPDIR/zsh" <<Z
fpath=($SRCDIR/tools/completion \$fpath)
autoload -U compinit && compinit -u -D
report() { print -r "<\$BUFFER>" >$TMPDIR/line; BUFFER=exit; zle accept-line }
zle -N report
bindkey '^X' report
Z
    cat >"$TMPDIR/drive" <<Z
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'source $TMPDIR/zsh; print re{a,}dy'
zpty -r -m z line '*ready redy*' && zpty -n -w z "\$1"\$'\t\x18'
while zpty -r z line; do :; done
Z
    # zsh_line LINE: as it is after the Tab key
    zsh_line() {
        rm -f "$TMPDIR/line"
        TERM=dumb timeout 20 zsh -f "$TMPDIR/drive" "$1" >/dev/null 2>&1
        cat "$TMPDIR/line"
    }
    is "$(zsh_line 'mymachines unreg')" "<mymachines unregister >" "zsh: verbs"
    is "$(zsh_line 'mymachines show we')" "<mymachines show web1 >" "zsh: names"
    is "$(zsh_line 'mymachines unregister db1 we')" "<mymachines unregister db1 web1 >" "zsh: a second name"
    is "$(zsh_line 'mymachines list --max')" "<mymachines list --max-addresses=>" "zsh: options of a verb"
    is "$(zsh_line 'mymachines register x --class=v')" "<mymachines register x --class=vm >" "zsh: values"
else
    skip "there is no zsh" "zsh: names"
fi
done_testing
