/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/machine/machine_input.h"

#include "base/json_value.h"

#include <string.h>

static bool read_text(json_object *value, const char **text)
{
	*text = json_string(value);
	return *text;
}

/* A number that is written without a fraction or an exponent, and fits. */
static bool read_whole(json_object *value, int64_t *number)
{
	if (!json_object_is_type(value, json_type_int))
		return false;
	*number = json_object_get_int64(value);
	return *number < 0 || json_object_get_uint64(value) <= INT64_MAX;
}

static bool read_number(json_object *value, struct machine_number *number)
{
	number->is_given = true;
	return read_whole(value, &number->value);
}

/* Up to UINT64_MAX. */
static bool read_size(json_object *value, struct machine_size *size)
{
	size->is_given = true;
	size->value = json_object_get_uint64(value);
	return json_object_is_type(value, json_type_int) && json_object_get_int64(value) >= 0;
}

static bool read_flag(json_object *value, bool *flag)
{
	*flag = json_object_get_boolean(value);
	return json_object_is_type(value, json_type_boolean);
}

static bool read_choice(json_object *value, struct machine_flag *flag)
{
	flag->is_given = true;
	return read_flag(value, &flag->value);
}

/* Members that are null are as absent ones. */
static bool read_process_object(json_object *value, struct machine_process *process)
{
	json_object *member;
	bool has_pid = false;
	int64_t inode = 0;

	if (!json_object_is_type(value, json_type_object))
		return false;
	json_object_object_foreach (value, key, found) {
		if (strcmp(key, "pid") == 0)
			has_pid = read_whole(found, &process->pid);
	}
	if (json_object_object_get_ex(value, "pidfdId", &member) && member &&
	    (!read_whole(member, &inode) || inode < 0))
		return false;
	process->pidfd_id = (uint64_t) inode;
	if (json_object_object_get_ex(value, "bootId", &member) && member &&
	    !read_text(member, &process->boot_id))
		return false;
	return has_pid;
}

static bool read_process(json_object *value, struct machine_process *process)
{
	process->is_given = true;
	return (read_whole(value, &process->pid) || read_process_object(value, process)) &&
	       process->pid >= 0 && process->pid <= INT32_MAX;
}

static bool read_list(json_object *value, enum json_type type, json_object **list)
{
	*list = value;
	if (!json_object_is_type(value, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		json_object *item = json_object_array_get_idx(value, i);

		if (!json_object_is_type(item, type) ||
		    (type == json_type_string && !json_string(item)))
			return false;
	}
	return true;
}

static bool read_value(json_object *value, enum machine_parameter_kind kind, void *to)
{
	switch (kind) {
	case PARAMETER_TEXT: return read_text(value, to);
	case PARAMETER_NUMBER: return read_number(value, to);
	case PARAMETER_FLAG: return read_flag(value, to);
	case PARAMETER_SIZE: return read_size(value, to);
	case PARAMETER_CHOICE: return read_choice(value, to);
	case PARAMETER_PROCESS: return read_process(value, to);
	case PARAMETER_TEXTS: return read_list(value, json_type_string, to);
	case PARAMETER_NUMBERS: return read_list(value, json_type_int, to);
	}
	return false;
}

/* The first parameter that the table doesn't have, or NULL. */
static const char *find_unknown(const struct varlink_call *call,
				const struct machine_parameter *parameters, size_t count)
{
	json_object_object_foreach (call->parameters, key, value) {
		size_t i = 0;

		(void) value;
		while (i < count && strcmp(parameters[i].name, key) != 0)
			i++;
		if (i == count)
			return key;
	}
	return NULL;
}

bool machine_input_read(struct machine_input *input, struct varlink_call *call,
			const struct machine_parameter *parameters, size_t count, bool tolerant)
{
	const char *wrong = tolerant ? NULL : find_unknown(call, parameters, count);

	*input = (struct machine_input){ 0 };
	for (size_t i = 0; !wrong && i < count; i++) {
		const struct machine_parameter *p = &parameters[i];
		json_object *value = NULL;

		json_object_object_get_ex(call->parameters, p->name, &value);
		if (value ? !read_value(value, p->kind, (char *) input + p->offset)
			  : p->is_required)
			wrong = p->name;
	}
	if (wrong)
		varlink_invalid_parameter(call, wrong);
	return !wrong;
}
