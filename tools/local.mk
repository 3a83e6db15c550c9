# SPDX-License-Identifier: LGPL-2.1-or-later

# What rooms of the tools are compiled with.
TOOLS_CFLAGS = $(JSON_C_CFLAGS) $(CAPNG_CFLAGS) $(EXPAT_CFLAGS)
TOOLS_CPPFLAGS = -DSYSCONFDIR='"$(sysconfdir)"' -DSYSTEM_UNIT_DIRECTORY='"$(systemdsystemunitdir)"' \
	-DBINARY_DIRECTORY='"$(bindir)"' -DLIBEXEC_DIRECTORY='"$(libexecdir)"' \
	-DNSS_DIRECTORY='"$(nssdir)"' -DMACHINECTL_NAME='"$(machinectl_name)"' \
	-DIMPORTCTL_NAME='"$(importctl_name)"'

# From the top floor down. Each room uses those below it only.
TOOLS_LIBS = libverbs.a libdoctor.a libsetup.a libhooks.a librun.a libenter.a libdescribe.a libimages.a \
	libmonitor.a libsockets.a libregistrar.a libcontrol.a libprocesses.a libmessages.a $(HOST_LIBS) \
	$(JSON_C_LIBS) $(CAPNG_LIBS) $(EXPAT_LIBS) $(DL_LIBS)

include tools/verbs/local.mk
include tools/doctor/local.mk
include tools/setup/local.mk
include tools/hooks/local.mk
include tools/run/local.mk
include tools/enter/local.mk
include tools/import/local.mk
include tools/describe/local.mk
include tools/images/local.mk
include tools/monitor/local.mk
include tools/sockets/local.mk
include tools/registrar/local.mk
include tools/control/local.mk
include tools/processes/local.mk
include tools/messages/local.mk
include tools/varlink/local.mk
include tools/calls/local.mk
include tools/machine/local.mk
include tools/bus/local.mk
include tools/oci/local.mk
include tools/fetch/local.mk

bin_PROGRAMS += mymachines
mymachines_SOURCES = %D%/main.c
mymachines_LDADD = $(TOOLS_LIBS)

dist_bashcompletion_DATA = %D%/completion/mymachines
dist_zshcompletion_DATA = %D%/completion/_mymachines
dist_fishcompletion_DATA = %D%/completion/mymachines.fish
