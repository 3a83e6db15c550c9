/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines run-qemu */
#include "registry/cleanup.h"
#include "tools/facts.h"
#include "tools/message.h"
#include "tools/qemu_arguments.h"
#include "tools/run_options.h"
#include "tools/verbs.h"

#include <stdio.h>
#include <unistd.h>

static int help(void)
{
	printf("Usage: mymachines run-qemu [NAME] [OPTION...] -- qemu-system-ARCH [ARGUMENT...]\n"
	       "\n"
	       "Run a VM, and have it registered for as long as it runs; with -daemonize until\n"
	       "the monitor sees its end. Without NAME it is called as its -name says; its id,\n"
	       "vsock context id and control socket are those of -uuid, of\n"
	       "-device vhost-vsock-pci,guest-cid= and of -qmp unix:PATH,server=on.\n"
	       "\n"
	       "%s%s\n",
	       run_options_help, fact_options_help);
	return EXIT_SUCCESS;
}

/* Options of our own outweigh qemu's. 0, or -1 after a message. */
/* A relative path is one of the directory that qemu starts in, which is ours. */
static int take_control(struct registration *reg, const char *path)
{
	CLEANUP_FREE char *directory = *path == '/' ? NULL : getcwd(NULL, 0);

	if (*path == '/')
		return registration_set_control(reg, path);
	return directory ? registration_set_control(
				   reg, arena_printf(reg->arena, "%s/%s", directory, path))
			 : 0;
}

static int take_arguments(struct registration *reg, const struct qemu_arguments *qemu)
{
	if (!(reg->said & SAID_CLASS) && registration_set_class(reg, "vm") < 0)
		return -1;
	if (!(reg->said & SAID_SERVICE) && registration_set_service(reg, "qemu") < 0)
		return -1;
	if (qemu->uuid && !(reg->said & SAID_ID) && registration_set_id(reg, qemu->uuid) < 0)
		return -1;
	if (qemu->qmp && !(reg->said & SAID_CONTROL) && take_control(reg, qemu->qmp) < 0)
		return -1;
	if (qemu->vsock_cid && !(reg->said & SAID_VSOCK_CID))
		return registration_set_vsock_cid(reg, qemu->vsock_cid);
	return 0;
}

int verb_run_qemu(int argc, char **argv)
{
	CLEANUP(supervisor_done) struct supervisor supervisor = { .signals = -1 };
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct run_options options;
	struct qemu_arguments qemu;
	const char *name;

	if (run_options_parse(&options, &arena, "run-qemu", argc, argv) < 0)
		return complain_usage("run-qemu");
	if (options.help)
		return help();
	qemu_arguments_parse(&qemu, &arena, options.command);
	name = options.name ? options.name : qemu.name;
	if (!name) {
		complain("run-qemu: a name is missing; say one, or give qemu a -name");
		return complain_usage("run-qemu");
	}
	if (supervisor_init(&supervisor) < 0 || run_options_take_facts(&options, name) < 0 ||
	    take_arguments(&options.registration, &qemu) < 0)
		return EXIT_FAILURE;
	options.settings.daemonizes = qemu.daemonizes;
	return run_options_run(&options, &supervisor);
}
