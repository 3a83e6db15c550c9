/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Registering machines, which a caller asks for in six ways. */
#include "base/cleanup.h"
#include "host/process.h"
#include "host/systemd.h"
#include "tools/bus/bus_client.h"
#include "tools/bus/bus_job.h"
#include "tools/bus/bus_operate.h"
#include "tools/bus/bus_polkit.h"
#include "tools/calls/refused.h"
#include "tools/calls/register_work.h"
#include "tools/calls/scope_work.h"

#include <errno.h>
#include <string.h>

#define REGISTER_ACTION "org.freedesktop.machine1.register-machine"
#define CREATE_ACTION	"org.freedesktop.machine1.create-machine"

static int invalid(sd_bus_error *error, const char *words)
{
	return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, words);
}

/*
 * Note that the call isn't answered with success until it is. This asks for the user, which the look at the
 * caller asks for again in any case, so it comes behind that. Returns `r`, or the error.
 */
static int note_attempt(struct bus *bus, sd_bus_message *call, const char *name, int r)
{
	uid_t user;
	int asked = bus_caller_owner(bus, call, &user);

	if (asked < 0)
		return r < 0 ? r : asked;
	refused_note(bus_refused(bus), user, sd_bus_message_get_sender(call), name);
	return r;
}

static int set_name(struct register_work *request, const char *name, sd_bus_error *error)
{
	struct failure failure;

	if (register_work_set_name(request, name, &failure) < 0)
		return invalid(error, "Invalid machine name");
	return 0;
}

static int set_id(struct register_work *request, const uint8_t *id, size_t size,
		  sd_bus_error *error)
{
	if (size != 0 && size != 16)
		return invalid(error, "Invalid machine ID parameter");
	if (size)
		register_work_set_id(request, id);
	return 0;
}

static int set_class(struct register_work *request, const char *class, sd_bus_error *error)
{
	struct failure failure;

	if (!*class)
		return sd_bus_error_set(error, SD_BUS_ERROR_NOT_SUPPORTED,
					"Operation not supported");
	if (registration_set_class(&request->registration, class, &failure) < 0)
		return invalid(error, "Invalid machine class parameter");
	return 0;
}

/* A caller that registers another process manages it. */
static void set_supervisor(struct register_work *request, struct bus *bus, sd_bus_message *call)
{
	struct machine_leader caller;

	if (bus_caller_process(bus, call, &caller) == 0)
		register_work_set_caller(request, &caller);
}

static int set_leader(struct register_work *request, struct bus *bus, sd_bus_message *call,
		      uint32_t leader, sd_bus_error *error)
{
	pid_t pid = (pid_t) leader;

	if (leader == 1 || leader > INT32_MAX)
		return invalid(error, "Invalid leader PID");
	if (leader == 0 && bus_caller_pid(call, &pid) < 0)
		return invalid(error, "Cannot determine the caller's PID");
	request->registration.leader = pid;
	request->registration.has_leader = true;
	if (leader)
		set_supervisor(request, bus, call);
	return 0;
}

static int set_root(struct register_work *request, const char *root, sd_bus_error *error)
{
	struct failure failure;

	if (*root && registration_set_root(&request->registration, root, &failure) < 0)
		return invalid(error, "Root directory must be empty or an absolute path");
	return 0;
}

static int set_interfaces(struct register_work *request, const int32_t *indexes, size_t count,
			  sd_bus_error *error)
{
	if (!register_work_expect_interfaces(request, count))
		return invalid(error, "Too many network interfaces");
	for (size_t i = 0; i < count; i++) {
		if (indexes[i] <= 0)
			return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
						 "Invalid network interface index %i", indexes[i]);
		register_work_add_interface(request, indexes[i]);
	}
	return 0;
}

static int read_request(struct register_work *request, struct bus *bus, sd_bus_message *call,
			bool with_network, sd_bus_error *error)
{
	const char *name = NULL, *service, *class, *root;
	const void *id, *indexes = NULL;
	size_t id_size, indexes_size = 0;
	uint32_t leader;
	int r = sd_bus_message_read(call, "s", &name);

	if (r >= 0)
		r = sd_bus_message_read_array(call, 'y', &id, &id_size);
	if (r >= 0)
		r = sd_bus_message_read(call, "ssus", &service, &class, &leader, &root);
	if (r >= 0 && with_network)
		r = sd_bus_message_read_array(call, 'i', &indexes, &indexes_size);
	if (r >= 0)
		r = set_name(request, name, error);
	if (r >= 0)
		r = set_id(request, id, id_size, error);
	if (r >= 0)
		r = set_class(request, class, error);
	if (r >= 0)
		r = set_leader(request, bus, call, leader, error);
	if (r >= 0)
		r = set_root(request, root, error);
	if (r >= 0)
		r = set_interfaces(request, indexes, indexes_size / sizeof(int32_t), error);
	if (r >= 0)
		register_work_set_service(request, service);
	return name ? note_attempt(bus, call, name, r) : r;
}

static int reply_machine(struct bus *bus, sd_bus_message *call, const struct work_result *result,
			 sd_bus_error *error)
{
	CLEANUP_FREE char *path = bus_machine_path(result->text);
	const char *name;

	(void) error;
	/* By the name in the call: it may be an alias of the machine, whose path has its first name. */
	if (sd_bus_message_rewind(call, true) >= 0 && sd_bus_message_read(call, "s", &name) > 0)
		refused_forget(bus_refused(bus), sd_bus_message_get_sender(call), name);
	bus_follow(bus);
	return path ? sd_bus_reply_method_return(call, "o", path) : -ENOMEM;
}

static int start_registration(struct bus *bus, sd_bus_message *call, struct register_work *request,
			      sd_bus_message_handler_t handler, sd_bus_error *error)
{
	const char *name = request->registration.machine.name;
	const char *details[] = { "name", name, "class",
				  machine_class_name(request->registration.machine.class), NULL };
	int r = bus_caller_uid(bus, call, &request->owner);

	if (r < 0)
		return r;
	r = bus_authorize(bus, call, handler, bus,
			  request->create ? CREATE_ACTION : REGISTER_ACTION, details, error);

	if (r <= 0)
		return r < 0 ? r : 1;
	/* A user's processes get no scope with properties of the user's. */
	if (request->create && request->owner == 0 && systemd_is_running())
		return bus_job_start(bus, call, scope_work, &(struct scope_work){ request, call },
				     reply_machine, SCOPE_WORK_MS, error);
	return bus_job_start(bus, call, register_work, request, reply_machine, REGISTER_WORK_MS,
			     error);
}

static int register_or_create(struct bus *bus, sd_bus_message *call, bool with_network, bool create,
			      sd_bus_message_handler_t handler, sd_bus_error *error)
{
	CLEANUP(register_work_done) struct register_work request = { .create = create };
	int r = read_request(&request, bus, call, with_network, error);

	return r < 0 ? r : start_registration(bus, call, &request, handler, error);
}

BUS_HANDLER(bus_register_machine)
{
	return register_or_create(userdata, call, false, false, bus_register_machine, error);
}

BUS_HANDLER(bus_register_machine_with_network)
{
	return register_or_create(userdata, call, true, false, bus_register_machine_with_network,
				  error);
}

BUS_HANDLER(bus_create_machine)
{
	return register_or_create(userdata, call, false, true, bus_create_machine, error);
}

BUS_HANDLER(bus_create_machine_with_network)
{
	return register_or_create(userdata, call, true, true, bus_create_machine_with_network,
				  error);
}

/* How RegisterMachineEx() says who the leader is: in parts, which have to fit together. */
struct leader_keys {
	int pidfd;   /* the message's, or -1 */
	uint64_t id; /* the pidfd's inode, or 0 */
	uint32_t pid;
};

static int set_identified_leader(struct register_work *request, struct bus *bus,
				 sd_bus_message *call, const struct leader_keys *keys,
				 sd_bus_error *error)
{
	struct machine_leader expected = { .pid = keys->pid, .pidfd_inode = keys->id };
	int r = 0;

	if (keys->pidfd >= 0) {
		r = pidfd_identify(keys->pidfd, &expected);
		if (r < 0)
			return sd_bus_error_set_errnof(error, r, "LeaderPIDFD: %s", strerror(-r));
		if (keys->pid && keys->pid != expected.pid)
			return invalid(error,
				       "LeaderPID and LeaderPIDFD refer to different processes");
		if (keys->id && keys->id != expected.pidfd_inode)
			return invalid(error, "LeaderPIDFDID isn't that of LeaderPIDFD");
	} else if (keys->id && !keys->pid) {
		return invalid(error, "LeaderPIDFDID needs LeaderPID");
	}
	r = set_leader(request, bus, call, expected.pid, error);
	request->registration.expected = expected;
	return r;
}

/* One key of RegisterMachineEx(). */
static int read_property(struct register_work *request, sd_bus_message *call, const char *key,
			 struct leader_keys *leader, sd_bus_error *error)
{
	struct registration *reg = &request->registration;
	const char *text;
	const void *array;
	struct failure f = { 0 };
	uint32_t number;
	size_t size;
	int r;

	if (strcmp(key, "Id") == 0) {
		r = sd_bus_message_enter_container(call, 'v', "ay");
		if (r >= 0)
			r = sd_bus_message_read_array(call, 'y', &array, &size);
		if (r >= 0)
			r = set_id(request, array, size, error);
		return r < 0 ? r : sd_bus_message_exit_container(call);
	}
	if (strcmp(key, "NetworkInterfaces") == 0) {
		r = sd_bus_message_enter_container(call, 'v', "ai");
		if (r >= 0)
			r = sd_bus_message_read_array(call, 'i', &array, &size);
		if (r >= 0)
			r = set_interfaces(request, array, size / sizeof(int32_t), error);
		return r < 0 ? r : sd_bus_message_exit_container(call);
	}
	if (strcmp(key, "LeaderPID") == 0)
		return sd_bus_message_read(call, "v", "u", &leader->pid);
	if (strcmp(key, "LeaderPIDFD") == 0)
		return sd_bus_message_read(call, "v", "h", &leader->pidfd);
	if (strcmp(key, "LeaderPIDFDID") == 0)
		return sd_bus_message_read(call, "v", "t", &leader->id);
	if (strcmp(key, "VSockCID") == 0) {
		char decimal[16];

		r = sd_bus_message_read(call, "v", "u", &number);
		if (r < 0)
			return r;
		snprintf(decimal, sizeof decimal, "%u", number);
		return registration_set_vsock_cid(reg, decimal, &f) < 0 ? bus_fail(error, &f) : 0;
	}
	if (strcmp(key, "Service") != 0 && strcmp(key, "Class") != 0 &&
	    strcmp(key, "RootDirectory") != 0 && strcmp(key, "SSHAddress") != 0 &&
	    strcmp(key, "SSHPrivateKeyPath") != 0)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Unknown property '%s'",
					 key);
	r = sd_bus_message_read(call, "v", "s", &text);
	if (r < 0)
		return r;
	if (strcmp(key, "Service") == 0)
		register_work_set_service(request, text);
	else if (strcmp(key, "Class") == 0)
		return set_class(request, text, error);
	else if (strcmp(key, "RootDirectory") == 0)
		return set_root(request, text, error);
	else if (strcmp(key, "SSHAddress") == 0 && registration_set_ssh_address(reg, text, &f) < 0)
		return bus_fail(error, &f);
	else if (strcmp(key, "SSHPrivateKeyPath") == 0 &&
		 registration_set_ssh_key(reg, text, &f) < 0)
		return bus_fail(error, &f);
	return 0;
}

static int read_properties(struct register_work *request, struct bus *bus, sd_bus_message *call,
			   sd_bus_error *error)
{
	struct leader_keys leader = { .pidfd = -1 };
	const char *key;
	int r = sd_bus_message_enter_container(call, 'a', "(sv)");

	while (r >= 0 && (r = sd_bus_message_enter_container(call, 'r', "sv")) > 0) {
		r = sd_bus_message_read(call, "s", &key);
		if (r >= 0)
			r = read_property(request, call, key, &leader, error);
		if (r == -ENXIO && !sd_bus_error_is_set(error))
			r = sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					      "Property '%s' is of another type", key);
		if (r >= 0)
			r = sd_bus_message_exit_container(call);
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(call);
	return r < 0 ? r : set_identified_leader(request, bus, call, &leader, error);
}

static int register_or_create_ex(struct bus *bus, sd_bus_message *call, bool create,
				 sd_bus_message_handler_t handler, sd_bus_error *error)
{
	CLEANUP(register_work_done) struct register_work request = { .create = create };
	const char *name = NULL;
	int r = sd_bus_message_read(call, "s", &name);

	if (r >= 0)
		r = set_name(&request, name, error);
	if (r >= 0)
		r = read_properties(&request, bus, call, error);
	if (name)
		r = note_attempt(bus, call, name, r);
	return r < 0 ? r : start_registration(bus, call, &request, handler, error);
}

BUS_HANDLER(bus_register_machine_ex)
{
	return register_or_create_ex(userdata, call, false, bus_register_machine_ex, error);
}

BUS_HANDLER(bus_create_machine_ex)
{
	return register_or_create_ex(userdata, call, true, bus_create_machine_ex, error);
}
