#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The modules as objects: what they export, need, and ask of the dynamic linker.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"

entry_points=$(grep -o '_nss_mymachines_[a-z0-9_]*' "$SRCDIR/nss-mymachines/prototypes.h" | sort)
is "$(nm -D --defined-only "$NSS_MODULE" | awk '{print $3}' | sort)" "$entry_points" \
    "it exports its entry points and nothing else"
is "$(grep -o '_nss_mymachines_[a-z0-9_]*' "$SRCDIR/nss-mymachines/nss-mymachines.map" | sort)" \
    "$entry_points" "which are those of the version script"
is "$(for call in gethostbyname{,2,3,4}_r gethostbyaddr{,2}_r {set,end}hostent gethostent_r \
    getpw{nam,uid}_r getgr{nam,gid}_r getspnam_r; do echo "_nss_mymachines_$call"; done | sort)" \
    "$entry_points" "and all that glibc calls"
if [ -e "$PAM_MODULE" ]; then
    is "$(nm -D --defined-only "$PAM_MODULE" | awk '{print $3}' | sort)" \
"pam_sm_acct_mgmt
pam_sm_authenticate
pam_sm_chauthtok
pam_sm_close_session
pam_sm_open_session
pam_sm_setcred" "the PAM module exports what PAM calls, and nothing else"
else
    skip "configured with --disable-pam" "the PAM module exports what PAM calls, and nothing else"
fi
if [ -n "$SANITIZERS" ]; then
    skip "a sanitizer adds to it" "what they link"
    done_testing
    exit
fi

# check NAME MODULE NEEDED [ASKS]: ASKS are the calls by which it asks the kernel
check() {
    is "$(readelf -d "$2" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort)" "$3" "$1 links no more than it may"
    like "$(readelf -d "$2" | grep FLAGS_1)" "*NOW*NODELETE*" "it is bound at once, and never unloaded"
    like "$(readelf -lW "$2")" "*GNU_RELRO*" "its tables are read-only once bound"
    is "$(readelf -lW "$2" | grep -cw LOAD)" 2 "it is mapped in two parts, as each takes a process time"
    is "$(readelf -lW "$2" | grep -cw TLS)" 0 "it has no thread-local storage"
    is "$(readelf -lW "$2" | awk '/GNU_STACK/ {print $7}')" RW "its stack isn't executable"
    is "$(nm -D --undefined-only "$2" | awk '{print $2}' | sed 's/@.*//' |
        grep -xE 'abort|exit|_exit|printf|puts|getenv|secure_getenv|pthread_create|fork|signal|sigaction|sigprocmask|socket|connect|syslog|dlopen|system|popen|rename|unlink|write|fwrite|mdb_put|mdb_env_copyfd2|unshare|flock')" \
        "${4-}" "it can't write, exit, print, fork, signal, or ask anybody but the kernel"
}
check "the NSS module" "$NSS_MODULE" libc.so.6
is "$(nm -D --undefined-only "$NSS_MODULE" | awk '{print $2}' | sed 's/@.*//' |
    grep -xE 'malloc|calloc|realloc|reallocarray|free|strdup|mmap|mmap64|munmap|mprotect|open_memstream')" \
    "" "it allocates and maps no memory"
is "$(nm -D --undefined-only "$NSS_MODULE" | grep -cw setns)" 0 "it goes nowhere"
is "$(readelf -d "$NSS_MODULE" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')" libnss_mymachines.so.2 \
    "its soname is what glibc looks for"
if [ -e "$PAM_MODULE" ]; then
    check "the PAM module" "$PAM_MODULE" \
"libc.so.6
libpam.so.0" "connect
socket"
    # A variable would be shared by all logins of the process. The linker has 8 bytes of each section.
    is "$(size -A "$PAM_MODULE" | awk '$1 == ".bss" || $1 == ".data" { n += $2 } END { print n }')" 40 \
        "its only variable is the boot id"
fi
done_testing
