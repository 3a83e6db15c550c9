# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A Debian that boots systemd, for a test that sources this behind lib.sh.

# need_debian: skip all tests where none can be booted
need_debian() {
    [ -z "$SANITIZERS" ] || skip_all "the sanitizer's runtime isn't in there"
    [ -e "$DEBIAN_ROOT/.complete" ] || skip_all "there is no Debian to boot; make debian-root installs it"
}

# need_newer_debian: skip all tests where the one with a newer systemd can't be
need_newer_debian() {
    [ -z "$SANITIZERS" ] || skip_all "the sanitizer's runtime isn't in there"
    [ -e "$NEWER_ROOT/.complete" ] ||
        skip_all "there is no Debian with a newer systemd; make newer-debian-root installs it, where its packages can be had"
    DEBIAN_ROOT=$NEWER_ROOT
}

# boot_debian NAME [USR]: boot it; sets debian, work, cgroup, booted, and leader to the pid of its systemd. Its /usr
# also has what the directory USR has and it lacks. The caller has end_debian called at its end.
boot_debian() {
    debian=$SRCDIR/tests/support/debian work=$TMPDIR/work cgroup=machine.slice/machine-$1.scope
    mkdir "$work"
    "$debian" boot "$DEBIAN_ROOT" "$work" "$cgroup" "$BUILDDIR" "${@:2}" >/dev/null 2>&1 </dev/null &
    booted=$!
    wait_until test -s "$work/pid" || skip_all "cannot boot it here"
    leader=$(cat "$work/pid")
}

end_debian() {
    kill -9 "$booted"
    "$debian" halt "$work" "$cgroup"
} >/dev/null 2>&1

# px SCRIPT ARGUMENT...: in there, as on a host with systemd
px() {
    "$debian" exec "$work" "$@"
}

# in_there SCRIPT ARGUMENT...: the same, without an input; sets status, out and err
in_there() {
    run px "$@" </dev/null
}

# install_units DIRECTORY: our units, for programs in that directory of it
install_units() {
    local unit kind
    for unit in userdb resolve-hook varlink import-varlink; do
        for kind in service socket; do
            sed "s|@libexecdir@|$1|" "$SRCDIR/service/mymachines-$unit.$kind.in" |
                px "cat >/etc/systemd/system/mymachines-$unit.$kind"
        done
    done
    px 'mkdir -p /etc/systemd/system/systemd-machined.service.d
        cat >/etc/systemd/system/systemd-machined.service.d/mymachines.conf
        ! systemctl -q is-active systemd-machined.service || systemctl stop systemd-machined.service
        systemctl daemon-reload' <"$SRCDIR/service/systemd-machined-dropin.conf.in"
}

# px_leader FILE: start a process in there that has a namespace of its own, and write its pid to the file
px_leader() {
    # shellcheck disable=SC2016
    px 'setsid unshare --uts sleep 1000 >/dev/null 2>&1 </dev/null & leader=$!
        while [ "$(readlink "/proc/$leader/ns/uts")" = "$(readlink /proc/self/ns/uts)" ]; do sleep 0.05; done
        echo "$leader" >"$0"' "$1" </dev/null
}

debian_is_up() {
    px 'systemctl is-system-running' </dev/null 2>/dev/null | grep -qE 'running|degraded'
}
