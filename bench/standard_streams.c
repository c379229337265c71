#include "bench/standard_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

/* For reading, all three: what is then printed on 1 or 2 fails with EBADF, just as
 * on a closed one. A summary that `>&-` swallows stays an error; stderr is let fail. */
bool standard_streams_open(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDONLY) != fd)
			return false;
	return true;
}

/* stdio forgets the errno of a write that failed, so the descriptor is asked. */
static bool reader_left(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

bool standard_streams_finish(void)
{
	return (fflush(stdout) == 0 && !ferror(stdout)) || reader_left();
}
