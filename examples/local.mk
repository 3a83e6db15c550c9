# SPDX-License-Identifier: LGPL-2.1-or-later
# Files to begin with, installed beside README. None of them is built or used.

examplesdir = $(docdir)/examples
dist_examples_DATA = %D%/README.md %D%/libvirt-hook %D%/lxc-hooks.conf %D%/machines.json %D%/manager.c \
	%D%/mymachines.conf %D%/nsswitch.conf %D%/pam-lines %D%/podman-hook.json
