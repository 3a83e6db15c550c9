# SPDX-License-Identifier: LGPL-2.1-or-later

if HAVE_DOWNLOADS
noinst_LIBRARIES += libfetch.a
libfetch_a_SOURCES = \
	%D%/checksum_list.c %D%/checksum_list.h \
	%D%/content_kind.c %D%/content_kind.h \
	%D%/digest.c %D%/digest.h \
	%D%/fetch.c %D%/fetch.h \
	%D%/http_header.c %D%/http_header.h \
	%D%/http_transfer.c %D%/http_transfer.h \
	%D%/keyring.c %D%/keyring.h \
	%D%/keyring_load.c \
	%D%/openpgp.c %D%/openpgp.h \
	%D%/signature.c %D%/signature.h \
	%D%/url.c %D%/url.h \
	%D%/verify.c %D%/verify.h
libfetch_a_CFLAGS = $(AM_CFLAGS) $(LIBCURL_CFLAGS) $(LIBCRYPTO_CFLAGS)
libfetch_a_CPPFLAGS = $(AM_CPPFLAGS) $(TOOLS_CPPFLAGS)

# What a program that fetches is linked with. Empty without libcurl.
FETCH_LIBS = libfetch.a libbase.a libbase-quote.la $(JSON_C_LIBS) $(LIBCURL_LIBS) $(LIBCRYPTO_LIBS)
endif
