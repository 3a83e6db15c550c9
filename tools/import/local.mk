# SPDX-License-Identifier: LGPL-2.1-or-later

if HAVE_LIBARCHIVE
noinst_LIBRARIES += libimport.a
libimport_a_SOURCES = \
	%D%/attributes.c %D%/attributes.h \
	%D%/file_name.c %D%/file_name.h \
	%D%/image_transfer.c %D%/image_transfer.h \
	%D%/inside.c %D%/inside.h \
	%D%/lift.c %D%/lift.h \
	%D%/noted_directories.c %D%/noted_directories.h \
	%D%/output_file.c %D%/output_file.h \
	%D%/pack.c %D%/pack.h \
	%D%/progress.c %D%/progress.h \
	%D%/qcow2.c %D%/qcow2.h \
	%D%/raw.c %D%/raw.h \
	%D%/source.c %D%/source.h \
	%D%/sparse.c %D%/sparse.h \
	%D%/stop.c %D%/stop.h \
	%D%/transfer.c %D%/transfer.h \
	%D%/transfer_child.c %D%/transfer_child.h \
	%D%/transfer_request.c %D%/transfer_request.h \
	%D%/tree_writer.c %D%/tree_writer.h \
	%D%/unpack.c %D%/unpack.h \
	%D%/worker.c %D%/worker.h
libimport_a_CPPFLAGS = $(AM_CPPFLAGS) $(TOOLS_CPPFLAGS)
libimport_a_CFLAGS = $(AM_CFLAGS) $(LIBARCHIVE_CFLAGS) $(JSON_C_CFLAGS) $(CAPNG_CFLAGS)

if HAVE_DOWNLOADS
libimport_a_SOURCES += \
	%D%/kept.c %D%/kept.h \
	%D%/layer.c %D%/layer.h \
	%D%/oci_download.c %D%/oci_download.h \
	%D%/oci_image.c %D%/oci_image.h \
	%D%/oci_layout.c %D%/oci_layout.h \
	%D%/oci_transfer.c %D%/oci_transfer.h \
	%D%/partial.c %D%/partial.h \
	%D%/pull.c %D%/pull.h \
	%D%/whiteout.c %D%/whiteout.h
OCI_LIBS = liboci.a
endif

# The only program that needs libarchive and libcurl.
libexec_PROGRAMS += mymachines-import
mymachines_import_SOURCES = %D%/import_main.c %D%/hidden_address.c %D%/hidden_address.h
mymachines_import_CFLAGS = $(AM_CFLAGS) $(JSON_C_CFLAGS)
mymachines_import_LDADD = libimport.a $(OCI_LIBS) libimages.a $(FETCH_LIBS) $(HOST_LIBS) $(LIBARCHIVE_LIBS) $(JSON_C_LIBS) $(CAPNG_LIBS)
endif
