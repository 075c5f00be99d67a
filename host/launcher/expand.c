/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replaces tokens such as @net0.netdev@ in a launcher's arguments.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/style.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS	"0123456789"

/* A token: "@ID.NAME@", or "@ID.NAME:TYPE@". */
struct token {
	char id[40], name[40], type[40];
};

static size_t take(const char *text, const char *letters, char word[40])
{
	size_t len = strspn(text, letters);

	if (len == 0 || len >= 40)
		return 0;
	snprintf(word, 40, "%.*s", (int)len, text);
	return len;
}

/* At @text: its length; 0 if it is not one. */
static size_t match(const char *text, struct token *ret)
{
	size_t at = 1, len;

	ret->type[0] = '\0';
	if (!strchr(LETTERS, text[1]))
		return 0;
	len = take(text + at, LETTERS DIGITS "_-", ret->id);
	at += len;
	if (!len || text[at++] != '.')
		return 0;
	len = take(text + at, LETTERS "_", ret->name);
	at += len;
	if (len && text[at] == ':')
		at += 1 + take(text + at + 1, LETTERS DIGITS "_-.", ret->type);
	return len && text[at] == '@' ? at + 1 : 0;
}

static struct host_view *find_view(const struct host_launch *launch, const char *id)
{
	for (size_t i = 0; i < launch->setup->devices.count; i++)
		if (strcmp(launch->views[i].device->id, id) == 0)
			return &launch->views[i];
	return NULL;
}

static void add_name(char known[300], const struct host_token *token,
		     const struct host_style *style, const struct host_view *view)
{
	size_t used = strlen(known);

	if (host_token_find(style, view->device, token->name) == token)
		snprintf(known + used, 300 - used, "%s%s", used ? ", " : "", token->name);
}

/* "": none has it. */
static void name_styles(char hint[160], const struct host_view *view, const char *name)
{
	size_t used = 0;

	hint[0] = '\0';
	for (const struct host_style *style = host_styles; style->name && used < 160; style++)
		if (host_token_find(style, view->device, name))
			used += (size_t)snprintf(
				hint + used, 160 - used, "%s%s",
				used ? ", " : "launcher styles that have it: ", style->name);
}

static int fail_name(const struct host_view *view, const char *name, const struct host_style *style,
		     struct host_error *err)
{
	char known[300] = "", hint[160];

	name_styles(hint, view, name);
	for (const struct host_token *token = style->tokens; token->name; token++)
		add_name(known, token, style, view);
	for (const struct host_token *token = NULL; (token = host_token_next(token));)
		add_name(known, token, style, view);
	return host_fail_status(
		err, HOST_USAGE, -EINVAL, *hint ? hint : NULL,
		"@%s.%s@ is not available for this device in the launcher style \"%s\": "
		"known tokens are %s",
		view->device->id, name, style->name, known);
}

static int put_token(FILE *out, const struct host_launch *launch, const struct token *text,
		     struct host_error *err)
{
	const struct host_style *style = host_style_of(launch->setup);
	struct host_view *view = find_view(launch, text->id);
	const struct host_token *token;

	if (!view)
		return host_fail_status(err, HOST_USAGE, -EINVAL, NULL,
					"@%s.%s@: the config has no device \"%s\"", text->id,
					text->name, text->id);
	token = host_token_find(style, view->device, text->name);
	if (!token)
		return fail_name(view, text->name, style, err);
	if (*text->type && !token->typed)
		return host_fail_status(err, HOST_USAGE, -EINVAL, NULL,
					"@%s.%s:%s@: no type is accepted after %s", text->id,
					text->name, text->type, text->name);
	if (host_is_served(view->device) && !token->served &&
	    token->told & (HOST_TOLD_TAP | HOST_TOLD_NAME | HOST_TOLD_VHOST))
		return host_fail_status(err, HOST_USAGE, -EINVAL, "use @ID.socket@",
					"@%s.%s@: device \"%s\" is served by vhost-user", text->id,
					text->name, text->id);
	view->told |= token->told;
	return token->put(out, view, *text->type ? text->type : NULL, err);
}

static int expand(const struct host_launch *launch, const char *argument, char **ret,
		  struct host_error *err)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int r = 0;

	if (!out)
		return host_fail_memory(err);
	while (*argument && r == 0) {
		struct token token;
		size_t n = *argument == '@' ? match(argument, &token) : 0;

		if (n)
			r = put_token(out, launch, &token, err);
		else
			fputc(*argument, out);
		argument += n ? n : 1;
	}
	*ret = host_close_text(out, &text);
	if (r == 0 && !*ret)
		return host_fail_memory(err);
	if (r < 0) {
		free(*ret);
		*ret = NULL;
	}
	return r;
}

int host_launch_arguments(struct host_launch *launch, const struct host_options *options,
			  struct host_error *err)
{
	size_t count = 0;
	int r = 0;

	while (options->launcher[count])
		count++;
	launch->argv = calloc(count + 1, sizeof(*launch->argv));
	if (!launch->argv)
		return host_fail_memory(err);
	for (size_t i = 0; i < count && r == 0; i++)
		r = expand(launch, options->launcher[i], &launch->argv[i], err);
	return r < 0 ? r : host_told_check(launch, options, err);
}
