#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The command line: options before and after the verb, help, suggestions, the pager, exit statuses,
# and the manual, which has what the tables of the verbs have.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root

start one --share=user --share=net --share=mnt
mymachines register web1 --leader="$one" --address=192.0.2.1 --address=192.0.2.2 2>/dev/null

# same NAME OURS... -- THEIRS...: both command lines do the same
same() {
    local name=$1 ours=()
    shift
    while [ "$1" != = ]; do
        ours+=("$1")
        shift
    done
    shift
    is "$(mymachines "$@" 2>&1; echo $?)" "$(mymachines "${ours[@]}" 2>&1; echo $?)" "$name"
}
same "an option before the verb" list --json=short = --json=short list
same "an option with its argument as a word of its own" show -p Leader web1 = -p Leader show web1
same "a letter with its argument in the same word" show --property=Leader web1 = show web1 -pLeader
same "letters in one word" show -a -p Leader web1 = show -apLeader web1
same "a shortened name" list --max-addresses=all = list --max=all
same "options of list without the verb" list --no-legend = --no-legend
same "a verb's other name" poweroff nobody = stop nobody
same "no option behind --" unregister -- -x = unregister -- -x
same "an option that is an argument of one verb and none of another" map-to --uid web1 0 = --uid map-to web1 0
same "--no-pager" list = --no-pager list --no-pager
same "-M before the verb" ps -M web1 -o pid= = -M web1 ps -o pid=

# usage PATTERN NAME ARGUMENT...: the command line isn't valid: exit status 2, and how to get help
usage() {
    local pattern=$1 name=$2
    shift 2
    run mymachines "$@"
    like "$status|$out|$err" "2||mymachines: $pattern" "$name"
}
usage "unknown verb 'lisst'; did you mean 'list'?" "a mistyped verb" lisst
usage "unknown verb 'restrat'; did you mean 'restart'?" "a mistyped other name of a verb" restrat web1
usage "unknown verb 'frobnicate'; see mymachines --help" "a verb that is like none" frobnicate
usage "unknown verb 'helpx'; see mymachines --help" "hidden verbs aren't suggested" helpx
usage "unrecognized option '--jsno'; did you mean '--json'?"$'\n'"Try 'mymachines list --help'." "a mistyped option" list --jsno
usage "unrecognized option '--timeout=5'"$'\n'"Try 'mymachines list --help'." "an option of another verb" list --timeout=5
usage "invalid option -- 'z'"$'\n'"Try 'mymachines --help'." "an unknown letter" -z
usage "option '--json' requires an argument*" "an argument that is missing" list --json
usage "option requires an argument -- 'p'*" "an argument of a letter that is missing" show web1 -p
usage "option '--all' doesn't allow an argument*" "an argument for an option that takes none" list --all=1
usage "option '--no-' is ambiguous; possibilities: *" "a beginning of two names" list --no-
usage "list: --json=yaml: is neither short, pretty nor off*" "a wrong value" list --json=yaml
usage "unknown verb 'lisst'; did you mean 'list'?*" "help for a mistyped verb" help lisst
usage "kill: a name is missing*" "a missing name" kill
run mymachines unregister nobody
is "$status" 1 "what fails otherwise ends with 1"

# Help.
same "help VERB" kill --help = help kill
same "help" --help = help
same "--help before the verb" kill --help = --help kill
same "-V" --version = -V
like "$(mymachines list --version)" "mymachines [0-9]*" "--version behind a verb"
verbs=$(mymachines --help | sed -n '/^Options/q; s/^  \([a-z][a-z-]*\) .*/\1/p')
for verb in $verbs; do
    is "$(mymachines help "$verb" | awk 'length > 80')" "" "$verb --help is in 80 columns"
    is "$(mymachines help "$verb" | sed -n '/^Usage/,/^$/d; /^$/q; p' | tr '\n' ' ' | grep -oE '^[^A-Z]|[.:;,][A-Z].*')" "" \
        "$verb --help has sentences, with blanks between them"
done

# The manual has each verb, with each of its options, and facts once for all verbs that take them.
# shellcheck disable=SC2016
cat >"$TMPDIR/manual.py" <<'P'
import glob, re, subprocess, sys
pages = [open(page).read().replace("\\-", "-").replace("\\~", " ")
         for page in sorted(glob.glob(sys.argv[1] + "/mymachines*.in"))]
manual = "\n.SH\n".join(pages)
synopsis = "".join(page.split(".SH SYNOPSIS")[1].split(".SH ")[0] for page in pages if ".SH SYNOPSIS" in page)
sections = re.findall(r"^\.SS ([^\n]*)\n(.*?)(?=^\.S[SH])", manual, re.M | re.S)
def section(verb):
    return next((text for title, text in sections if re.search(r"(^|[ \",])%s([ \",]|$)" % verb, title)), "")
def rows(text):
    return re.findall(r"^ {2,6}(?:-(\w), )?--([a-z-]+)", text, re.M)
for verb in sys.argv[2:]:
    out = subprocess.run(["mymachines", "help", verb], check=True, capture_output=True, text=True).stdout
    own, _, facts = out.partition("\nFacts of the machine:")
    if not re.search(r"\b%s\b" % verb, synopsis):
        print(f"{verb}: isn't in the synopsis")
    for text, where in (own, section(verb)), (facts, section("register")):
        for letter, name in rows(text):
            # What verbs with facts share with register is described there.
            if name in ("help", "no-pager") or (facts and "--" + name in section("register")):
                continue
            if "--" + name not in where or (letter and "-" + letter not in where):
                print(f"{verb}: the manual lacks --{name}")
    described = set(re.findall(r"^\.(?:TP|TQ)\n\.B\S* ([^\n]*)", section(verb), re.M))
    for name in {n for d in described for n in re.findall(r"--([a-z-]+)", d)}:
        if verb != "hook" and not any(name == n for _, n in rows(out)):
            print(f"{verb}: the manual has --{name}, and the verb has not")
P
# ps describes options of ps(1), which help doesn't list.
# shellcheck disable=SC2086
is "$(python3 "$TMPDIR/manual.py" "$SRCDIR/man" ${verbs/$'\n'ps/})" "" "the manual has all options of all verbs"

# The pager, on a terminal of 24 lines.
cat >"$TMPDIR/on-terminal.py" <<'P'
import fcntl, os, pty, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
out = b""
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    out += data
sys.stdout.write(out.decode().replace("\r\n", "\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
P
cat >"$TMPDIR/pager" <<'P'
#!/bin/sh
echo "pager: LESS=$LESS LESSSECURE=$LESSSECURE $(wc -l) lines"
P
chmod 755 "$TMPDIR/pager"
# paged VARIABLE=VALUE... COMMAND...
paged() {
    env -u PAGER -u SYSTEMD_PAGER -u SYSTEMD_LESS -u SUDO_UID -u PKEXEC_UID TERM=vt102 "$@"
}
terminal=(sh -c 'stty rows 24 columns 80; exec "$@"' -)
on_terminal() {
    local variables=()
    while [[ $1 = *=* ]]; do
        variables+=("$1")
        shift
    done
    paged "${variables[@]}" python3 "$TMPDIR/on-terminal.py" "${terminal[@]}" "$@"
}
lines=$(mymachines --help | wc -l)
is "$(on_terminal PAGER="$TMPDIR/pager" mymachines --help)" "pager: LESS=FRSXMK LESSSECURE= $lines lines" "long output is paged"
is "$(on_terminal PAGER=/bin/false SYSTEMD_PAGER="$TMPDIR/pager" SYSTEMD_LESS=X mymachines --help)" \
    "pager: LESS=X LESSSECURE= $lines lines" "SYSTEMD_PAGER takes precedence, and SYSTEMD_LESS has the options"
is "$(on_terminal PAGER="$TMPDIR/pager" mymachines list | tail -n 1)" "1 machine listed." "short output isn't paged"
like "$(on_terminal PAGER="$TMPDIR/pager" mymachines --no-pager --help)" "Usage: mymachines *" "nor with --no-pager"
like "$(on_terminal PAGER='' mymachines --help)" "Usage: mymachines *" "nor with an empty PAGER"
like "$(on_terminal PAGER=cat mymachines --help)" "Usage: mymachines *" "nor with cat"
like "$(on_terminal TERM=dumb PAGER="$TMPDIR/pager" mymachines --help)" "Usage: mymachines *" "nor on a dumb terminal"
is "$(PAGER=$TMPDIR/pager mymachines --help | wc -l)" "$lines" "nor without a terminal"
printf '#!/bin/sh\nexec %s/pager\n' "$TMPDIR" >"$TMPDIR/less"
chmod 755 "$TMPDIR/less"
is "$(on_terminal SUDO_UID=1000 PAGER=/bin/false PATH="$TMPDIR:$PATH" mymachines --help)" \
    "pager: LESS=FRSXMK LESSSECURE=1 $lines lines" "for users of sudo, it is less, in its secure mode"
is "$(on_terminal SUDO_UID=1000 SYSTEMD_PAGERSECURE=0 PAGER="$TMPDIR/pager" mymachines --help)" \
    "pager: LESS=FRSXMK LESSSECURE= $lines lines" "unless they say that it need not be"
run on_terminal PAGER='read x; exit 3' mymachines show nobody
is "$status" 1 "the exit status is that of the verb"
# The manual of a verb. Whether there is one is up to man(1).
if command -v man >/dev/null; then
    mkdir -p "$TMPDIR/manuals"
    make -C "$BUILDDIR" -s man-pages >/dev/null 2>&1
    for section in 1 8; do
        mkdir "$TMPDIR/manuals/man$section"
        cp "$BUILDDIR"/mymachines*."$section" "$TMPDIR/manuals/man$section"
    done
    "$SRCDIR/man/links" install "$TMPDIR/manuals" "$BUILDDIR"/mymachines*.[18]
    # manual VARIABLE=VALUE... VERB: how what `help VERB` shows on a terminal begins
    manual() {
        on_terminal MANPATH="$TMPDIR/manuals" MANWIDTH=80 PAGER=cat SYSTEMD_PAGER="$TMPDIR/copy" "${@:1:$#-1}" \
            mymachines help "${@: -1}" | sed 's/.\x08//g; s/\x1b\[[0-9;]*m//g' | grep -m 1 .
    }
    printf '#!/bin/sh\nexec cat\n' >"$TMPDIR/copy"
    chmod 755 "$TMPDIR/copy"
    for verb in $verbs; do
        page=$(cd "$TMPDIR/manuals" && ls man?/"mymachines-$verb".?)
        page=$(basename "$(realpath "$TMPDIR/manuals/$page")")
        title=$(tr '[:lower:]' '[:upper:]' <<<"${page%.?}(${page##*.})")
        like "$(manual "$verb")" "$title* $title" "help $verb opens its manual on a terminal"
    done
    like "$(manual MANPATH=/nowhere kill)" "Usage: mymachines kill *" "help without an installed manual is that of --help"
    like "$(manual SUDO_UID=1000 SYSTEMD_PAGERSECURE=1 kill)" "Usage: mymachines kill *" \
        "help opens no manual for users of sudo, as man can run other programs"
    like "$(manual SYSTEMD_PAGER='' kill)" "Usage: mymachines kill *" "help opens no manual without a pager"
    like "$(mymachines help kill)" "Usage: mymachines kill *" "help opens no manual without a terminal"
else
    skip "there is no man" "help opens the manual of a verb on a terminal"
fi
run on_terminal PAGER='exit 0' mymachines --help
is "$status" 0 "a pager that reads nothing is not a failure"
done_testing
