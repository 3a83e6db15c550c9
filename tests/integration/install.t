#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# make install: what goes where, staged and by other directories; and that glibc looks there.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"

# Not the make that runs this test.
unset MAKEFLAGS MFLAGS MAKELEVEL

# staged DIRECTORY: the files in it
staged() {
    (cd "$1" && find . ! -type d | sed 's/^\.//' | sort)
}

run make -C "$BUILDDIR" -s install DESTDIR="$TMPDIR/stage" prefix=/p exec_prefix=/p \
    nssdir=/p/lib/arch pamdir=/p/lib/arch/security libdir=/p/lib/arch includedir=/p/include datarootdir=/p/share mandir=/p/share/man systemdsystemunitdir=/p/lib/systemd/system
is "$status" 0 "make install DESTDIR="
is "$(staged "$TMPDIR/stage")" \
"/p/bin/mymachines
/p/include/mymachines.h
/p/lib/arch/libmymachines.la
/p/lib/arch/libmymachines.so
/p/lib/arch/libmymachines.so.0
/p/lib/arch/libmymachines.so.0.0.0
/p/lib/arch/libnss_mymachines.so.2
/p/lib/arch/libnss_mymachines.so.2.0.0
/p/lib/arch/pkgconfig/mymachines.pc
/p/lib/arch/security/pam_mymachines.so
/p/lib/systemd/system/mymachines-monitor.path
/p/lib/systemd/system/mymachines-monitor.service
/p/share/bash-completion/completions/mymachines
/p/share/man/man1/mymachines.1
/p/share/man/man3/libmymachines.3
/p/share/man/man8/nss-mymachines.8
/p/share/man/man8/pam_mymachines.8
/p/share/zsh/site-functions/_mymachines" "what is installed"
is "$(readlink "$TMPDIR/stage/p/lib/arch/libnss_mymachines.so.2")" libnss_mymachines.so.2.0.0 \
    "the module is found by its soname"
is "$(grep -c "$REGISTRY_DIRECTORY/registry.mdb" "$TMPDIR/stage/p/share/man/man8/nss-mymachines.8")" 2 \
    "the manual names the configured registry"
run make -C "$BUILDDIR" -s uninstall DESTDIR="$TMPDIR/stage" prefix=/p exec_prefix=/p \
    nssdir=/p/lib/arch pamdir=/p/lib/arch/security libdir=/p/lib/arch includedir=/p/include datarootdir=/p/share mandir=/p/share/man systemdsystemunitdir=/p/lib/systemd/system
is "$status|$(staged "$TMPDIR/stage")" "0|" "make uninstall leaves nothing"

# linked TARGET: make it with the link, whatever was configured
linked() {
    run make -C "$BUILDDIR" -s "$1" DESTDIR="$TMPDIR/linked" machinectl_link=yes prefix=/p exec_prefix=/p \
        nssdir=/p/lib pamdir=/p/lib/security libdir=/p/lib includedir=/p/include datarootdir=/p/share \
        mandir=/p/share/man systemdsystemunitdir=/p/lib/systemd/system
}
linked install
is "$status|$(staged "$TMPDIR/linked" | grep machinectl)|$(readlink "$TMPDIR/linked/p/bin/machinectl")" \
    "0|/p/bin/machinectl
/p/share/man/man1/machinectl.1|mymachines" "--enable-machinectl-link"
if command -v man >/dev/null; then
    like "$(MANPATH=$TMPDIR/linked/p/share/man man machinectl 2>&1)" "MYMACHINES(1)*" "its manual is ours"
else
    skip "there is no man" "its manual is ours"
fi
linked uninstall
is "$status|$(staged "$TMPDIR/linked")" "0|" "which make uninstall removes, too"
mkdir -p "$TMPDIR/linked/p/bin"
touch "$TMPDIR/linked/p/bin/machinectl"
linked uninstall
is "$status|$(staged "$TMPDIR/linked")" "0|/p/bin/machinectl" "unless it is somebody else's"

run make -C "$BUILDDIR" -s mymachines-monitor
is "$status|$(sh -n "$BUILDDIR/mymachines-monitor" 2>&1)|$(grep -c '@' "$BUILDDIR/mymachines-monitor")" "0||0" \
    "the service for OpenRC, which isn't run here, is a shell's and is filled in"

# Autoconf makes no second build of sources that were configured in place.
if [ -e "$SRCDIR/config.status" ]; then
    skip "the sources are configured in place" "configure --libdir= and others"
    done_testing
    exit
fi

# configured OPTION...: the directories that configure decides on
configured() {
    rm -rf "$TMPDIR/configured"
    mkdir "$TMPDIR/configured"
    (cd "$TMPDIR/configured" && "$SRCDIR/configure" --quiet "$@" >/dev/null 2>&1 &&
        make -s --eval 'print: ; @echo "$(nssdir) $(pamdir) $(registrydir)"' print)
}
multiarch=$($CC -print-multiarch 2>/dev/null)
if [ -n "$multiarch" ]; then
    is "$(configured)" "/usr/local/lib/$multiarch /usr/local/lib/$multiarch/security /run/mymachines" "configure, nothing said"
    is "$(configured --prefix=/usr)" "/usr/lib/$multiarch /usr/lib/$multiarch/security /run/mymachines" "configure --prefix="
    ok "$(ldconfig -N -X -v 2>/dev/null | grep -q "^/usr/lib/$multiarch:\|^/lib/$multiarch:"; echo $?)" \
        "the dynamic linker looks there"
else
    skip "no multiarch directories here" "configure, nothing said"
fi
is "$(configured --libdir=/opt/lib --runstatedir=/var/run)" "/opt/lib /opt/lib/security /var/run/mymachines" \
    "configure --libdir= --runstatedir="
is "$(configured --libdir=/lib --with-nssdir=/lib/nss --with-pamdir=/lib/pam)" "/lib/nss /lib/pam /run/mymachines" \
    "configure --with-nssdir= --with-pamdir="
done_testing
