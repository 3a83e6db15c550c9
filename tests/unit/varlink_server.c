/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"
#include "tools/varlink/varlink_connection.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void wake(void *data)
{
	(void) data;
}

/* epoll(7) takes no regular file. */
START_TEST(what_cannot_be_watched_leaves_nothing_in_the_server)
{
	static const struct varlink_interface *const none[1];
	struct failure failure;
	struct varlink_server *server = varlink_server_new(NULL, &failure);
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	ck_assert_ptr_nonnull(server);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(varlink_server_watch(server, fd, wake, NULL, &failure), -1);
	ck_assert_int_eq(failure.error, -EPERM);
	ck_assert_ptr_null(server->watches);
	ck_assert_int_eq(varlink_server_listen(server, fd, "test", none, 0, &failure), -1);
	ck_assert_int_eq(failure.error, -EPERM);
	ck_assert_ptr_null(server->listeners);
	varlink_server_free(server);
	/* It is still the caller's. */
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

Suite *varlink_server_suite(void)
{
	Suite *suite = suite_create("varlink_server");

	ADD(suite, what_cannot_be_watched_leaves_nothing_in_the_server);
	return suite;
}
