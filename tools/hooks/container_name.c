/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/hooks/container_name.h"

#include "base/input.h"
#include "base/json_value.h"

#include <string.h>

/* containers-storage.conf(5), "graphroot" */
#define STORAGE_CONFIGURATION "/etc/containers/storage.conf"
#define STORAGE		      "/var/lib/containers/storage"

/* dockerd(8), "--data-root" */
#define DOCKER_CONFIGURATION "/etc/docker/daemon.json"
#define DOCKER_ROOT	     "/var/lib/docker"

/* containerd has bundles in STATE/CONTAINERD_TASKS/NAMESPACE/ID. */
#define CONTAINERD_TASKS "io.containerd.runtime.v2.task"
#define DOCKER_NAMESPACE "moby"

/* Returns the path without its last component, or NULL if that isn't `last`. */
static char *remove_last(struct arena *arena, const char *path, const char *last)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash && strcmp(slash + 1, last) == 0
		       ? arena_printf(arena, "%.*s", (int) (slash - path), path)
		       : NULL;
}

/* Returns the last component. */
static const char *last_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Returns the file's JSON value, to be released, or NULL. */
static json_object *read_json(struct arena *arena, const char *path)
{
	const char *why;
	size_t size;
	char *text;

	return input_read_file(arena, path, &text, &size) == 0
		       ? json_parse_tolerant(text, size, &why)
		       : NULL;
}

/* Returns the first name of an entry of containers.json, if it is the container's. */
static const char *first_name(json_object *container, const char *id)
{
	const char *its_id = json_member_string(container, "id");
	json_object *names = json_member(container, "names", json_type_array);

	if (!its_id || strcmp(its_id, id) != 0 || !names)
		return NULL;
	return json_string(json_object_array_get_idx(names, 0));
}

static const char *find_in_file(struct arena *arena, const char *path, const char *id)
{
	json_object *containers = read_json(arena, path);
	const char *name = NULL;

	if (json_object_is_type(containers, json_type_array))
		for (size_t i = 0; i < json_object_array_length(containers) && !name; i++)
			name = first_name(json_object_array_get_idx(containers, i), id);
	if (name)
		name = arena_strdup(arena, name);
	json_object_put(containers);
	return name;
}

static const char *find_in_storage(struct arena *arena, const char *storage, const char *id)
{
	const char *name =
		find_in_file(arena, arena_printf(arena, "%s/containers.json", storage), id);

	/* Since containers-storage 1.45, containers that are removed when they stop. */
	return name ? name
		    : find_in_file(arena,
				   arena_printf(arena, "%s/volatile-containers.json", storage), id);
}

/* Returns the value of 'graphroot = "..."', or the default. */
static const char *storage_root(struct arena *arena)
{
	const char *found, *begin;
	size_t size;
	char *text;

	if (input_read_file(arena, STORAGE_CONFIGURATION, &text, &size) < 0)
		return STORAGE;
	for (found = text; (found = strstr(found, "graphroot")); found++) {
		if (found != text && found[-1] != '\n')
			continue;
		begin = found + strlen("graphroot");
		begin += strspn(begin, " \t");
		if (*begin++ != '=')
			continue;
		begin += strspn(begin, " \t");
		if (*begin == '"')
			return arena_printf(arena, "%.*s", (int) strcspn(begin + 1, "\"\n"),
					    begin + 1);
	}
	return STORAGE;
}

/*
 * podman's bundle is in the storage, STORAGE/DRIVER-containers/ID/userdata.
 * CRI-O's is in a directory of the same form for the running system.
 */
static const char *find_storage_name(struct arena *arena, const char *bundle, const char *id)
{
	const char *storage = remove_last(arena, remove_last(arena, bundle, "userdata"), id), *name;

	if (!storage)
		return NULL;
	name = find_in_storage(arena, storage, id);
	if (name)
		return name;
	return find_in_storage(
		arena, arena_printf(arena, "%s/%s", storage_root(arena), last_of(storage)), id);
}

/* Docker's name is in DATA-ROOT/containers/ID/config.v2.json, with a slash in front. */
static const char *find_docker_name(struct arena *arena, const char *id)
{
	json_object *daemon = read_json(arena, DOCKER_CONFIGURATION), *container;
	const char *root = json_member_string(daemon, "data-root"), *name;

	container = read_json(arena, arena_printf(arena, "%s/containers/%s/config.v2.json",
						  root ? root : DOCKER_ROOT, id));
	name = json_member_string(container, "Name");
	if (name)
		name = arena_strdup(arena, name + (*name == '/'));
	json_object_put(container);
	json_object_put(daemon);
	return name;
}

/* containerd doesn't copy an image's annotations: these are of its clients. */
static const char *find_containerd_name(struct arena *arena, json_object *annotations)
{
	const char *name = json_member_string(annotations, "nerdctl/name"),
		   *pod = json_member_string(annotations, "io.kubernetes.cri.sandbox-name"),
		   *container = json_member_string(annotations, "io.kubernetes.cri.container-name");

	if (name)
		return arena_strdup(arena, name);
	if (!pod)
		return NULL;
	return container ? arena_printf(arena, "%s-%s", pod, container) : arena_strdup(arena, pod);
}

/* Kubernetes' name for CRI-O and Docker is k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT. */
static const char *shorten_kubernetes_name(struct arena *arena, const char *name)
{
	const char *container, *pod;
	size_t container_length, pod_length;

	if (!name || strncmp(name, "k8s_", 4) != 0)
		return name;
	container = name + 4;
	container_length = strcspn(container, "_");
	if (!container[container_length])
		return name;
	pod = container + container_length + 1;
	pod_length = strcspn(pod, "_");
	if (container_length == 3 && strncmp(container, "POD", 3) == 0)
		return arena_printf(arena, "%.*s", (int) pod_length, pod);
	return arena_printf(arena, "%.*s-%.*s", (int) pod_length, pod, (int) container_length,
			    container);
}

const char *container_name(struct arena *arena, json_object *annotations, const char *bundle,
			   const char *id)
{
	const char *directory = remove_last(arena, bundle, id), *namespace, *name;

	if (!directory) {
		name = find_storage_name(arena, bundle, id);
		return shorten_kubernetes_name(arena, name);
	}
	namespace = last_of(directory);
	directory = remove_last(arena, directory, namespace);
	if (!directory || strcmp(last_of(directory), CONTAINERD_TASKS) != 0)
		return NULL;
	if (strcmp(namespace, DOCKER_NAMESPACE) == 0)
		return shorten_kubernetes_name(arena, find_docker_name(arena, id));
	return find_containerd_name(arena, annotations);
}
