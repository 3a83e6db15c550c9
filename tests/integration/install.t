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
/p/lib/systemd/system/mymachines-import-varlink.service
/p/lib/systemd/system/mymachines-import-varlink.socket
/p/lib/systemd/system/mymachines-monitor.path
/p/lib/systemd/system/mymachines-monitor.service
/p/lib/systemd/system/mymachines-resolve-hook.service
/p/lib/systemd/system/mymachines-resolve-hook.socket
/p/lib/systemd/system/mymachines-userdb.service
/p/lib/systemd/system/mymachines-userdb.socket
/p/lib/systemd/system/mymachines-varlink.service
/p/lib/systemd/system/mymachines-varlink.socket
/p/lib/systemd/system/systemd-machined.service.d/mymachines.conf
/p/libexec/mymachines-bus
/p/libexec/mymachines-import
/p/libexec/mymachines-import-bus
/p/libexec/mymachines-import-varlink
/p/libexec/mymachines-resolve-hook
/p/libexec/mymachines-userdb
/p/libexec/mymachines-varlink
/p/share/bash-completion/completions/mymachines
/p/share/doc/mymachines/FORMAT.md
/p/share/doc/mymachines/NEWS
/p/share/doc/mymachines/README.md
/p/share/doc/mymachines/SECURITY.md
/p/share/doc/mymachines/doc/dataflow.svg
/p/share/doc/mymachines/doc/latency.svg
/p/share/doc/mymachines/doc/session.svg
/p/share/doc/mymachines/examples/README.md
/p/share/doc/mymachines/examples/libvirt-hook
/p/share/doc/mymachines/examples/lxc-hooks.conf
/p/share/doc/mymachines/examples/machines.json
/p/share/doc/mymachines/examples/manager.c
/p/share/doc/mymachines/examples/mymachines.conf
/p/share/doc/mymachines/examples/nsswitch.conf
/p/share/doc/mymachines/examples/pam-lines
/p/share/doc/mymachines/examples/podman-hook.json
/p/share/fish/vendor_completions.d/mymachines.fish
/p/share/man/man1/mymachines-bind.1
/p/share/man/man1/mymachines-cancel-transfer.1
/p/share/man/man1/mymachines-cat.1
/p/share/man/man1/mymachines-clean.1
/p/share/man/man1/mymachines-clone.1
/p/share/man/man1/mymachines-copy-from.1
/p/share/man/man1/mymachines-copy-to.1
/p/share/man/man1/mymachines-copy.1
/p/share/man/man1/mymachines-disable.1
/p/share/man/man1/mymachines-edit.1
/p/share/man/man1/mymachines-enable.1
/p/share/man/man1/mymachines-export-raw.1
/p/share/man/man1/mymachines-export-tar.1
/p/share/man/man1/mymachines-image-status.1
/p/share/man/man1/mymachines-images.1
/p/share/man/man1/mymachines-import-fs.1
/p/share/man/man1/mymachines-import-oci.1
/p/share/man/man1/mymachines-import-raw.1
/p/share/man/man1/mymachines-import-tar.1
/p/share/man/man1/mymachines-import.1
/p/share/man/man1/mymachines-kill.1
/p/share/man/man1/mymachines-list-images.1
/p/share/man/man1/mymachines-list-transfers.1
/p/share/man/man1/mymachines-list.1
/p/share/man/man1/mymachines-login.1
/p/share/man/man1/mymachines-map-from.1
/p/share/man/man1/mymachines-map-to.1
/p/share/man/man1/mymachines-pause.1
/p/share/man/man1/mymachines-poweroff.1
/p/share/man/man1/mymachines-ps.1
/p/share/man/man1/mymachines-pull-oci.1
/p/share/man/man1/mymachines-pull-raw.1
/p/share/man/man1/mymachines-pull-tar.1
/p/share/man/man1/mymachines-read-only.1
/p/share/man/man1/mymachines-reboot.1
/p/share/man/man1/mymachines-refresh.1
/p/share/man/man1/mymachines-register.1
/p/share/man/man1/mymachines-remove.1
/p/share/man/man1/mymachines-rename.1
/p/share/man/man1/mymachines-resume.1
/p/share/man/man1/mymachines-run-qemu.1
/p/share/man/man1/mymachines-run.1
/p/share/man/man1/mymachines-set-limit.1
/p/share/man/man1/mymachines-shell.1
/p/share/man/man1/mymachines-show-image.1
/p/share/man/man1/mymachines-show.1
/p/share/man/man1/mymachines-ssh.1
/p/share/man/man1/mymachines-start.1
/p/share/man/man1/mymachines-status.1
/p/share/man/man1/mymachines-terminate.1
/p/share/man/man1/mymachines-unregister.1
/p/share/man/man1/mymachines-wait.1
/p/share/man/man1/mymachines-watch.1
/p/share/man/man1/mymachines-which.1
/p/share/man/man1/mymachines.1
/p/share/man/man3/libmymachines.3
/p/share/man/man3/mymachines_watch_fd.3
/p/share/man/man3/mymachines_watch_free.3
/p/share/man/man3/mymachines_watch_new.3
/p/share/man/man3/mymachines_watch_next.3
/p/share/man/man5/mymachines.conf.5
/p/share/man/man7/mymachines-exports.7
/p/share/man/man7/mymachines-json.7
/p/share/man/man7/mymachines-machinectl.7
/p/share/man/man8/libnss_mymachines.so.2.8
/p/share/man/man8/mymachines-bus.8
/p/share/man/man8/mymachines-doctor.8
/p/share/man/man8/mymachines-hook.8
/p/share/man/man8/mymachines-import-bus.8
/p/share/man/man8/mymachines-import-varlink.8
/p/share/man/man8/mymachines-monitor.8
/p/share/man/man8/mymachines-setup.8
/p/share/man/man8/mymachines-varlink.8
/p/share/man/man8/nss-mymachines.8
/p/share/man/man8/pam_mymachines.8
/p/share/mymachines/mymachines.schema.json
/p/share/zsh/site-functions/_mymachines" "what is installed"
if "$BUILDDIR/config.status" --config | grep -q -- --enable-static-deps; then
    is "$(readelf -d "$BUILDDIR/mymachines" | sed -n 's/.*NEEDED.*\[lib\(.*\)\.so.*\]/\1/p' | while read -r library; do
        [ "$library" = c ] || [ ! -e "$($CC -print-file-name="lib$library.a")" ] || echo "$library"
    done)" "" "no library that has an archive is shared"
else
    skip "not configured with --enable-static-deps" "no library that has an archive is shared"
fi
is "$(readlink "$TMPDIR/stage/p/lib/arch/libnss_mymachines.so.2")" libnss_mymachines.so.2.0.0 \
    "the module is found by its soname"
is "$(grep -c "$REGISTRY_DIRECTORY/registry.mdb" "$TMPDIR/stage/p/share/man/man8/nss-mymachines.8")" 2 \
    "the manual names the configured registry"
run make -C "$BUILDDIR" -s uninstall DESTDIR="$TMPDIR/stage" prefix=/p exec_prefix=/p \
    nssdir=/p/lib/arch pamdir=/p/lib/arch/security libdir=/p/lib/arch includedir=/p/include datarootdir=/p/share mandir=/p/share/man systemdsystemunitdir=/p/lib/systemd/system
is "$status|$(staged "$TMPDIR/stage")" "0|" "make uninstall leaves nothing"

# linked TARGET [VARIABLE=VALUE]: make it with the link, whatever was configured
linked() {
    run make -C "$BUILDDIR" -s "$1" DESTDIR="$TMPDIR/linked" machinectl_link=yes importctl_link=yes prefix=/p exec_prefix=/p \
        nssdir=/p/lib pamdir=/p/lib/security libdir=/p/lib includedir=/p/include datarootdir=/p/share \
        mandir=/p/share/man systemdsystemunitdir=/p/lib/systemd/system "${@:2}"
}
linked install
is "$status|$(staged "$TMPDIR/linked" | grep machinectl)|$(readlink "$TMPDIR/linked/p/bin/machinectl")" \
    "0|/p/bin/machinectl
/p/share/bash-completion/completions/machinectl
/p/share/fish/vendor_completions.d/machinectl.fish
/p/share/man/man1/machinectl.1
/p/share/man/man7/mymachines-machinectl.7
/p/share/zsh/site-functions/_machinectl|mymachines" "--enable-machinectl-link"
is "$(staged "$TMPDIR/linked" | grep importctl)|$(readlink "$TMPDIR/linked/p/bin/importctl")" \
    "/p/bin/importctl
/p/share/bash-completion/completions/importctl
/p/share/fish/vendor_completions.d/importctl.fish
/p/share/man/man1/importctl.1
/p/share/zsh/site-functions/_importctl|mymachines" "--enable-importctl-link"
linked install
is "$status" 0 "once more"
if command -v man >/dev/null; then
    like "$(MANPATH=$TMPDIR/linked/p/share/man man machinectl 2>&1)" "MYMACHINES-MACHINECTL(7)*" "its manual is ours"
else
    skip "there is no man" "its manual is ours"
fi
linked uninstall
is "$status|$(staged "$TMPDIR/linked")" "0|" "which make uninstall removes, too"
# Nothing of another package's is replaced or removed. The links are made and removed by these targets of
# Makefile.am, which install and uninstall end with.
mkdir -p "$TMPDIR/linked/p/bin" "$TMPDIR/linked/p/share/bash-completion/completions"
echo stock | tee "$TMPDIR/linked/p/bin/machinectl" >"$TMPDIR/linked/p/share/bash-completion/completions/machinectl"
linked install-data-hook
like "$status|$err" "[!0]*|*machinectl-link: *dpkg-divert --local --rename --add /p/bin/machinectl*--with-machinectl-name=NAME*" \
    "install refuses to replace another machinectl"
is "$(cat "$TMPDIR/linked/p/bin/machinectl")" stock "which stays"
linked uninstall-hook
is "$status|$(staged "$TMPDIR/linked")" "0|/p/bin/machinectl
/p/share/bash-completion/completions/machinectl" "uninstall leaves what is somebody else's"
linked install-data-hook machinectl_name=machinectl-of-ours
is "$status|$(readlink "$TMPDIR/linked/p/bin/machinectl-of-ours")" "0|mymachines" "another name can be chosen"
is "$(head -n 1 "$TMPDIR/linked/p/share/zsh/site-functions/_machinectl-of-ours")" "#compdef machinectl-of-ours" "for the completions, too"
echo stock >"$TMPDIR/linked/p/bin/importctl.stock"
ln -sf importctl.stock "$TMPDIR/linked/p/bin/importctl"
linked install-data-hook machinectl_name=machinectl-of-ours
like "$status|$err|$(cat "$TMPDIR/linked/p/bin/importctl")" "[!0]*|*importctl-link: *--with-importctl-name=NAME*|stock" \
    "install refuses to replace another importctl"
rm "$TMPDIR/linked/p/bin/machinectl" "$TMPDIR/linked/p/bin/importctl"*
ln -s /nowhere/machinectl "$TMPDIR/linked/p/bin/machinectl"
linked install-data-hook
like "$status|$(readlink "$TMPDIR/linked/p/bin/machinectl")" "[!0]*|/nowhere/machinectl" "nor is a link that leads nowhere replaced"

run make -C "$BUILDDIR" -s mymachines-monitor
is "$status|$(sh -n "$BUILDDIR/mymachines-monitor" 2>&1)|$(grep -c '@' "$BUILDDIR/mymachines-monitor")" "0||0" \
    "the service for OpenRC, which isn't run here, is a shell's and is filled in"

# Autoconf makes no second build of sources that were configured in place.
if [ -e "$SRCDIR/config.status" ]; then
    skip "the sources are configured in place" "configure --libdir= and others"
    done_testing
    exit
fi

# configured OPTION...: the directories that configure decides on. What it finds out about the compiler is the same each time.
configured() {
    rm -rf "$TMPDIR/configured"
    mkdir "$TMPDIR/configured"
    (cd "$TMPDIR/configured" && "$SRCDIR/configure" --quiet --cache-file="$TMPDIR/configure.cache" "$@" >/dev/null 2>&1 &&
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
