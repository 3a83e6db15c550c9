#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The shells' completions know verbs, options and the names of machines.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root

start one --share=user --share=net --share=mnt
start two --share=user --share=net --share=mnt
mymachines register web1 --leader="$one" --address=192.0.2.1 --address=192.0.2.2 --class=vm
mymachines register db1 --leader="$two"

# A shell on a terminal of its own, which completes a line and says what the line then is.
cat >"$TMPDIR/bash" <<B
PS1='' PATH='$PATH'
bind 'set bell-style none'
. $SRCDIR/tools/completion/mymachines
report() { printf '<%s>\n' "\$READLINE_LINE" >$TMPDIR/line; exit; }
bind -x '"\C-x": report'
echo re{a,}dy
B
# tab LINE [SHELL [OPTION...]]: the line after the Tab key
cat >"$TMPDIR/tab.py" <<'P'
import os, pty, select, sys, time
line, *shell = sys.argv[1:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(shell[0], shell)
def wait_for(text):
    seen, end = b"", time.time() + 20
    while text not in seen and time.time() < end:
        if select.select([fd], [], [], 0.1)[0]:
            try:
                seen += os.read(fd, 4096)
            except OSError:
                break
wait_for(b"ready redy")
os.write(fd, line.encode() + b"\t\x18")
wait_for(b"\x00 the end of the shell")
os.waitpid(pid, 0)
P
tab() {
    rm -f "$TMPDIR/line"
    TERM=dumb python3 "$TMPDIR/tab.py" "$@"
    cat "$TMPDIR/line" 2>/dev/null
}
bash_tab() {
    tab "$1" bash --noprofile --rcfile "$TMPDIR/bash" -i
}
verbs=$(mymachines --help | sed -n '/^Options/q; s/^  \([a-z-]*\) .*/\1/p' | sort -u)
. "$SRCDIR/tools/completion/mymachines"
COMP_WORDS=(mymachines '') COMP_CWORD=1
_mymachines
is "$(printf '%s\n' "${COMPREPLY[@]}" | sort)" "$verbs" "bash: all verbs that --help has"
is "$(for verb in $verbs; do grep -q "[ (]$verb\\\\:" "$SRCDIR/tools/completion/_mymachines" || echo "$verb"; done)" "" \
    "zsh: all verbs that --help has"
is "$(bash_tab 'mymachines unreg')" "<mymachines unregister >" "bash: verbs"
is "$(bash_tab 'mymachines mon')" "<mymachines monitor >" "bash: monitor"
is "$(bash_tab 'mymachines doc')" "<mymachines doctor >" "bash: doctor"
is "$(bash_tab 'mymachines setup po')" "<mymachines setup podman >" "bash: runtimes of setup"
is "$(bash_tab 'mymachines setup --bund')" "<mymachines setup --bundle=>" "bash: options of setup"
is "$(bash_tab 'mymachines hook li')" "<mymachines hook libvirt >" "bash: kinds of hooks"
is "$(bash_tab 'mymachines doctor --json=s')" "<mymachines doctor --json=short >" "bash: options of doctor"
is "$(bash_tab 'mymachines watch --ini')" "<mymachines watch --initial >" "bash: options of watch"
is "$(bash_tab 'mymachines show we')" "<mymachines show web1 >" "bash: names"
is "$(bash_tab 'mymachines unregister db1 we')" "<mymachines unregister db1 web1 >" "bash: a second name"
is "$(bash_tab 'mymachines list --js')" "<mymachines list --json=>" "bash: options of a verb"
is "$(bash_tab 'mymachines list --json=p')" "<mymachines list --json=pretty >" "bash: values of an option"
is "$(bash_tab 'mymachines list --json=')" "<mymachines list --json=>" "bash: all values of an option"
is "$(bash_tab 'mymachines kill -s SIGTE')" "<mymachines kill -s SIGTERM >" "bash: signals"
is "$(bash_tab 'mymachines kill --kill-whom=l')" "<mymachines kill --kill-whom=leader >" "bash: whom to kill"
is "$(bash_tab 'mymachines terminate we')" "<mymachines terminate web1 >" "bash: names to terminate"
is "$(bash_tab 'mymachines status --f')" "<mymachines status --full >" "bash: options of status"
is "$(bash_tab 'mymachines register x --cl')" "<mymachines register x --class=>" "bash: facts"
is "$(bash_tab 'mymachines register x --class=v')" "<mymachines register x --class=vm >" "bash: their values"
is "$(bash_tab 'mymachines register x --class=vm --se')" "<mymachines register x --class=vm --service=>" \
    "bash: an option after a value"
is "$(bash_tab 'mymachines shell we')" "<mymachines shell web1 >" "bash: machines of shell"
is "$(bash_tab 'mymachines shell -q we')" "<mymachines shell -q web1 >" "bash: behind an option"
is "$(bash_tab 'mymachines shell web1 db')" "<mymachines shell web1 db>" "bash: no machine for a command"
is "$(bash_tab 'mymachines copy-to --force we')" "<mymachines copy-to --force web1 >" "bash: machines of copy-to"
is "$(bash_tab "mymachines copy-to web1 $SRCDIR/HACK")" "<mymachines copy-to web1 $SRCDIR/HACKING.md >" "bash: files of the host's"
is "$(bash_tab "mymachines copy-to web1 x $SRCDIR/HACK")" "<mymachines copy-to web1 x $SRCDIR/HACK>" \
    "bash: none for the machine's"
is "$(bash_tab "mymachines copy-from web1 $SRCDIR/HACK")" "<mymachines copy-from web1 $SRCDIR/HACK>" \
    "bash: nor of the machine's"
is "$(bash_tab "mymachines bind web1 --re")" "<mymachines bind web1 --read-only >" "bash: options of bind"
is "$(bash_tab 'mymachines show -p VS')" "<mymachines show -p VSockCID >" "bash: properties"
is "$(bash_tab 'mymachines show --property=VS')" "<mymachines show --property=VSockCID >" "bash: also after ="
is "$(bash_tab 'mymachines ps -M d')" "<mymachines ps -M db1 >" "bash: machines of ps"
is "$(bash_tab 'mymachines run x --cl')" "<mymachines run x --class=>" "bash: options of run"
is "$(bash_tab 'mymachines run x --le')" "<mymachines run x --le>" "bash: which has no --leader"
is "$(bash_tab 'mymachines run x -- unsha')" "<mymachines run x -- unshare >" "bash: commands after --"
is "$(bash_tab "mymachines which $one")" "<mymachines which $one >" "bash: pids"

if command -v zsh >/dev/null; then
    cat >"$TMPDIR/.zshrc" <<Z
PS1='' fpath=($SRCDIR/tools/completion \$fpath)
autoload -U compinit && compinit -u -D
report() { print -r "<\$BUFFER>" >$TMPDIR/line; exit }
zle -N report
bindkey '^X' report
print re{a,}dy
Z
    zsh_line() {
        ZDOTDIR=$TMPDIR tab "$1" zsh -i
    }
    is "$(zsh_line 'mymachines unreg')" "<mymachines unregister >" "zsh: verbs"
    is "$(zsh_line 'mymachines doctor --js')" "<mymachines doctor --json=>" "zsh: doctor"
    is "$(zsh_line 'mymachines show we')" "<mymachines show web1 >" "zsh: names"
    is "$(zsh_line 'mymachines unregister db1 we')" "<mymachines unregister db1 web1 >" "zsh: a second name"
    is "$(zsh_line 'mymachines poweroff we')" "<mymachines poweroff web1 >" "zsh: names to power off"
    is "$(zsh_line 'mymachines kill --kill-whom=l')" "<mymachines kill --kill-whom=leader >" "zsh: whom to kill"
    is "$(zsh_line 'mymachines shell we')" "<mymachines shell web1 >" "zsh: machines of shell"
    is "$(zsh_line 'mymachines copy-to we')" "<mymachines copy-to web1 >" "zsh: machines of copy-to"
    is "$(zsh_line "mymachines bind web1 $SRCDIR/HACK")" "<mymachines bind web1 $SRCDIR/HACKING.md >" "zsh: files"
    is "$(zsh_line 'mymachines list --max')" "<mymachines list --max-addresses=>" "zsh: options of a verb"
    is "$(zsh_line 'mymachines ps -M d')" "<mymachines ps -M db1 >" "zsh: machines of ps"
    is "$(zsh_line 'mymachines run x --repl')" "<mymachines run x --replace >" "zsh: options of run"
    is "$(zsh_line 'mymachines run x -- unsha')" "<mymachines run x -- unshare >" "zsh: commands after --"
    is "$(zsh_line 'mymachines register x --class=v')" "<mymachines register x --class=vm >" "zsh: values"
else
    skip "there is no zsh" "zsh: names"
fi
done_testing
