/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/hooks/domain.h"

#include <errno.h>
#include <expat.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

/* No element that we read is deeper, and no text longer. */
#define PATH_SIZE 128
#define TEXT_MAX  4096

struct parser {
	struct arena *arena;
	struct domain *domain;
	XML_Parser expat;
	char path[PATH_SIZE]; /* "/domain/devices/interface" */
	size_t length;
	unsigned int beyond; /* depth of elements that don't fit into the path */
	const char **text;   /* where to store the text of this element, or NULL */
	const char *source;  /* of the current <filesystem> */
	bool is_root;
	bool has_doctype;
};

static const char *attribute(struct parser *p, const char **attributes, const char *name)
{
	for (; *attributes; attributes += 2)
		if (strcmp(attributes[0], name) == 0)
			return arena_strdup(p->arena, attributes[1]);
	return NULL;
}

static bool is_at(const struct parser *p, const char *path)
{
	return !p->beyond && strcmp(p->path, path) == 0;
}

static void add_interface(struct parser *p, const char *name)
{
	struct domain *d = p->domain;

	if (!name)
		return;
	d->interfaces = arena_grow(p->arena, d->interfaces, d->n_interfaces, sizeof name);
	d->interfaces[d->n_interfaces++] = name;
}

static void read_element(struct parser *p, const char **attributes)
{
	struct domain *d = p->domain;

	if (is_at(p, "/domain")) {
		d->type = attribute(p, attributes, "type");
		d->id = attribute(p, attributes, "id");
	} else if (is_at(p, "/domain/name")) {
		p->text = &d->name;
	} else if (is_at(p, "/domain/uuid")) {
		p->text = &d->uuid;
	} else if (is_at(p, "/domain/metadata/" DOMAIN_METADATA_NAMESPACE "|machine")) {
		d->machine_name = attribute(p, attributes, "name");
		d->machine_alias = attribute(p, attributes, "alias");
	} else if (is_at(p, "/domain/devices/interface/target")) {
		add_interface(p, attribute(p, attributes, "dev"));
	} else if (is_at(p, "/domain/devices/vsock/cid")) {
		d->vsock_cid = attribute(p, attributes, "address");
	} else if (is_at(p, "/domain/devices/filesystem")) {
		p->source = NULL;
		p->is_root = false;
	} else if (is_at(p, "/domain/devices/filesystem/source")) {
		p->source = attribute(p, attributes, "dir");
	} else if (is_at(p, "/domain/devices/filesystem/target")) {
		const char *directory = attribute(p, attributes, "dir");

		p->is_root = directory && strcmp(directory, "/") == 0;
	}
}

static void XMLCALL start_element(void *data, const char *name, const char **attributes)
{
	struct parser *p = data;
	size_t length = strlen(name);

	p->text = NULL;
	if (p->beyond || length + 1 >= PATH_SIZE - p->length) {
		p->beyond++;
		return;
	}
	p->path[p->length++] = '/';
	memcpy(p->path + p->length, name, length + 1);
	p->length += length;
	read_element(p, attributes);
}

static void XMLCALL end_element(void *data, const char *name)
{
	struct parser *p = data;

	p->text = NULL;
	if (p->beyond) {
		p->beyond--;
		return;
	}
	if (is_at(p, "/domain/devices/filesystem") && p->is_root)
		p->domain->root = p->source;
	p->length -= strlen(name) + 1;
	p->path[p->length] = '\0';
}

static void XMLCALL add_text(void *data, const char *text, int length)
{
	struct parser *p = data;
	const char *before;

	if (!p->text)
		return;
	before = *p->text ? *p->text : "";
	if (strlen(before) + (size_t) length <= TEXT_MAX)
		*p->text = arena_printf(p->arena, "%s%.*s", before, length, text);
	else
		/* It is too long for any of our values; the check of the value fails later. */
		p->text = NULL;
}

/* libvirt writes no document type. Attacks on XML parsers need one for their entities. */
static void XMLCALL refuse_doctype(void *data, const char *name, const char *system,
				   const char *public, int has_internal_subset)
{
	struct parser *p = data;

	(void) name, (void) system, (void) public, (void) has_internal_subset;
	p->has_doctype = true;
	XML_StopParser(p->expat, XML_FALSE);
}

int domain_parse(struct arena *arena, const char *text, size_t size, struct domain *domain,
		 const char **why)
{
	struct parser p = { .arena = arena, .domain = domain };
	enum XML_Status status;

	if (size > INT_MAX)
		return -EFBIG;
	/* The name of an element with a namespace is NAMESPACE|NAME then. */
	p.expat = XML_ParserCreateNS(NULL, '|');
	if (!p.expat)
		return -ENOMEM;
	*domain = (struct domain){ 0 };
	XML_SetUserData(p.expat, &p);
	XML_SetElementHandler(p.expat, start_element, end_element);
	XML_SetCharacterDataHandler(p.expat, add_text);
	XML_SetStartDoctypeDeclHandler(p.expat, refuse_doctype);
	status = XML_Parse(p.expat, text, (int) size, XML_TRUE);
	*why = p.has_doctype ? "has a document type" : XML_ErrorString(XML_GetErrorCode(p.expat));
	XML_ParserFree(p.expat);
	return status == XML_STATUS_OK ? 0 : -EBADMSG;
}
