# SPDX-License-Identifier: LGPL-2.1-or-later

if HAVE_SYSTEMD
noinst_LIBRARIES += libbus.a
libbus_a_SOURCES = \
	%D%/bus.h \
	%D%/bus_announced.c %D%/bus_announced.h \
	%D%/bus_ask.c %D%/bus_ask.h \
	%D%/bus_client.c %D%/bus_client.h \
	%D%/bus_control.c \
	%D%/bus_enter.c \
	%D%/bus_error.c \
	%D%/bus_image_change.c \
	%D%/bus_images.c %D%/bus_images.h \
	%D%/bus_job.c %D%/bus_job.h \
	%D%/bus_log.c %D%/bus_log.h \
	%D%/bus_lookup.c %D%/bus_lookup.h \
	%D%/bus_machines.c %D%/bus_machines.h \
	%D%/bus_objects.c \
	%D%/bus_operate.h \
	%D%/bus_options.c \
	%D%/bus_permitted.c %D%/bus_permitted.h \
	%D%/bus_polkit.c %D%/bus_polkit.h \
	%D%/bus_properties.c %D%/bus_properties.h \
	%D%/bus_register.c \
	%D%/bus_reply.c %D%/bus_reply.h \
	%D%/bus_service.c %D%/bus_service.h \
	%D%/bus_target.c %D%/bus_target.h
libbus_a_CPPFLAGS = $(AM_CPPFLAGS) $(TOOLS_CPPFLAGS)
libbus_a_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS) $(TOOLS_CFLAGS)

libexec_PROGRAMS += mymachines-bus
mymachines_bus_SOURCES = %D%/bus_main.c
mymachines_bus_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
mymachines_bus_LDADD = libbus.a libcalls.a $(TOOLS_LIBS) $(SYSTEMD_LIBS)

if HAVE_LIBARCHIVE
libbus_a_SOURCES += \
	%D%/import1.h \
	%D%/import1_manager.c \
	%D%/import1_objects.c %D%/import1_objects.h \
	%D%/import1_transfer.c %D%/import1_transfer.h

libexec_PROGRAMS += mymachines-import-bus
mymachines_import_bus_SOURCES = %D%/import1_main.c
mymachines_import_bus_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
mymachines_import_bus_LDADD = libbus.a libcalls.a libimport.a $(TOOLS_LIBS) $(SYSTEMD_LIBS)
endif
endif
