/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/run/qemu_arguments.h"

#include "tests/unit/unit.h"

static struct arena arena;

#define PARSE(...) parse((const char *const[]){ "qemu", __VA_ARGS__, NULL })

static struct qemu_arguments parse(const char *const *command)
{
	struct qemu_arguments q;

	qemu_arguments_parse(&q, &arena, (char *const *) command);
	return q;
}

START_TEST(a_name_is_read_as_qemu_reads_it)
{
	ck_assert_str_eq(PARSE("-name", "web").name, "web");
	ck_assert_str_eq(PARSE("--name", "guest=web,debug-threads=on").name, "web");
	ck_assert_str_eq(PARSE("-name", "debug-threads=on,guest=web").name, "web");
	ck_assert_str_eq(PARSE("-name", "web,process=x").name, "web");
	ck_assert_str_eq(PARSE("-name=web").name, "web");
	ck_assert_str_eq(PARSE("-name", "a,,b").name, "a,b");
	ck_assert_str_eq(PARSE("-name", "first", "-name", "second").name, "second");
	ck_assert_str_eq(PARSE("-name", "first", "-name", "debug-threads=on").name, "first");
	ck_assert_ptr_null(PARSE("-name", "debug-threads=on,web").name);
	ck_assert_ptr_null(PARSE("-append", "-name no", "-names", "no", "name", "no").name);
	ck_assert_str_eq(PARSE("-name", "").name ?: "", "");
}
END_TEST

START_TEST(ids_are_read)
{
	ck_assert_str_eq(PARSE("-uuid", "x").uuid, "x");
	ck_assert_str_eq(PARSE("-device", "vhost-vsock-pci,guest-cid=3").vsock_cid, "3");
	ck_assert_str_eq(PARSE("-device", "guest-cid=0x2a,driver=vhost-vsock-device").vsock_cid,
			 "42");
	ck_assert_str_eq(
		PARSE("-device=vhost-vsock-pci,id=a,guest-cid=7", "-device", "e1000").vsock_cid,
		"7");
	ck_assert_ptr_null(PARSE("-device", "virtio-rng-pci,guest-cid=3").vsock_cid);
	ck_assert_ptr_null(PARSE("-device", "{\"driver\":\"vhost-vsock-pci\"}").vsock_cid);
	ck_assert_str_eq(PARSE("-device", "{\"driver\":\"vhost-vsock-pci\",\"id\":\"v\","
					  "\"guest-cid\":7,\"vhostfd\":\"28\"}")
				 .vsock_cid,
			 "7");
	ck_assert_str_eq(
		PARSE("-device", "{\"guest-cid\":\"9\",\"driver\":\"vhost-vsock-ccw\"}").vsock_cid,
		"9");
	ck_assert_ptr_null(PARSE("-device", "{\"driver\":\"e1000\",\"guest-cid\":7}").vsock_cid);
	ck_assert_ptr_null(PARSE("-device", "{\"driver\":[1],\"guest-cid\":{}}").vsock_cid);
	ck_assert_ptr_null(PARSE("-device", "{\"driver\"").vsock_cid);
	ck_assert_str_eq(PARSE("-smbios", "type=1,uuid=x,serial=a,,b").uuid, "x");
	ck_assert_str_eq(PARSE("-smbios", "uuid=x,type=1", "-smbios", "type=0,uuid=y").uuid, "x");
	ck_assert_ptr_null(PARSE("-smbios", "type=1,serial=x").uuid);
	ck_assert_ptr_null(PARSE("-smbios", "file=/x").uuid);
}
END_TEST

START_TEST(a_socket_for_qmp_is_read_where_qemu_listens)
{
	ck_assert_str_eq(PARSE("-qmp", "unix:/run/q,server=on,wait=off").qmp, "/run/q");
	ck_assert_str_eq(PARSE("-qmp", "unix:q,,1,server,nowait").qmp, "q,1");
	ck_assert_ptr_null(PARSE("-qmp", "unix:/run/q").qmp);
	ck_assert_ptr_null(PARSE("-qmp", "tcp:localhost:4444,server=on").qmp);
	ck_assert_ptr_null(PARSE("-qmp", "stdio", "-monitor", "unix:/run/m,server=on").qmp);
	ck_assert_ptr_null(PARSE("-qmp", "unix:/run/q,server=off").qmp);
	ck_assert_ptr_null(PARSE("-qmp", "unix:/run/q,server=on,server=off").qmp);
	ck_assert_ptr_null(PARSE("-qmp", "unix:/run/q,noserver").qmp);
	ck_assert_ptr_null(PARSE("-qmp", "unix:/run/q,servers").qmp);
	ck_assert_ptr_null(PARSE("-qmp", "unix:q,abstract=on,server=on").qmp);
	ck_assert_str_eq(PARSE("-qmp", "unix:/run/q,server=yes,abstract=off").qmp, "/run/q");
	ck_assert_str_eq(PARSE("-qmp-pretty", "unix:/run/q,server").qmp, "/run/q");
	ck_assert_str_eq(PARSE("-qmp", "unix:path=/run/q,server=on").qmp, "/run/q");
}
END_TEST

/* As libvirt, Proxmox and Lima have it. */
START_TEST(a_socket_for_qmp_may_be_a_character_device)
{
	ck_assert_str_eq(PARSE("-chardev", "socket,id=qmp,path=/run/q,server=on,wait=off", "-mon",
			       "chardev=qmp,mode=control")
				 .qmp,
			 "/run/q");
	ck_assert_str_eq(PARSE("-mon", "qmp,mode=control,pretty=on", "-chardev",
			       "socket,path=/run/q,server=on,id=qmp")
				 .qmp,
			 "/run/q");
	ck_assert_str_eq(
		PARSE("-chardev", "socket,id=c,path=/run/l,server=on", "-qmp", "chardev:c").qmp,
		"/run/l");
	ck_assert_ptr_null(
		PARSE("-chardev", "socket,id=c,path=/run/l,server=on", "-qmp", "chardev:d").qmp);
	ck_assert_ptr_null(PARSE("-chardev", "socket,id=c,path=/run/l", "-qmp", "chardev:c").qmp);
	ck_assert_ptr_null(
		PARSE("-chardev", "file,id=c,path=/run/l,server=on", "-qmp", "chardev:c").qmp);
	ck_assert_ptr_null(
		PARSE("-chardev", "socket,id=c,fd=3,server=on", "-qmp", "chardev:c").qmp);
	ck_assert_ptr_null(PARSE("-chardev", "socket,id=m,path=/run/m,server=on", "-mon",
				 "chardev=m,mode=readline")
				   .qmp);
	ck_assert_ptr_null(
		PARSE("-chardev", "socket,id=m,path=/run/m,server=on", "-mon", "chardev=m").qmp);
	ck_assert_ptr_null(PARSE("-mon", "mode=control", "-qmp", "chardev:").qmp);
}
END_TEST

START_TEST(it_says_whether_it_goes_into_the_background)
{
	ck_assert(PARSE("-daemonize").daemonizes);
	ck_assert(PARSE("-name", "web", "--daemonize").daemonizes);
	ck_assert(!PARSE("-name", "-daemonize").daemonizes);
	ck_assert(!PARSE("daemonize").daemonizes);
}
END_TEST

START_TEST(an_option_may_be_the_last_word)
{
	ck_assert_ptr_null(PARSE("-uuid").uuid);
	ck_assert_ptr_null(PARSE("-m", "1", "-device").vsock_cid);
	ck_assert_ptr_null(parse((const char *const[]){ "qemu", NULL }).name);
}
END_TEST

Suite *qemu_arguments_suite(void)
{
	Suite *s = suite_create("qemu_arguments");

	ADD(s, a_name_is_read_as_qemu_reads_it);
	ADD(s, ids_are_read);
	ADD(s, a_socket_for_qmp_is_read_where_qemu_listens);
	ADD(s, a_socket_for_qmp_may_be_a_character_device);
	ADD(s, it_says_whether_it_goes_into_the_background);
	ADD(s, an_option_may_be_the_last_word);
	return s;
}
