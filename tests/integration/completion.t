#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The shells' completions know verbs, options and the names of machines.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root

. "$SRCDIR/tests/support/rootfs.sh"
command -v busybox >/dev/null || skip_all "busybox isn't installed"
own_dev

rootfs "$TMPDIR/box" 200000
mkdir -p "$TMPDIR/box/srv/site"
start_rootfs box "$TMPDIR/box" --map=0:200000:65536
start one --share=user --share=net --share=mnt
start two --share=user --share=net --share=mnt
mymachines register web1 --leader="$one" --address=192.0.2.1 --address=192.0.2.2 --class=vm
mymachines register db1 --leader="$two"
mymachines register box1 --leader="$box" 2>/dev/null
cleanup() {
    kill -9 "$box"
} 2>/dev/null
trap cleanup EXIT
mkdir "$TMPDIR/link"
ln -s "$BUILDDIR/mymachines" "$TMPDIR/link/machinectl"

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
verbs=$(mymachines --help | sed -n '/^Options/q; s/^  \([a-z][a-z-]*\) .*/\1/p' | sort -u)
. "$SRCDIR/tools/completion/mymachines"
COMP_WORDS=(mymachines '') COMP_CWORD=1
_mymachines
is "$(printf '%s\n' "${COMPREPLY[@]}" | sort)" "$verbs" "bash: all verbs that --help has"
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
is "$(bash_tab 'mymachines kill --kill-whom=s')" "<mymachines kill --kill-whom=supervisor >" "bash: the supervisor"
is "$(bash_tab 'mymachines terminate we')" "<mymachines terminate web1 >" "bash: names to terminate"
is "$(bash_tab 'mymachines status --f')" "<mymachines status --full >" "bash: options of status"
is "$(bash_tab 'mymachines register x --cl')" "<mymachines register x --class=>" "bash: facts"
is "$(bash_tab 'mymachines register x --class=v')" "<mymachines register x --class=vm >" "bash: their values"
is "$(bash_tab 'mymachines register x --class=vm --se')" "<mymachines register x --class=vm --service=>" \
    "bash: an option after a value"
is "$(bash_tab 'mymachines shell we')" "<mymachines shell web1 >" "bash: machines of shell"
is "$(bash_tab 'mymachines shell -q we')" "<mymachines shell -q web1 >" "bash: behind an option"
is "$(bash_tab 'mymachines shell web1 unsha')" "<mymachines shell web1 unshare >" "bash: a command of shell"
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
is "$(bash_tab 'mymachines --json=short doct')" "<mymachines --json=short doctor >" "bash: a verb behind an option"
is "$(bash_tab 'mymachines --max')" "<mymachines --max-addresses=>" "bash: options of list without the verb"
is "$(bash_tab 'mymachines help termi')" "<mymachines help terminate >" "bash: verbs of help"
is "$(bash_tab 'mymachines stop we')" "<mymachines stop web1 >" "bash: names for a verb's other name"
is "$(bash_tab "mymachines which $one")" "<mymachines which $one >" "bash: pids"

# What is in a machine.
is "$(bash_tab 'mymachines shell app@bo')" "<mymachines shell app@box1 >" "bash: machines behind a user"
is "$(bash_tab 'mymachines shell ap')" "<mymachines shell app@box1 >" "bash: users in machines"
is "$(bash_tab 'mymachines copy-from box1 /sr')" "<mymachines copy-from box1 /srv/>" "bash: directories in a machine"
is "$(bash_tab 'mymachines copy-from box1 /srv/s')" "<mymachines copy-from box1 /srv/site/>" "bash: further ones"
is "$(bash_tab 'mymachines copy-from box1 /etc/pas')" "<mymachines copy-from box1 /etc/passwd >" "bash: files in a machine"
is "$(bash_tab 'mymachines copy-to box1 x /etc/pas')" "<mymachines copy-to box1 x /etc/passwd >" "bash: where to copy to"
is "$(bash_tab 'mymachines bind box1 /x /etc/pas')" "<mymachines bind box1 /x /etc/passwd >" "bash: where to mount"
touch "$TMPDIR/box/srv/\$(reboot)" "$TMPDIR/box/srv/a b"
is "$(mymachines complete -- copy-from box1 /srv/)" $'words\n/srv/site/' "names that a shell would take apart aren't completed"
ln -s / "$TMPDIR/box/srv/out"
is "$(mymachines complete -- copy-from box1 /srv/out/etc/pass | tail -n 1)" /srv/out/etc/passwd "a link leads to where it leads in the machine"
run mymachines complete -- copy-from box1 "$TMPDIR/"
is "$status|$out" "0|" "and not to the host's files"

# The same under the name of machinectl.
PATH=$TMPDIR/link:$PATH
mkdir "$TMPDIR/link/completions"
ln -s "$SRCDIR/tools/completion/mymachines" "$TMPDIR/link/completions/machinectl"
sed -e "s|^\. .*|. $TMPDIR/link/completions/machinectl|" -e "s|PATH='|PATH='$TMPDIR/link:|" \
    "$TMPDIR/bash" >"$TMPDIR/bash.link"
link_tab() {
    tab "$1" bash --noprofile --rcfile "$TMPDIR/bash.link" -i
}
is "$(link_tab 'machinectl termi')" "<machinectl terminate >" "bash: verbs of the link"
is "$(link_tab 'machinectl unreg')" "<machinectl unreg>" "bash: which has none of ours"
is "$(link_tab 'machinectl --no-leg')" "<machinectl --no-legend >" "bash: its options"
is "$(link_tab 'machinectl -o json-')" "<machinectl -o json-pretty >" "bash: their values"
is "$(link_tab 'machinectl kill --kill-whom=l web1')" "<machinectl kill --kill-whom=l web1 >" "bash: names for the link"
is "$(link_tab 'machinectl shell app@bo')" "<machinectl shell app@box1 >" "bash: machines behind a user, for the link"

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
    is "$(zsh_line 'mymachines --json=short doct')" "<mymachines --json=short doctor >" "zsh: a verb behind an option"
    is "$(zsh_line 'mymachines list --json=p')" "<mymachines list --json=pretty >" "zsh: values behind ="
    is "$(zsh_line 'mymachines shell ap')" "<mymachines shell app@box1 >" "zsh: users in machines"
    is "$(zsh_line 'mymachines copy-from box1 /srv/s')" "<mymachines copy-from box1 /srv/site/>" "zsh: directories in a machine"
    is "$(zsh_line "mymachines setup runc --bundle=$SRCDIR/tes")" "<mymachines setup runc --bundle=$SRCDIR/tests/>" "zsh: directories behind ="
else
    skip "there is no zsh" "zsh: names"
fi

if command -v fish >/dev/null; then
    cat >"$TMPDIR/fish" <<F
set -g fish_greeting
function fish_prompt; end
source $SRCDIR/tools/completion/mymachines.fish
bind \cx 'commandline >$TMPDIR/fish.line; exit'
echo re{a,}dy
F
    # fish_line LINE: as tab does
    fish_line() {
        rm -f "$TMPDIR/fish.line"
        HOME=$TMPDIR XDG_CONFIG_HOME=$TMPDIR/xdg tab "$1" fish --no-config -C "source $TMPDIR/fish" -i
        [ ! -e "$TMPDIR/fish.line" ] || echo "<$(cat "$TMPDIR/fish.line")>"
    }
    is "$(fish_line 'mymachines unreg')" "<mymachines unregister >" "fish: verbs"
    is "$(fish_line 'mymachines show we')" "<mymachines show web1 >" "fish: names"
    is "$(fish_line 'mymachines list --js')" "<mymachines list --json=>" "fish: options of a verb"
    is "$(fish_line 'mymachines list --json=p')" "<mymachines list --json=pretty >" "fish: values behind ="
    is "$(fish_line 'mymachines kill -s SIGTE')" "<mymachines kill -s SIGTERM >" "fish: signals"
    is "$(fish_line 'mymachines shell ap')" "<mymachines shell app@box1 >" "fish: users in machines"
    is "$(fish_line 'mymachines copy-from box1 /srv/s')" "<mymachines copy-from box1 /srv/site/>" "fish: directories in a machine"
    is "$(fish_line "mymachines bind web1 $SRCDIR/HACK")" "<mymachines bind web1 $SRCDIR/HACKING.md >" "fish: files"
    is "$(fish_line 'mymachines run x -- unsha')" "<mymachines run x -- unshare >" "fish: commands after --"
else
    skip "there is no fish" "fish: names"
fi
done_testing
