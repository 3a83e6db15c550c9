/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The verbs of mymachines(1), each in a file of its name. Each gets its
 * arguments with the program's name as the first, and returns an exit status.
 */
#pragma once

int verb_bind(int argc, char **argv);
int verb_copy_from(int argc, char **argv);
int verb_copy_to(int argc, char **argv);
int verb_doctor(int argc, char **argv);
int verb_hook(int argc, char **argv);
int verb_kill(int argc, char **argv);
int verb_list(int argc, char **argv);
int verb_login(int argc, char **argv);
int verb_map_from(int argc, char **argv);
int verb_map_to(int argc, char **argv);
int verb_monitor(int argc, char **argv);
int verb_pause(int argc, char **argv);
int verb_poweroff(int argc, char **argv);
int verb_ps(int argc, char **argv);
int verb_reboot(int argc, char **argv);
int verb_refresh(int argc, char **argv);
int verb_register(int argc, char **argv);
int verb_resume(int argc, char **argv);
int verb_run(int argc, char **argv);
int verb_run_qemu(int argc, char **argv);
int verb_setup(int argc, char **argv);
int verb_shell(int argc, char **argv);
int verb_show(int argc, char **argv);
int verb_ssh(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_terminate(int argc, char **argv);
int verb_unregister(int argc, char **argv);
int verb_wait(int argc, char **argv);
int verb_watch(int argc, char **argv);
int verb_which(int argc, char **argv);
