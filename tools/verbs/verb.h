/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A verb of mymachines(1) as a table: its names, its options, what it takes, and
 * its words for --help. One parser reads the command lines of all verbs; help,
 * completions, and the tests of the manual are made from the same tables.
 */
#pragma once

#include "base/arena.h"
#include "base/failure.h"
#include "tools/registrar/registration.h"

#include <stdbool.h>
#include <stddef.h>

/* The exit statuses of mymachines(1). Those of `run`, `shell` and `ssh` are the command's. */
enum exit_status {
	EXIT_USAGE = 2,		   /* the command line can't be understood */
	EXIT_NOT_EXECUTABLE = 126, /* run, run-qemu, shell: the command can't be executed */
	EXIT_NOT_FOUND = 127,	   /* run, run-qemu, shell: there is no such command */
};

/*
 * The completions of a word: fixed words with blanks between them, or one of these.
 */
#define COMPLETE_ADDRESS_COUNT "all 0 1 2 3"
#define COMPLETE_COMMAND       "<command>"
#define COMPLETE_DIRECTORY     "<directory>"
#define COMPLETE_FILE	       "<file>"
#define COMPLETE_FORMAT	       "uncompressed xz gzip bzip2 zstd"
#define COMPLETE_IMAGE	       "<image>"
#define COMPLETE_INTERFACE     "<interface>"
#define COMPLETE_JSON	       "short pretty off"
#define COMPLETE_MACHINE       "<machine>"
#define COMPLETE_MACHINE_PATH  "<machine path>" /* of the machine that is the first operand */
#define COMPLETE_MACHINE_USER  "<machine user>" /* [USER@]NAME */
#define COMPLETE_PID	       "<pid>"
#define COMPLETE_PROPERTY      "<property>"
#define COMPLETE_RUNTIME       "<runtime>"
#define COMPLETE_SIGNAL	       "<signal>"
#define COMPLETE_VARIABLE      "<variable>"
#define COMPLETE_VERIFY	       "signature checksum no"
#define COMPLETE_VERB	       "<verb>"

/*
 * Takes an option's argument, or NULL where it has none, to a member of the verb's
 * settings. 0, or -1 with a failure that doesn't name the option.
 */
typedef int option_setter(void *member, const char *value, struct failure *failure);

struct verb_option {
	const char *name;     /* without its dashes */
	char letter;	      /* or 0 */
	const char *argument; /* how help calls it; NULL if the option has none */
	size_t offset;	      /* of the member in the settings */
	option_setter *set;
	const char *help;   /* NULL: another name, which isn't shown */
	const char *values; /* the completions of its argument */
	bool machinectl_only;
	/* A fact of a machine. These are set by fact_options_apply(). */
	registration_setter *set_fact;
	bool is_list; /* a fact that may be given more than once */
	/* A letter that stands for an option of this name, with the value that the function returns; or NULL. */
	const char *stands_for;
	const char *(*stood_for_value)(void);
};

/* `offset` and `set` of an option. */
#define SETS(settings, member, setter) .offset = offsetof(settings, member), .set = (setter)

/* Without a limit. */
#define OPERANDS_MANY (-1)

/* The words that a verb takes besides options. */
struct operands {
	int min, max;
	/* The messages for too few and too many of them. */
	const char *too_few, *too_many;
	/* Their completions; the last one is repeated if there may be many. */
	const char *values[4];
	/* If not 0: behind this many operands, no word is an option, whatever it looks like. */
	int options_end_after;
};

enum verb_group {
	VERB_LOOK,
	VERB_ENTER,
	VERB_OPERATE,
	VERB_REGISTER,
	VERB_IMAGES,
	VERB_SET_UP,
	VERB_HIDDEN
};

struct command_line;

struct verb {
	const char *name;
	const char *alias;	 /* another name, or NULL */
	const char *synopsis;	 /* what follows the name; other forms behind newlines */
	const char *list_entry;	 /* what the list of verbs has instead of it, if that is shorter */
	const char *summary;	 /* a line of the list of verbs */
	const char *description; /* what --help says; paragraphs with empty lines between */
	const char *notes;	 /* printed as they are, behind the options, or NULL */
	void (*print_notes)(void); /* or this, before the options */
	enum verb_group group;
	bool is_machinectl; /* machinectl(1) has it */
	bool is_importctl;  /* importctl(1) has it */
	bool passes_inherited; /* what it runs gets umask and signals as they were: supervisor_init() */
	bool takes_command; /* behind "--" */
	bool takes_facts;   /* the options of fact_options.h */
	bool reads_words;   /* it has the parser called, or reads the words by itself */
	bool has_pager;	    /* its output is for reading */
	struct operands operands;
	const struct verb_option *options; /* up to one without a name, or NULL */
	size_t settings_size;
	const void *defaults; /* of the settings, or NULL for zeros */
	/* Returns an exit status, or -1 with a failure, which the caller reports. */
	int (*run)(const struct command_line *line, void *settings, struct failure *failure);
};
