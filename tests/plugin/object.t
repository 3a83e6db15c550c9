#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The module as an object: what it exports, needs, and asks of the dynamic linker.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"

entry_points=$(grep -o '_nss_mymachines_[a-z0-9_]*' "$SRCDIR/nss-mymachines/prototypes.h" | sort)
is "$(nm -D --defined-only "$NSS_MODULE" | awk '{print $3}' | sort)" "$entry_points" \
    "it exports its entry points and nothing else"
is "$(grep -o '_nss_mymachines_[a-z0-9_]*' "$SRCDIR/nss-mymachines/nss-mymachines.map" | sort)" \
    "$entry_points" "which are those of the version script"
is "$(for call in gethostbyname{,2,3,4}_r gethostbyaddr{,2}_r {set,end}hostent gethostent_r \
    getpw{nam,uid}_r getgr{nam,gid}_r getspnam_r; do echo "_nss_mymachines_$call"; done | sort)" \
    "$entry_points" "and all that glibc calls"
if [ -n "$SANITIZERS" ]; then
    skip "a sanitizer adds to it" "what it links"
    done_testing
    exit
fi
is "$(readelf -d "$NSS_MODULE" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort)" \
"libc.so.6
liblmdb.so.0" "it links LMDB and libc"
is "$(readelf -d "$NSS_MODULE" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')" libnss_mymachines.so.2 \
    "its soname is what glibc looks for"
like "$(readelf -d "$NSS_MODULE" | grep FLAGS_1)" "*NOW*NODELETE*" "it is bound at once, and never unloaded"
like "$(readelf -lW "$NSS_MODULE")" "*GNU_RELRO*" "its tables are read-only once bound"
is "$(readelf -lW "$NSS_MODULE" | grep -cw TLS)" 0 "it has no thread-local storage"
is "$(readelf -lW "$NSS_MODULE" | awk '/GNU_STACK/ {print $7}')" RW "its stack isn't executable"
is "$(nm -D --undefined-only "$NSS_MODULE" | awk '{print $2}' | sed 's/@.*//' |
    grep -xE 'abort|exit|_exit|printf|puts|getenv|secure_getenv|pthread_create|fork|signal|sigaction|sigprocmask|socket|connect|syslog|dlopen|system|popen|rename|unlink|write|fwrite|mdb_put|mdb_env_copyfd2|setns|flock')" \
    "" "it can't write, exit, print, fork, signal, or ask the environment"
done_testing
