/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QMP, the protocol that controls qemu(1): JSON over a socket. */
#pragma once

/*
 * Let the emulator at this socket execute a command without arguments, if the process of `pidfd`
 * still lives once the socket is connected: so the socket isn't one that another VM has made at the
 * same path later. 0 when it has accepted it; -ESRCH if the process has died; -ETIMEDOUT if it
 * doesn't answer, as while another program is connected; -EREMOTEIO if it refuses; -EPROTO if it
 * doesn't speak QMP; or another negative errno.
 */
int qmp_execute(const char *path, int pidfd, const char *command);

/*
 * Ask the emulator whether the VM's processors are paused, for so many milliseconds at
 * most. 1, 0, or a negative errno as above.
 */
int qmp_is_paused(const char *path, int milliseconds);
