# SPDX-License-Identifier: LGPL-2.1-or-later

noinst_LIBRARIES += libimages.a
libimages_a_SOURCES = \
	%D%/directory_copy.c %D%/directory_copy.h \
	%D%/file_copy.c %D%/file_copy.h \
	%D%/file_flags.c %D%/file_flags.h \
	%D%/hidden_name.c %D%/hidden_name.h \
	%D%/image.h \
	%D%/image_change.c %D%/image_change.h \
	%D%/image_clone.c %D%/image_clone.h \
	%D%/image_discover.c \
	%D%/image_draft.c %D%/image_draft.h \
	%D%/image_lock.c %D%/image_lock.h \
	%D%/image_name.c %D%/image_name.h \
	%D%/image_place.c %D%/image_place.h \
	%D%/image_pool.c %D%/image_pool.h \
	%D%/image_read_only.c %D%/image_read_only.h \
	%D%/image_remove.c %D%/image_remove.h \
	%D%/link_table.c %D%/link_table.h \
	%D%/side_files.c %D%/side_files.h \
	%D%/subvolume.c %D%/subvolume.h \
	%D%/subvolume_tree.c %D%/subvolume_tree.h \
	%D%/tree_copy.c %D%/tree_copy.h \
	%D%/tree_remove.c %D%/tree_remove.h \
	%D%/tree_walk.c %D%/tree_walk.h
