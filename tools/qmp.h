/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QMP: what qemu(1) is told by, JSON over a socket. */
#pragma once

/*
 * Have the emulator behind this socket execute a command without arguments.
 * 0 when it has said that it will; -ETIMEDOUT if it says nothing, as while
 * somebody else is talking to it; -EREMOTEIO if it refuses; -EPROTO for what
 * isn't QMP; or another negative errno.
 */
int qmp_execute(const char *path, const char *command);
