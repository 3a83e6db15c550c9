# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The real systemd-machined beside us, in a Debian that boots it. Needs lib.sh and booted.sh.

# boot_peer NAME VERSION: the Debian whose systemd is of that version
boot_peer() {
    local version
    boot_debian "$1$$"
    wait_until debian_is_up || skip_all "systemd doesn't boot here"
    version=$(px 'machinectl --version' </dev/null | awk 'NR == 1 { print $2 }')
    [ "$version" = "$2" ] ||
        skip_all "the differences are those from systemd $2, and this is ${version:-unknown}"
}

# install_in_debian: the built programs, as a package would
install_in_debian() {
    px 'mkdir -p /usr/local/etc /tmp/x; echo Monitor=no >/usr/local/etc/mymachines.conf
        cp /run/build/mymachines /run/build/mymachines-{bus,userdb,resolve-hook,varlink} /usr/local/bin
        for program in mymachines-import{-bus,-varlink,}; do
            [ ! -x /run/build/$program ] || cp /run/build/$program /usr/local/bin
        done' </dev/null
    install_units /usr/local/bin
}

# bring_libraries: those of this system that mymachines-import needs, to where the one in there finds them if it lacks them
bring_libraries() {
    ldd "$BUILDDIR/mymachines-import" | awk '$2 == "=>" && $3 !~ /libc\.so/ { print $3 }' | tar -chPf - -T - |
        px 'mkdir /tmp/x/lib; tar -C /tmp/x/lib --transform "s,.*/,," -xPf -'
}

# what_image_verbs_say FILE [VARIABLE=VALUE...]
what_image_verbs_say() {
    px 'cat >/tmp/x/words; exec env "$@" bash /tmp/x/words' "$@" <"$SRCDIR/tests/integration/image-peer.sh" >"$1" 2>&1
}

# compare_image_verbs COUNT: machinectl(1), which so many of them succeed for, and mymachines under its name
compare_image_verbs() {
    local ours=PATH=/tmp/x/link:/usr/local/bin:/usr/bin:/bin
    px 'mkdir /tmp/x/link; ln -s /usr/local/bin/mymachines /tmp/x/link/machinectl' </dev/null
    if ! px '/usr/local/bin/mymachines-import --version' </dev/null >/dev/null 2>&1; then
        bring_libraries
        ours="LD_LIBRARY_PATH=/tmp/x/lib $ours"
    fi
    # shellcheck disable=SC2086
    px 'env "$@" mymachines-import --version' - $ours </dev/null >/dev/null 2>&1 || {
        skip "mymachines-import doesn't run in there" "verbs about images say the same under machinectl's name"
        return
    }
    what_image_verbs_say "$TMPDIR/real"
    # shellcheck disable=SC2086
    what_image_verbs_say "$TMPDIR/ours" $ours
    is "$(grep -c '= 0$' "$TMPDIR/real") $(tail -n 1 "$TMPDIR/real")" "$1 end" "machinectl lists images and changes them"
    is "$(cat "$TMPDIR/ours")" "$(cat "$TMPDIR/real")" "verbs about images say the same under machinectl's name"
}

# what_bus_callers_hear FILE: of whoever answers
what_bus_callers_hear() {
    px 'cat >/tmp/x/words; machinectl list >/dev/null; exec bash /tmp/x/words' \
        <"$SRCDIR/tests/integration/bus-peer.sh" >"$1" 2>&1
    # The processes of the host are not the same; properties of later versions.
    sed -i -E '/^(LeaderPIDFDId|Supervisor|SupervisorPIDFDId|UID|VSockCID)=/d
        /^\$ machinectl status -n 0 \.host/,/^= /{ /^\t\t/d }' "$1"
}

# compare_on_bus: stock machinectl, and callers with good and bad arguments
compare_on_bus() {
    what_bus_callers_hear "$TMPDIR/real"
    is "$(grep -c '^= 0' "$TMPDIR/real") $(tail -n 1 "$TMPDIR/real")" "32 end" "systemd-machined answers"
    px 'mymachines setup bus --quiet' </dev/null
    what_bus_callers_hear "$TMPDIR/ours"
    is "$(diff "$TMPDIR/real" "$TMPDIR/ours" | grep '^[<>]')" "$(cat "$SRCDIR/tests/integration/bus-peer.differences")" \
        "stock machinectl and callers get to hear the same, but for what is different on purpose"
}
