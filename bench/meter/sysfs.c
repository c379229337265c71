#include "bench/meter/sysfs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int sysfs_text(const char *dir, const char *name, char *text, size_t capacity)
{
	char path[PATH_MAX];

	text[0] = '\0';
	if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
		return -ENAMETOOLONG;
	/* a pipe must not make it wait */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	ssize_t n = read(fd, text, capacity);
	int err = n < 0 ? -errno : 0;
	close(fd);
	if (err != 0 || n == 0 || (size_t)n == capacity) {
		text[0] = '\0';
		return err != 0 ? err : -ENODATA;
	}
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	size_t begin = strspn(text, " \t"), end = strlen(text);
	while (end > begin && isspace((unsigned char)text[end - 1]))
		end--;
	memmove(text, text + begin, end - begin);
	text[end - begin] = '\0';
	return end > begin ? 0 : -ENODATA;
}

int sysfs_number(const char *dir, const char *name, uint64_t *value)
{
	char text[32], *end;

	int err = sysfs_text(dir, name, text, sizeof text);
	if (err != 0)
		return err;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0 ? 0 : -ENODATA;
}

static int by_number(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
	return x < y ? -1 : x > y;
}

int sysfs_list(const char *dir, const char *prefix, unsigned *numbers, unsigned capacity)
{
	size_t prefix_nbytes = strlen(prefix);
	unsigned count = 0;

	DIR *d = opendir(dir);
	if (d == NULL)
		return -errno;
	for (struct dirent *entry; count < capacity && (entry = readdir(d)) != NULL;) {
		const char *digits = entry->d_name + prefix_nbytes;
		if (strncmp(entry->d_name, prefix, prefix_nbytes) != 0 || digits[0] == '\0' ||
		    strlen(digits) > 6 || strspn(digits, "0123456789") != strlen(digits))
			continue;
		numbers[count++] = (unsigned)strtoul(digits, NULL, 10);
	}
	closedir(d);
	qsort(numbers, count, sizeof *numbers, by_number);
	return (int)count;
}
