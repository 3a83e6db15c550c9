# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The real systemd-machined beside us, in a Debian that boots it. Needs lib.sh and booted.sh.

# install_in_debian: the built programs, as a package would
install_in_debian() {
    local unit kind
    px 'mkdir -p /usr/local/etc /tmp/x; echo Monitor=no >/usr/local/etc/mymachines.conf
        cp /run/build/mymachines /run/build/mymachines-{bus,userdb,resolve-hook,varlink} /usr/local/bin
        for program in mymachines-import-bus mymachines-import; do
            [ ! -x /run/build/$program ] || cp /run/build/$program /usr/local/bin
        done' </dev/null
    for unit in userdb resolve-hook varlink; do
        for kind in service socket; do
            sed 's|@libexecdir@|/usr/local/bin|' "$SRCDIR/service/mymachines-$unit.$kind.in" |
                px "cat >/etc/systemd/system/mymachines-$unit.$kind"
        done
    done
    px 'mkdir -p /etc/systemd/system/systemd-machined.service.d
        cat >/etc/systemd/system/systemd-machined.service.d/mymachines.conf
        systemctl daemon-reload' <"$SRCDIR/service/systemd-machined-dropin.conf.in"
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
