# SPDX-License-Identifier: LGPL-2.1-or-later

noinst_LIBRARIES += libverbs.a
libverbs_a_SOURCES = \
	%D%/bind.c \
	%D%/clone.c \
	%D%/command_line.c %D%/command_line.h \
	%D%/complete.c \
	%D%/copy.c \
	%D%/doctor.c \
	%D%/fact_options.c %D%/fact_options.h \
	%D%/firmware.c %D%/firmware.h \
	%D%/help.c \
	%D%/hook.c \
	%D%/host_session.c %D%/host_session.h \
	%D%/import.c \
	%D%/import_program.c %D%/import_program.h \
	%D%/importctl.c %D%/importctl.h \
	%D%/kill.c \
	%D%/image_architecture.c %D%/image_architecture.h \
	%D%/image_status.c \
	%D%/list.c \
	%D%/list_images.c \
	%D%/login.c \
	%D%/machine_completion.c %D%/machine_completion.h \
	%D%/machinectl.c %D%/machinectl.h \
	%D%/manual_page.c %D%/manual_page.h \
	%D%/map.c \
	%D%/monitor.c \
	%D%/named_images.c %D%/named_images.h \
	%D%/named_machines.c %D%/named_machines.h \
	%D%/option_values.c %D%/option_values.h %D%/property_filter.c %D%/property_filter.h \
	%D%/pager.c %D%/pager.h \
	%D%/pause.c \
	%D%/pool_properties.c %D%/pool_properties.h \
	%D%/power.c \
	%D%/ps.c \
	%D%/ps_columns.c \
	%D%/ps_listing.h \
	%D%/ps_options.c %D%/ps_options.h \
	%D%/ps_rows.c \
	%D%/read_only.c \
	%D%/refresh.c \
	%D%/register.c \
	%D%/remove.c \
	%D%/run.c \
	%D%/run_command.c %D%/run_command.h \
	%D%/run_qemu.c \
	%D%/settings.c \
	%D%/setup.c \
	%D%/shell.c \
	%D%/show.c \
	%D%/show_image.c \
	%D%/ssh.c \
	%D%/start.c \
	%D%/start_command.c %D%/start_command.h \
	%D%/start_log.c %D%/start_log.h \
	%D%/status.c \
	%D%/suggestion.c %D%/suggestion.h \
	%D%/terminate.c \
	%D%/transfers.c \
	%D%/unregister.c \
	%D%/verb.h \
	%D%/verb_entrance.c %D%/verb_entrance.h \
	%D%/verb_help.c %D%/verb_help.h \
	%D%/verb_session.c %D%/verb_session.h \
	%D%/verbs.c %D%/verbs.h \
	%D%/wait.c \
	%D%/watch.c %D%/watch.h \
	%D%/which.c
libverbs_a_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
libverbs_a_CPPFLAGS = $(AM_CPPFLAGS) $(TOOLS_CPPFLAGS) -DMANUAL_DIRECTORY='"$(mandir)"'
