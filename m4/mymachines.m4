# SPDX-License-Identifier: LGPL-2.1-or-later

# MM_COMPILER_FLAGS(VARIABLE, FLAGS)
# Append to VARIABLE those of FLAGS that the compiler takes.
AC_DEFUN([MM_COMPILER_FLAGS], [
  $1=
  m4_foreach_w([mm_flag], [$2], [
    AC_MSG_CHECKING([whether $CC takes ]mm_flag)
    mm_saved_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -Werror mm_flag"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
      [AC_MSG_RESULT([yes]); $1="${$1} mm_flag"],
      [AC_MSG_RESULT([no])])
    CFLAGS=$mm_saved_CFLAGS
  ])
])

# MM_CHECK_LIBRARY(LIBRARY, FUNCTION, VARIABLE)
# Set VARIABLE to what links LIBRARY, or fail.
AC_DEFUN([MM_CHECK_LIBRARY], [
  AC_CHECK_LIB([$1], [$2], [$3=-l$1], [AC_MSG_ERROR([lib$1 is missing])])
  AC_SUBST([$3])
])

# MM_LIBRARY_DIRECTORY(VARIABLE)
# Set VARIABLE to libdir, or, where that was left at its default, to the directory below
# exec_prefix that the dynamic linker searches for libraries of this architecture.
AC_DEFUN([MM_LIBRARY_DIRECTORY], [
  AC_MSG_CHECKING([where the libraries of this architecture are])
  $1='${libdir}'
  AS_IF([test "x$libdir" = "x\${exec_prefix}/lib"], [
    mm_multiarch=`$CC $CFLAGS -print-multiarch 2>/dev/null`
    mm_multilib=`$CC $CFLAGS -print-multi-os-directory 2>/dev/null`
    AS_IF([test -n "$mm_multiarch"], [$1='${exec_prefix}/lib/'"$mm_multiarch"],
      [test "$mm_multilib" = ../lib64], [$1='${exec_prefix}/lib64'])
  ])
  AC_MSG_RESULT([${$1}])
])

# MM_STATIC_LIBRARIES(VARIABLE): in these flags of the linker, put the path of the archive in the place of each
# -lNAME that has one where the compiler looks, and that links with libc alone into a program of this kind.
AC_DEFUN([MM_STATIC_LIBRARIES], [
  mm_flags=
  for mm_flag in $$1; do
    AS_CASE([$mm_flag],
      [-l*],
        [mm_archive=$($CC $CFLAGS -print-file-name="lib${mm_flag#-l}.a")
         AC_MSG_CHECKING([for an archive in the place of $mm_flag])
         mm_saved_LIBS=$LIBS
         LIBS="-Wl,--whole-archive $mm_archive -Wl,--no-whole-archive $LIBS"
         AS_CASE([$mm_archive],
           [/*], [AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [mm_flag=$mm_archive], [mm_archive=no])],
           [mm_archive=no])
         LIBS=$mm_saved_LIBS
         AC_MSG_RESULT([$mm_archive])])
    mm_flags="$mm_flags $mm_flag"
  done
  $1=$mm_flags
])
